"""Ask over HTTP, within limits and at public addresses only: strangers choose what is asked."""

from __future__ import annotations

import asyncio
import ssl
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

import httpx

from .. import __version__
from .data import Exchange, Failure, Request
from .resolve import Address, Resolver
from .sockets import CONNECTIONS
from .transport import FetchError, Transport

TIMEOUT = 15.0
"""Seconds that one request may take, from the look-up of its name to the last octet."""
LONGEST_ANSWER = 256 * 1024
"""Octets of a body that are read; no mail client needs a longer one."""
_TRIES = 3  # of one request where the server limits the rate
_LEAVE = 3  # requests that a host may refuse so before it is left
_LONGEST_WAIT = 10.0  # seconds before a try; a server that asks for more is left
_PORTS: Mapping[int, int] = MappingProxyType({})
_HEADERS = {
    "User-Agent": f"mail-autoconfig-doctor/{__version__}",
    "Accept": "*/*",
    "Accept-Encoding": "identity",
    "Connection": "close",
}


def verifying(ca: Path | None) -> ssl.SSLContext:
    """A context that verifies as mail clients do, trusting `ca` (PEM) or the system's authorities.

    Since Python 3.13 the default refuses certificates of one's own authority that lack a key
    identifier (RFC 5280, section 4.2.1.1), which no mail client minds. Raises OSError.
    """
    context = ssl.create_default_context(cafile=ca)
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


class Fetcher:
    """Sends requests. No redirect is followed, and no environment variable names a proxy."""

    def __init__(
        self,
        resolver: Resolver,
        *,
        allow_private: bool = False,
        ca: Path | None = None,
        timeout: float = TIMEOUT,
        ports: Mapping[int, int] = _PORTS,
    ) -> None:
        """Trust the authorities of `ca` (PEM) instead of the system's.

        `timeout` is in seconds. `ports` replaces the ports of URLs and settings: a test's servers
        have their own. Raises OSError if `ca` contains no certificates.
        """
        self.ca = ca
        self.context = verifying(ca)
        """What verifies a certificate and the names on it."""
        self._transport = Transport(resolver, self.context, ports, allow_private=allow_private)
        self._timeout = timeout
        self._ports = ports
        self._free = asyncio.Semaphore(CONNECTIONS)
        self.talks = asyncio.Semaphore(CONNECTIONS)
        """For connections that are no requests: handshakes, mail servers."""
        self.certificates: dict[str, datetime] = {}
        """The ends of the valid certificates that were seen, by the server."""
        self.resolver = resolver
        self._refusals: Counter[str] = Counter()

    def port(self, port: int) -> int:
        """The port to connect to instead of `port`."""
        return self._ports.get(port, port)

    async def addresses(self, host: str) -> tuple[Address, ...]:
        """The addresses of a host name that may be connected to; FetchError if there are none."""
        return await self._transport.addresses(host)

    async def fetch(self, request: Request, credentials: tuple[str, str] | None = None) -> Exchange:
        """The exchange, whatever happens; where the server limits the rate, wait and ask again.

        It waits as long as Retry-After says (RFC 9110, section 10.2.3), within limits. A host that
        goes on to refuse is left: what was not asked there has its status 429.
        `credentials` are a user and a password; ValueError where they would not go over https,
        which here means to the host that the certificate names.
        """
        if credentials and not request.url.startswith("https://"):
            raise ValueError("credentials need https")
        host = request.host
        for _try in range(_TRIES):
            if self._refusals[host] >= _LEAVE:
                return Exchange(request, 429, limited=True)
            exchange = await self._once(request, credentials)
            limited = exchange.status == 429
            if not limited or exchange.retry_after > _LONGEST_WAIT:
                break
            await asyncio.sleep(exchange.retry_after)
        if limited:
            self._refusals[host] += 1
        return replace(exchange, limited=limited or _try > 0)

    async def _once(self, request: Request, credentials: tuple[str, str] | None) -> Exchange:
        async with self._free:
            started = time.monotonic()
            try:
                async with asyncio.timeout(self._timeout):
                    exchange = await self._ask(request, credentials)
            except TimeoutError:
                text = f"no complete answer within {self._timeout:g} seconds"
                exchange = Exchange(request, error=Failure("timeout", text))
            except FetchError as error:
                exchange = Exchange(request, error=error.failure)
            return replace(exchange, seconds=time.monotonic() - started)

    async def _ask(self, request: Request, credentials: tuple[str, str] | None) -> Exchange:
        headers = {name: text for name, text in (_HEADERS | dict(request.headers)).items() if text}
        if credentials:
            headers["Authorization"] = f"Basic {b64encode(':'.join(credentials).encode()).decode()}"
        try:
            sent = httpx.Request(
                request.method,
                request.url,
                headers=headers,
                content=request.body or None,
                extensions={"at": request.at},
            )
        except (httpx.InvalidURL, UnicodeError):
            raise FetchError("protocol", f"{request.url!r} is no URL") from None
        response = await self._transport.handle_async_request(sent)
        exchange = Exchange(
            request,
            response.status_code,
            response.headers.get("Content-Type", ""),
            response.headers.get("Location", ""),
            address=response.extensions["address"],
            challenge=response.headers.get("WWW-Authenticate", ""),
            server=response.headers.get("Server", ""),
            vouched=response.extensions.get("vouched", True),
            retry_after=_seconds(response.headers.get("Retry-After", "")),
        )
        try:
            body = b""
            async for piece in response.aiter_raw():  # not unpacked: a little may unpack to a lot
                body += piece
                if len(body) > LONGEST_ANSWER:
                    text = f"an answer of more than {LONGEST_ANSWER >> 10} KiB"
                    return replace(exchange, error=Failure("size", text))
            return replace(exchange, body=body)
        except FetchError as error:
            return replace(exchange, error=error.failure)
        finally:
            await response.aclose()


def _seconds(retry_after: str) -> float:
    """How long to wait, as Retry-After says in seconds; of a date it takes a second."""
    return float(retry_after) if retry_after.isdecimal() and len(retry_after) < 9 else 1.0
