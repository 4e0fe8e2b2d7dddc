"""APIs that give JSON, by httpx: over verified TLS, without following redirects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin, urlsplit

from .. import texts
from ..rows import Ask, Kind, Query, Row, Secret, SourceError
from ..settings import Source
from . import tls

if TYPE_CHECKING:
    from httpx import Client, Response

_PAUSE = 10  # seconds to connect in


@contextmanager
def opened(source: Source, secret: Secret) -> Iterator[Ask]:
    """Make a client; what is yielded asks. Raises SourceError."""
    try:
        import httpx
    except ModuleNotFoundError:
        raise SourceError("needs Debian's python3-httpx") from None
    user = source.user or unquote(urlsplit(source.url).username or "")
    try:
        with httpx.Client(
            headers={"Accept": "application/json", **_token(source, secret)},
            auth=(user, secret.get("password", "")) if user else None,
            verify=tls.context(source),
            timeout=httpx.Timeout(source.timeout, connect=_PAUSE),
            trust_env=False,
        ) as client:
            yield lambda kind, query: _rows(client, source.url, kind, query)
    except httpx.HTTPError as error:
        raise SourceError(str(error) or type(error).__name__) from None


def _token(source: Source, secret: Secret) -> Mapping[str, str]:
    token = secret.get("token")
    if not token:
        return {}
    if not token.isascii():
        raise SourceError("the token has letters that no header may have; copy it again")
    # One of another scheme is written with it: "Token 9944b091".
    bearer = source.token_header.lower() == "authorization" and " " not in token
    return {source.token_header: f"{'Bearer ' * bearer}{token}"}


def _rows(client: Client, url: str, kind: Kind, query: Query) -> Iterator[Row]:
    """The rows of all pages: a page is no answer, only a part of one."""
    assert isinstance(query, Mapping)  # noqa: S101 (the settings are checked)
    path = query["path"]
    page: str | None = f"{url.rstrip('/')}/{path.lstrip('/')}"
    seen: set[str] = set()
    while page:
        seen.add(page)
        content, link = _page(client, path, page)
        yield from texts.rows(kind, query, content)
        page = _next(page, link or texts.next_page(kind, query, content), path)
        if page in seen:
            raise SourceError(f"{path}: its pages lead round and round")


def _page(client: Client, path: str, url: str) -> tuple[bytes, str | None]:
    """A page, and what its header says is the next one (RFC 8288)."""
    with client.stream("GET", url) as answer:
        if answer.status_code != 200:
            raise SourceError(f"{path}: {_status(answer)}")
        content = bytearray()
        for part in answer.iter_bytes():
            content += part
            if len(content) > texts.LARGEST:
                raise SourceError(f"{path}: over {texts.LARGEST} octets")
        return bytes(content), answer.links.get("next", {}).get("url")


def _next(page: str, following: str | None, path: str) -> str | None:
    """The address of the next page. SourceError: the token would go elsewhere."""
    if not following:
        return None
    address = urljoin(page, following)
    if _place(address) != _place(page):
        raise SourceError(f"{path}: its next page is on another host or port; it is not asked")
    return address


def _place(url: str) -> tuple[str, str | None, int | None]:
    """Where a URL leads; who logs in is no part of it."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port


def _status(answer: Response) -> str:
    code = answer.status_code
    if code in (401, 403):
        return f"status {code}: the token or password is wrong, or may not read this"
    if answer.has_redirect_location:
        return f"status {code}: leads to {answer.headers['Location']}, where nobody is asked"
    return f"status {code} in place of 200"
