"""mailcow: mailcow.conf, and the lists of domains that its API gives.

`GET /api/v1/get/domain/all` and `/api/v1/get/alias-domain/all`, each as a file of JSON.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .draft import Draft, Raw, Source, SourceError
from .variables import port_of

# As mailcow's own answers name them: TLS from the first byte before STARTTLS.
_SERVICES = (
    *(("imap", "IMAPS_PORT", 993, "tls"), ("imap", "IMAP_PORT", 143, "starttls")),
    *(("pop3", "POPS_PORT", 995, "tls"), ("pop3", "POP_PORT", 110, "starttls")),
    *(("smtp", "SMTPS_PORT", 465, "tls"), ("smtp", "SUBMISSION_PORT", 587, "starttls")),
    ("managesieve", "SIEVE_PORT", 4190, "starttls"),
)


def read(variables: Mapping[str, str], domains: Sequence[str]) -> Source:
    """What mailcow.conf says, for these domains. Raises SourceError."""
    host = variables.get("MAILCOW_HOSTNAME", "")
    if not domains:
        raise SourceError(
            "mailcow.conf names no mail domain; give the JSON of its API (domain/all) as another "
            "file, or --domain DOMAIN"
        )
    servers: list[Raw] = [
        {
            "type": kind,
            "host": host,
            "port": port_of(variables.get(variable, ""), port),
            "security": security,
        }
        for kind, variable, port, security in _SERVICES
    ]
    left = ["Outlook gets ActiveSync from mailcow's own Autodiscover, and IMAP here"]
    extras: Raw = {}
    if variables.get("SKIP_SOGO", "n").lower() not in ("y", "yes"):
        https = port_of(variables.get("HTTPS_PORT", ""), 443)
        web = f"https://{host}" + (f":{https}" if https != 443 else "")
        servers += [
            {"type": "caldav", "url": f"{web}/SOGo/dav/{{email}}/"},
            {"type": "carddav", "url": f"{web}/SOGo/dav/{{email}}/"},
            {"type": "activesync", "url": f"{web}/Microsoft-Server-ActiveSync"},
        ]
        extras["webmail"] = {"login_page": f"{web}/SOGo/"}
    return Source((Draft(tuple(domains), tuple(servers), extras),), tuple(left))


def domains_of(raw: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The domains of a list of the API, and a line for each that is left out."""
    rows = [raw] if isinstance(raw, Mapping) else raw
    found, left = [], []
    for row in rows:
        name = str(row.get("domain_name") or row.get("alias_domain"))
        if str(row.get("active", "1")) != "1":
            left.append(f"{name}: not active in mailcow, so it is left out")
        elif str(row.get("backupmx", "0")) == "1":
            left.append(f"{name}: a backup MX without mailboxes, so it is left out")
        else:
            found.append(name)
    return tuple(found), tuple(left)


def is_list(raw: Any) -> bool:
    """Whether this is JSON of the API about domains."""
    rows = [raw] if isinstance(raw, Mapping) else raw
    return (
        isinstance(rows, list)
        and bool(rows)
        and all(
            isinstance(row, Mapping) and ({"domain_name", "alias_domain"} & {*row}) for row in rows
        )
    )
