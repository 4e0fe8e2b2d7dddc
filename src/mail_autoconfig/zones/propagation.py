"""Ask the name servers of zones, and resolvers, for the host names that clients look up.

Needs dnspython.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from threading import Event

import dns.exception
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.resolver

from .changes import Zone
from .records import RecordSet

_THREADS = 16
_TIMEOUT = 3.0  # seconds for one question
_PAUSE = 0.5  # seconds before a name server is asked again
_HOST_TYPES = "A", "AAAA", "CNAME"


@dataclass(frozen=True, slots=True)
class NameServer:
    """A name server of a zone, with its addresses."""

    name: str
    addresses: tuple[str, ...]
    port: int = 53


def hosts(wanted: Iterable[RecordSet]) -> tuple[RecordSet, ...]:
    """Those record sets that give a host name an address or an alias."""
    return tuple(record for record in wanted if record.type in _HOST_TYPES)


def name_servers(zone: str, content: Zone) -> tuple[NameServer, ...]:
    """The name servers of a zone: as the zone says, else as the system resolves it."""
    listed = content.get((zone, "NS"))
    names = listed.values if listed else tuple(_resolve(zone, "NS"))
    return tuple(
        NameServer(name, tuple(_addresses(name, content)))
        for name in (each.rstrip(".").lower() for each in names)
    )


def _addresses(name: str, content: Zone) -> Iterator[str]:
    found = [content.get((name, type_)) for type_ in ("A", "AAAA")]
    if any(found):
        yield from (value for each in found if each for value in each.values)
    else:
        yield from _resolve(name, "A")
        yield from _resolve(name, "AAAA")


def _resolve(name: str, type_: str) -> list[str]:
    try:
        return [rdata.to_text() for rdata in dns.resolver.resolve(f"{name}.", type_)]
    except (dns.exception.DNSException, OSError):
        return []


def serial_of(zone: str, server: NameServer) -> int | None:
    """The zone's serial there (RFC 1035, section 3.3.13); None if it does not say."""
    answer = _ask(server, zone, "SOA")
    for rrset in answer.answer if answer else ():
        if rrset.rdtype == dns.rdatatype.SOA:
            return int(rrset[0].serial)
    return None


def wait(
    zone: str,
    servers: Sequence[NameServer],
    wanted: Iterable[RecordSet],
    serial: int | None,
    patience: float,
) -> tuple[str, ...]:
    """Ask each name server until it has the serial and what is wanted, `patience` seconds at most.

    Returns a line for each name server that has not.
    """
    deadline = time.monotonic() + patience
    if not servers:
        return (f"zone {zone}: no name server is known; delegate the zone",)
    expected = tuple(wanted)
    lines = []
    for server in servers:
        while (lack := _lack(zone, server, expected, serial)) and time.monotonic() < deadline:
            time.sleep(_PAUSE)
        if lack:
            lines.append(f"zone {zone}: {server.name} {lack}")
    return tuple(lines)


def _lack(
    zone: str, server: NameServer, expected: Sequence[RecordSet], serial: int | None
) -> str | None:
    """What a name server lacks, in words."""
    if not server.addresses:
        return "has no address"
    found = serial_of(zone, server)
    if found is None:
        return "does not answer for the zone"
    if serial is not None and _is_older(found, serial):
        return f"has serial {found}, the primary has {serial}; does it get the primary's changes?"
    missing = [each.name for each in expected if not _has(server, each)]
    if missing:
        more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        return f"does not have {', '.join(missing[:3])}{more} as wanted"
    return None


def _is_older(serial: int, other: int) -> bool:
    """RFC 1982, section 3.2."""
    return 0 < (other - serial) % 2**32 < 2**31


def _has(server: NameServer, record: RecordSet) -> bool:
    answer = _ask(server, record.name, record.type)
    found = {
        rdata.to_text().lower()
        for rrset in (answer.answer if answer else ())
        if rrset.rdtype == dns.rdatatype.from_text(record.type)
        for rdata in rrset
    }
    wanted = {value.lower() for value in record.values}
    return wanted <= found if record.type == "TXT" else wanted == found


def _ask(server: NameServer, name: str, type_: str) -> dns.message.Message | None:
    query = dns.message.make_query(f"{name}.", type_, use_edns=True)
    for address in server.addresses:
        try:
            answer = dns.query.udp_with_fallback(query, address, _TIMEOUT, server.port)[0]
        except (dns.exception.DNSException, OSError):
            continue
        if answer.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
            return answer
    return None


def wait_for_all(
    zones: Mapping[str, tuple[Sequence[NameServer], Sequence[RecordSet], int | None]],
    patience: float,
) -> tuple[str, ...]:
    """Like `wait` for each zone, side by side: name servers, what is wanted, the serial.

    Of what is wanted, only host names are asked for.
    """

    def one(zone: str) -> tuple[str, ...]:
        servers, wanted, serial = zones[zone]
        return wait(zone, servers, hosts(wanted), serial, patience)

    with ThreadPoolExecutor(_THREADS) as pool:
        return tuple(line for each in pool.map(one, zones) for line in each)


def seen(
    wanted: Iterable[RecordSet],
    addresses: Sequence[str],
    resolvers: Sequence[str] = (),
    port: int = 53,
) -> tuple[str, ...]:
    """A line for each host name for which resolvers do not say one of `addresses` (as text).

    `resolvers` are addresses; none: those of this system. A resolver may keep an older answer, also
    that there is no such name, for hours.
    """
    resolver = dns.resolver.Resolver(configure=not resolvers)
    if resolvers:
        resolver.nameservers = list(resolvers)
    resolver.lifetime = 2 * _TIMEOUT
    resolver.port = port
    silent = Event()  # no use to wait for a resolver again for each name

    def look(name: str) -> str:
        if silent.is_set():
            return ""
        try:
            return _judged(name, _known(resolver, name), addresses)
        except dns.resolver.LifetimeTimeout:
            silent.set()
            return f"{name}: resolvers do not answer; the other names are not asked for"
        except dns.resolver.NXDOMAIN:
            return f"{name}: resolvers know no such name yet"
        except (dns.exception.DNSException, OSError) as error:
            return f"{name}: resolvers do not know: {error}"

    names = dict.fromkeys(record.name for record in hosts(wanted))
    with ThreadPoolExecutor(_THREADS) as pool:
        return tuple(line for line in pool.map(look, names) if line)


def _known(resolver: dns.resolver.Resolver, name: str) -> set[str]:
    """The addresses of a name. Raises DNSException or OSError, but not if there are none."""
    found: set[str] = set()
    for type_ in ("A", "AAAA"):
        with suppress(dns.resolver.NoAnswer):
            found.update(rdata.to_text() for rdata in resolver.resolve(f"{name}.", type_))
    return found


def _judged(name: str, found: set[str], addresses: Sequence[str]) -> str:
    if not found:
        return f"{name}: resolvers know no address yet"
    if addresses and not found & set(addresses):
        return f"{name}: resolvers say {', '.join(sorted(found))}, not the server's address"
    return ""
