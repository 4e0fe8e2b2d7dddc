"""Monogramm's autodiscover-email-settings: the variables of its environment."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ..formats.client_config import SECURITY
from .draft import Draft, Raw, Source, SourceError
from .variables import port_of

_SERVICES = (
    ("IMAP", "imap", 993, "SSL"),
    ("POP", "pop3", 995, "SSL"),
    ("SMTP", "smtp", 465, "SSL"),
)
_LEFT = {
    "LDAP_HOST": "an address book in LDAP is in no answer here",
    "MOBILESYNC_NAME": "the name of the ActiveSync server is in no answer here",
    "PROFILE_IDENTIFIER": "profiles have identifiers of their own here: devices take a new one",
    "PROFILE_UUID": "profiles have identifiers of their own here: devices take a new one",
    "MAIL_UUID": "profiles have identifiers of their own here: devices take a new one",
}


def read(variables: Mapping[str, str], domains: Sequence[str] = ()) -> Source:
    """What the variables say, for `domains` in place of DOMAIN. Raises SourceError."""
    names = tuple(domains) or tuple(filter(None, re.split(r"[,;\s]+", variables.get("DOMAIN", ""))))
    if not names:
        raise SourceError("no DOMAIN in it; give it by --domain DOMAIN")
    left: list[str] = [
        f"{variable}: {why}" for variable, why in _LEFT.items() if variable in variables
    ]
    servers = [raw for service in _SERVICES if (raw := _server(variables, *service, left))]
    if url := variables.get("MOBILESYNC_URL"):
        servers.append({"type": "activesync", "url": url})
    extras: Raw = {}
    if name := variables.get("COMPANY_NAME"):
        extras["display_name"] = name
    if url := variables.get("SUPPORT_URL"):
        extras["documentation"] = [{"url": url, "text": {"en": "Help"}}]
    return Source((Draft(names, tuple(servers), extras),), tuple(left))


def _server(
    variables: Mapping[str, str], prefix: str, kind: str, port: int, socket: str, left: list[str]
) -> Raw:
    host = variables.get(f"{prefix}_HOST")
    if not host:
        return {}
    raw: Raw = {
        "type": kind,
        "host": host,
        "port": port_of(variables.get(f"{prefix}_PORT", ""), port),
    }
    word = variables.get(f"{prefix}_SOCKET", socket)
    if word in SECURITY:
        raw["security"] = SECURITY[word]
    else:
        left.append(f"{prefix}_SOCKET {word}: no such word; its port decides")
    return raw
