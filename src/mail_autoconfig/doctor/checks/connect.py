"""The addresses of a name, each of which must answer."""

from __future__ import annotations

import asyncio
import errno
from typing import Literal

from ..catalogue import finding
from ..data import Finding
from ..fetch import Fetcher
from ..transport import FetchError

CONNECT = 5.0
"""Seconds until a server accepts a connection."""
NO_WAY = errno.ENETUNREACH, errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL
"""Errors of this machine, such as for IPv6 where it has none: they say nothing about a server."""

State = Literal["live", "closed", "silent", "untried"]


async def state_of(address: str, port: int) -> State:
    """Connect and hang up."""
    try:
        async with asyncio.timeout(CONNECT):
            _reader, writer = await asyncio.open_connection(address, port)
    except TimeoutError:
        return "silent"
    except OSError as error:
        if error.errno in NO_WAY:
            return "untried"
        return "closed" if error.errno == errno.ECONNREFUSED else "silent"
    writer.transport.abort()
    return "live"


async def reach(
    subject: str, host: str, port: int, fetcher: Fetcher
) -> tuple[str | None, tuple[Finding, ...]]:
    """Connect to each address of a name: one that answers, or None, and what is wrong."""
    try:
        addresses = [str(address) for address in await fetcher.addresses(host)]
    except FetchError as error:
        return None, (_without_address(subject, error),)
    port = fetcher.port(port)
    states = await asyncio.gather(*(state_of(address, port) for address in addresses))
    live = [address for address, state in zip(addresses, states, strict=True) if state == "live"]
    dead = [
        finding("address-dead", subject, address=address)
        for address, state in zip(addresses, states, strict=True)
        if state in ("closed", "silent")
    ]
    if live:
        return live[0], tuple(dead)
    if "closed" in states:
        return None, (finding("port-closed", subject),)
    code = "port-silent" if "silent" in states else "address-untried"
    return None, (finding(code, subject, seconds=f"{CONNECT:g}"),)


def _without_address(subject: str, error: FetchError) -> Finding:
    if error.failure.kind == "private":
        return finding("address-private", subject, text=error.failure.text)
    code = "dns-no-answer" if error.failure.kind == "resolver" else "name-unknown"
    return finding(code, subject)
