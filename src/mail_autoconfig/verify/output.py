"""What was found, for programs; with the DNS records of the names that are on no certificate."""

from __future__ import annotations

import socket
from collections.abc import Collection, Container, Iterable, Sequence
from dataclasses import asdict
from ipaddress import IPv4Address, ip_address
from typing import Any

from ..inventory.hosts import host_of, record_of
from ..inventory.model import Configuration
from ..zones.files import TTL
from ..zones.records import Address, records
from .run import Result

STAND_IN = "192.0.2.1"
"""In the place of this server's address, where that is not known (RFC 5737)."""


def to_json(
    result: Result,
    configuration: Configuration,
    hosts: Iterable[str] = (),
    sourced: Container[str] = (),
) -> dict[str, Any]:
    """All of it; `hosts` are names or addresses of this server, `sourced` domains of sources.

    `uncertified`: name -> its domain, whether that is of a source, and the lines of the records
    that it should have.
    """
    lines: dict[str, list[str]] = {}
    if result.uncertified:
        lines = _lines(configuration, result.uncertified.keys(), addresses(hosts))
    return {
        "domains": result.domains,
        "asked": result.asked,
        "sample": result.sample,
        "failures": [asdict(failure) for failure in result.failures],
        "uncertified": {
            name: {
                "domain": domain,
                "sourced": domain in sourced,
                "records": lines.get(name, []),
            }
            for name, domain in result.uncertified.items()
        },
    }


def addresses(hosts: Iterable[str]) -> list[Address]:
    """The addresses of hosts, as this machine knows them, but for those inside the machine."""
    found: dict[Address, None] = {}
    for host in hosts:
        try:
            known = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except OSError:
            continue
        for *_rest, place in known:
            address = ip_address(str(place[0]).partition("%")[0])
            if not address.is_loopback and not address.is_link_local:
                found[address] = None
    return list(found)


def _lines(
    configuration: Configuration, names: Collection[str], known: Sequence[Address]
) -> dict[str, list[str]]:
    """Name -> lines of a zone file: its own records, and the SRV record that leads to it."""
    found: dict[str, list[str]] = {}
    for record in records(configuration, known or [IPv4Address(STAND_IN)]):
        name = record.name
        if name == record_of("_autodiscover._tcp", record.domain):
            name = host_of("autodiscover", record.domain)
        elif record.type not in ("A", "AAAA", "CNAME"):
            continue
        if name in names:
            found.setdefault(name, []).extend(
                f"{record.name}. {TTL} IN {record.type} {value}" for value in record.values
            )
    return found
