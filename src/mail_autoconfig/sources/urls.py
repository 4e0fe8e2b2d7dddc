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
_PASSWORD = re.compile(
    r"[?&;][a-z_-]*(password|passwd|pwd|token|secret|api[_-]?key)=", re.IGNORECASE
)


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
    if problem := _problem(parts, raw, kind):
        here.problem(problem)
    return url


def _problem(parts: SplitResult, raw: Mapping[str, Any], kind: str) -> str:
    """What is wrong with a URL; empty if nothing is."""
    if parts.password is not None or has_password(parts.geturl()):
        return "a password in it; it belongs in autoconfig_sources_secrets alone"
    if parts.scheme not in SCHEMES[kind]:
        known = ", ".join(f"{each}://" for each in SCHEMES[kind])
        return f"no scheme {fields.shown(parts.scheme)}; write one of {known}"
    if kind == "ldap" and parts.username is not None:
        return "a user in it; write user: DN"
    # With three slashes it is a path below wherever the program is started.
    if parts.scheme == "sqlite" and (parts.netloc or not parts.path.startswith("//")):
        return "not the path of a file; write sqlite:////PATH, with four slashes"
    if kind != "sql" and parts.scheme != "ldapi":
        if not parts.hostname:
            return f"no host in it; write {parts.scheme}://HOST/…"
        if parts.query or parts.fragment:
            return "? or # in it; what follows them belongs in the queries"
    tls = fields.flag(Place([], ""), raw, "tls", default=True)
    if parts.scheme == "http" and tls and not is_local(parts):
        return "without TLS, to another host; write https://, or tls: false if that is meant"
    return ""


def has_password(url: str) -> bool:
    """Whether the query of a URL has what belongs among the secrets."""
    return bool(_PASSWORD.search(url))


def is_local(parts: SplitResult) -> bool:
    """Whether a URL leads to this host; libpq takes hosts from the query too."""
    query = parse_qs(parts.query)
    others = [*query.get("host", ()), *query.get("hostaddr", ())]
    local = unquote(parts.hostname or "") in _LOCAL or parts.scheme in ("ldapi", "sqlite")
    return local and all(each.startswith("/") for each in others)
