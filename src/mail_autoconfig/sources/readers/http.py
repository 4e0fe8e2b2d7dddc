"""APIs that give JSON, by httpx: over verified TLS, without following redirects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .. import texts
from ..rows import Ask, Kind, Query, Row, Secret, SourceError
from ..settings import Source
from . import tls

if TYPE_CHECKING:
    from httpx import Client

_PAUSE = 10  # seconds to connect in


@contextmanager
def opened(source: Source, secret: Secret) -> Iterator[Ask]:
    """Make a client; what is yielded asks. Raises SourceError."""
    try:
        import httpx
    except ModuleNotFoundError:
        raise SourceError("needs Debian's python3-httpx") from None
    user = source.user or urlsplit(source.url).username
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
    scheme = "Bearer " if source.token_header.lower() == "authorization" else ""
    return {source.token_header: f"{scheme}{token}"}


def _rows(client: Client, url: str, kind: Kind, query: Query) -> Iterator[Row]:
    assert isinstance(query, Mapping)  # noqa: S101 (the settings are checked)
    path = query["path"]
    with client.stream("GET", f"{url.rstrip('/')}/{path.lstrip('/')}") as answer:
        if answer.status_code != 200:
            raise SourceError(f"{path}: {_status(answer.status_code)}")
        content = bytearray()
        for part in answer.iter_bytes():
            content += part
            if len(content) > texts.LARGEST:
                raise SourceError(f"{path}: over {texts.LARGEST} octets")
    yield from texts.rows(kind, query, bytes(content))


def _status(code: Any) -> str:
    if code in (401, 403):
        return f"status {code}: the token or password is wrong, or may not read this"
    return f"status {code} in place of 200"
