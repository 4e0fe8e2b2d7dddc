"""Ask over HTTP, within limits and at public addresses only: strangers choose what is asked."""

from __future__ import annotations

import asyncio
import ssl
import time
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import httpx

from .. import __version__
from .data import Exchange, Failure, Request
from .resolve import Address, Resolver
from .transport import FetchError, Transport

TIMEOUT = 15.0
"""Seconds that one request may take, from the look-up of its name to the last octet."""
LONGEST_ANSWER = 256 * 1024
"""Octets of a body that are read; no mail client needs a longer one."""
_CONNECTIONS = 64  # at a time
_PATIENCE = 60.0  # seconds to wait for a server's rate limit
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
        self._free = asyncio.Semaphore(_CONNECTIONS)

    def port(self, port: int) -> int:
        """The port to connect to instead of `port`."""
        return self._ports.get(port, port)

    async def addresses(self, host: str) -> tuple[Address, ...]:
        """The addresses of a host name that may be connected to; FetchError if there are none."""
        return await self._transport.addresses(host)

    async def fetch(self, request: Request, credentials: tuple[str, str] | None = None) -> Exchange:
        """The exchange, whatever happens; where the server limits the rate, wait and ask again.

        `credentials` are a user and a password; ValueError where they would not go over https,
        which here means to the host that the certificate names.
        """
        if credentials and not request.url.startswith("https://"):
            raise ValueError("credentials need https")
        deadline = time.monotonic() + _PATIENCE
        exchange = await self._once(request, credentials)
        while exchange.status == 429 and time.monotonic() < deadline:
            await asyncio.sleep(1)
            exchange = replace(await self._once(request, credentials), limited=True)
        return exchange

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
        headers = _HEADERS | dict(request.headers)
        if credentials:
            headers["Authorization"] = f"Basic {b64encode(':'.join(credentials).encode()).decode()}"
        try:
            sent = httpx.Request(
                request.method, request.url, headers=headers, content=request.body or None
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
