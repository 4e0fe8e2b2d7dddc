"""The URL of a source: of which scheme, without a password, with TLS to other hosts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from ..inventory import fields
from ..inventory.addresses import FORBIDDEN
from ..inventory.fields import Place

SCHEMES: Mapping[str, tuple[str, ...]] = {
    "sql": ("postgresql", "mysql", "mariadb", "sqlite"),
    "ldap": ("ldaps", "ldap", "ldapi"),
    "http": ("https", "http"),
}
_LOCAL = "", "localhost", "127.0.0.1", "::1"
_PASSWORD = re.compile(r"[?&;](password|passwd|pwd|token|api_?key)=", re.IGNORECASE)


def read(place: Place, raw: Mapping[str, Any], kind: str) -> str:
    """The URL of a source that has one. What is said of it never shows it: it may be a secret."""
    here, url = place["url"], raw.get("url")
    schemes = SCHEMES[kind]
    if not isinstance(url, str) or not url:
        here.problem(f"missing; write {schemes[0]}://…")
        return ""
    if FORBIDDEN.search(url) or " " in url:
        here.problem("spaces or control characters in it; write them as %20 and the like")
        return ""
    try:
        parts = urlsplit(url)
        _port = parts.port  # raises ValueError too
    except ValueError:
        here.problem("not a URL; write SCHEME://HOST/…")
        return ""
    if parts.password is not None or _PASSWORD.search(url):
        here.problem("a password in it; it belongs in autoconfig_sources_secrets alone")
    elif parts.scheme not in schemes:
        here.problem(
            f"no scheme {fields.shown(parts.scheme)}; write one of "
            f"{', '.join(f'{each}://' for each in schemes)}"
        )
    elif kind == "ldap" and parts.username is not None:
        here.problem("a user in it; write user: DN")
    elif parts.scheme == "sqlite" and (parts.netloc or len(parts.path) < 2):
        here.problem("not the path of a file; write sqlite:////PATH, with four slashes")
    elif (
        parts.scheme == "http"
        and not is_local(parts)
        and fields.flag(Place([], ""), raw, "tls", default=True)
    ):
        here.problem("without TLS, to another host; write https://, or tls: false if that is meant")
    return url


def is_local(parts: SplitResult) -> bool:
    """Whether a URL leads to this host; libpq takes hosts from the query too."""
    query = parse_qs(parts.query)
    others = [*query.get("host", ()), *query.get("hostaddr", ())]
    local = unquote(parts.hostname or "") in _LOCAL or parts.scheme in ("ldapi", "sqlite")
    return local and all(each.startswith("/") for each in others)
