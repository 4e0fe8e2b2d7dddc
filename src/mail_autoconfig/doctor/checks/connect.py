"""The addresses of a name, each of which must answer."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Mapping, Sequence
from ipaddress import ip_address, ip_network
from typing import Literal

from ..catalogue import finding
from ..data import Finding
from ..fetch import Fetcher
from ..sockets import check_own
from ..transport import FetchError

CONNECT = 5.0
"""Seconds until a server accepts a connection."""
NO_WAY = errno.ENETUNREACH, errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL
"""Errors of this machine, such as for IPv6 where it has none: they say nothing about a server."""

_LOCAL = ip_network("fc00::/7")

State = Literal["live", "closed", "silent", "untried"]


def out_of_reach(address: str) -> bool:
    """Whether this machine has no public IPv6 address to reach one from: silence says nothing.

    So it is behind Docker and other networks of local addresses (RFC 4193).
    """
    target = ip_address(address)
    if target.version == 4 or target in _LOCAL:
        return False
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:  # nothing is sent
        try:
            probe.connect((address, 443))
        except OSError as error:
            check_own(error)
            return error.errno in NO_WAY
        source = ip_address(probe.getsockname()[0].partition("%")[0])
    return source in _LOCAL or source.is_link_local


async def state_of(address: str, port: int, free: asyncio.Semaphore) -> State:
    """Connect and hang up. Raises OwnTroubleError."""
    try:
        if out_of_reach(address):
            return "untried"
        async with free, asyncio.timeout(CONNECT):
            _reader, writer = await asyncio.open_connection(address, port)
    except TimeoutError:
        return "silent"
    except OSError as error:
        check_own(error)
        if error.errno in NO_WAY:
            return "untried"
        return "closed" if error.errno == errno.ECONNREFUSED else "silent"
    writer.transport.abort()
    return "live"


async def reach_all(
    subject: str, host: str, port: int, fetcher: Fetcher
) -> tuple[list[str], tuple[Finding, ...]]:
    """Connect to each address of a name: those that answer, and what is wrong with the others."""
    try:
        addresses = [str(address) for address in await fetcher.addresses(host)]
    except FetchError as error:
        return [], (_without_address(subject, error),)
    port = fetcher.port(port)
    states = await asyncio.gather(
        *(state_of(address, port, fetcher.talks) for address in addresses)
    )
    live = [address for address, state in zip(addresses, states, strict=True) if state == "live"]
    dead = [
        finding("address-dead", subject, address=address)
        for address, state in zip(addresses, states, strict=True)
        if state in ("closed", "silent")
    ]
    if live:
        return live, tuple(dead)
    if "closed" in states:
        return [], (finding("port-closed", subject),)
    code = "port-silent" if "silent" in states else "address-untried"
    return [], (finding(code, subject, seconds=f"{CONNECT:g}"),)


def merged(subject: str, host: str, found: Mapping[str, Sequence[Finding]]) -> tuple[Finding, ...]:
    """The findings at each address of a host: those at some alone are of another server there."""
    everywhere = [
        each
        for each in dict.fromkeys(each for some in found.values() for each in some)
        if all(each in some for some in found.values())
    ]
    here_alone = [
        finding(
            "address-differs",
            subject,
            host=host,
            address=address,
            text=each.what,
            usual="no such fault",
        )
        for address, some in found.items()
        for each in some
        if each not in everywhere and each.severity == "error"
    ]
    return (*here_alone, *everywhere)


def _without_address(subject: str, error: FetchError) -> Finding:
    if error.failure.kind == "private":
        return finding("address-private", subject, text=error.failure.text)
    code = "dns-no-answer" if error.failure.kind == "resolver" else "name-unknown"
    return finding(code, subject)
