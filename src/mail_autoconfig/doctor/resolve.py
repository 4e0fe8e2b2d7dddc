"""Ask the DNS, through the system's resolver or a name server that is given."""

from __future__ import annotations

import asyncio
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

import dns.asyncresolver
import dns.exception
import dns.resolver

from .data import Lookup
from .sockets import QUESTIONS, check_own

_LIFETIME = 5.0  # seconds for one question, all tries together

REMEMBERED = 4096
"""Answers that are kept: those of some hundred domains, and of the servers that they share."""

Address = IPv4Address | IPv6Address

_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052


class Resolver:
    """Answers each question once; the second time from memory, if it is not long ago."""

    def __init__(self, name_server: str | None = None, port: int = 53) -> None:
        """Ask `name_server`, an address; without one those of the system.

        Raises dns.resolver.NoResolverConfiguration if the system has none.
        """
        self._resolver = dns.asyncresolver.Resolver(configure=name_server is None)
        if name_server is not None:
            self._resolver.nameservers = [name_server]
            self._resolver.port = port
        self._resolver.lifetime = _LIFETIME
        self._asked: dict[tuple[str, str], asyncio.Task[Lookup]] = {}
        self.free = asyncio.Semaphore(QUESTIONS)

    async def look_up(self, name: str, type_: str) -> Lookup:
        """The records of a name; it is absolute, with or without its final dot."""
        key = (name.rstrip(".").lower(), type_)
        if key not in self._asked:
            while len(self._asked) >= REMEMBERED:
                del self._asked[next(iter(self._asked))]
            self._asked[key] = asyncio.create_task(self._look_up(*key))
        return await self._asked[key]

    async def _look_up(self, name: str, type_: str) -> Lookup:
        try:
            async with self.free:
                answer = await self._resolver.resolve(f"{name}.", type_, raise_on_no_answer=False)
        except dns.resolver.NXDOMAIN:
            return Lookup(name, type_, "no name")
        except (dns.exception.DNSException, UnicodeError, OSError) as error:
            check_own(error)
            return Lookup(name, type_, "no answer")
        chain = [rrset.name.to_text(omit_final_dot=True) for rrset in answer.response.answer]
        aliases = tuple(each.lower() for each in chain if each.lower() != name)
        if answer.rrset is None:
            return Lookup(name, type_, "no record", (), aliases)
        values = tuple(rdata.to_text() for rdata in answer.rrset)
        return Lookup(name, type_, "found", values, aliases)

    async def addresses(self, host: str) -> tuple[Lookup, ...]:
        """The look-ups of A and AAAA."""
        return tuple(await asyncio.gather(*(self.look_up(host, t) for t in ("A", "AAAA"))))


def is_public(address: Address) -> bool:
    """Whether an address is public, and an IPv4 address inside it too."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address.teredo:
            inner = address.teredo[1]
        if address in _NAT64:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast


def literal(host: str) -> Address | None:
    """The address that a host of a URL is, if it is one."""
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        return None
