"""The name servers of a domain's zone: each must answer, and all alike."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import dns.asyncquery
import dns.exception
import dns.message
import dns.rdatatype

from ..case import Case
from ..catalogue import finding
from ..data import Finding
from ..sockets import check_own
from ..transport import FetchError
from .connect import NO_WAY

_TIMEOUT = 2.5  # seconds for one try of one question
_TRIES = 2  # a datagram may be lost


@dataclass(slots=True)
class _NameServer:
    name: str
    address: str
    serial: int | None = None
    answers: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict)


async def check_name_servers(case: Case) -> list[Finding]:
    """Ask each name server of the zone for what clients look up."""
    zone, names = await _zone(case)
    if not zone:
        return []
    parts = await asyncio.gather(*(_visit(case, zone, name) for name in names))
    found = [each for findings, _visited in parts for each in findings]
    servers = [server for _findings, visited in parts for server in visited]
    differences = _differences(servers)
    if not differences and len({server.serial for server in servers}) > 1:
        serials = ", ".join(f"{server.name} {server.serial}" for server in servers)
        differences = [finding("ns-serial", zone, serials=serials)]
    return found + differences


async def _zone(case: Case) -> tuple[str, tuple[str, ...]]:
    """The zone that contains the domain, and its name servers."""
    name = case.domain
    while "." in name:
        lookup = await case.look_up(name, "NS")
        if lookup.values and not lookup.aliases:
            return name, tuple(sorted(value.rstrip(".").lower() for value in lookup.values))
        name = name.partition(".")[2]
    return "", ()


async def _visit(case: Case, zone: str, name: str) -> tuple[list[Finding], list[_NameServer]]:
    try:
        addresses = await case.fetcher.addresses(name)
    except FetchError as error:
        return [finding("ns-silent", zone, server=f"{name} ({error.failure.text})")], []
    found: list[Finding] = []
    servers: list[_NameServer] = []
    for address in addresses:
        server = _NameServer(name, str(address))
        try:
            fault = await _ask_all(case, zone, server)
        except (dns.exception.DNSException, OSError, EOFError) as error:  # EOFError: over TCP
            check_own(error)
            if isinstance(error, OSError) and error.errno in NO_WAY:
                continue
            fault = "ns-silent"
        if fault:
            found.append(finding(fault, zone, server=f"{name} ({address})"))
        else:
            servers.append(server)
    return found, servers


async def _ask_all(case: Case, zone: str, server: _NameServer) -> str | None:
    """Fill in what the server says; return the code of a fault."""
    soa = await _ask(case, server, zone, "SOA")
    if not soa:
        return "ns-lame"
    if len(fields := soa[0].split()) < 7:  # an alias where the zone begins
        return "ns-lame"
    server.serial = int(fields[2])
    for name, type_ in (
        (case.record("_autodiscover._tcp"), "SRV"),
        (case.host("autoconfig"), "A"),
        (case.host("autodiscover"), "A"),
        (case.domain, "MX"),
    ):
        answer = await _ask(case, server, name, type_)
        server.answers[name, type_] = frozenset(answer or ())
    return None


async def _ask(case: Case, server: _NameServer, name: str, type_: str) -> list[str] | None:
    """What the server has at a name, an alias included; None where it does not know the zone."""
    query = dns.message.make_query(f"{name}.", type_)
    for last in range(_TRIES):
        try:
            async with case.resolver.free:
                answer, _over_tcp = await dns.asyncquery.udp_with_fallback(
                    query, server.address, _TIMEOUT, case.fetcher.port(53)
                )
        except dns.exception.Timeout:
            if last == _TRIES - 1:
                raise
        else:
            break
    if answer.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        return None
    (question,) = query.question
    return [
        rdata.to_text().lower()
        for rrset in answer.answer
        if rrset.name == question.name and rrset.rdtype in (question.rdtype, dns.rdatatype.CNAME)
        for rdata in rrset
    ]


def _differences(servers: list[_NameServer]) -> list[Finding]:
    """Where a server says something else than the first."""
    found: list[Finding] = []
    for server in servers[1:]:
        for (name, type_), values in server.answers.items():
            first = servers[0].answers[name, type_]
            if values != first:
                shown, others = (", ".join(sorted(each)) or "nothing" for each in (values, first))
                subject = f"{name} {type_}"
                host = server.name
                found.append(finding("ns-differ", subject, server=host, found=shown, others=others))
    return found
