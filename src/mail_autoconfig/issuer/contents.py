"""What the front ends get: each certificate with its key, and nginx's servers for them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..certificates import groups

SERVERS = "servers.conf"
ROOM = 64
"""Certificates in a Secret, which holds 1 MiB: one with 50 names and its chain takes 10 KiB."""
# Beside the chart's nginx.conf, to whose directory nginx takes these paths as relative.
_SERVER = """server {{
    server_name {names};
    ssl_certificate ../tls/{certificate}.pem;
    ssl_certificate_key ../tls/{certificate}.pem;
    include server.conf;
}}
"""


class RoomError(Exception):
    """More certificates than there are Secrets for; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate in force: its names, and its chain with its key (PEM)."""

    names: frozenset[str]
    pem: str


def contents(certificates: Mapping[str, Certificate], secrets: int) -> list[dict[str, str]]:
    """The files of each Secret; a front end has all of them in one directory. Raises RoomError."""
    found: list[dict[str, str]] = [{} for _number in range(secrets)]
    found[0][SERVERS] = servers({name: each.names for name, each in certificates.items()})
    for name, each in certificates.items():
        place = (groups.number(name) - 1) // ROOM
        if place >= secrets:
            raise RoomError(
                f"no room for the certificate {name}: set issuer.secrets to {place + 1}"
            )
        found[place][f"{name}.pem"] = each.pem
    return found


def servers(names: Mapping[str, Iterable[str]]) -> str:
    """A server block of nginx for each certificate; a name that two of them have is the first's."""
    seen: set[str] = set()
    blocks = []
    for certificate in sorted(names, key=groups.number):
        own = sorted(set(names[certificate]) - seen)
        seen.update(own)
        if own:
            blocks.append(_SERVER.format(names=" ".join(own), certificate=certificate))
    return "".join(blocks)


def checksum(files: Sequence[Mapping[str, str]]) -> str:
    """A digest of all of it, the same for the same."""
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()
