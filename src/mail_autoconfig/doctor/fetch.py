"""Ask over HTTP, bounded and only the Internet: what is asked is chosen by strangers."""

from __future__ import annotations

import asyncio
import ssl
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import httpx

from .. import __version__
from .data import ErrorKind, Exchange, Failure, Request
from .resolve import Address, Resolver, is_public, literal

TIMEOUT = 15.0
"""Seconds that one request may take, from the look-up of its name to the last octet."""
LONGEST_ANSWER = 256 * 1024
"""Octets of a body that are read; no mail client needs a longer one."""
_CONNECT_TIMEOUT = 5.0  # seconds for each address
_CONNECTIONS = 64  # at a time
_PATIENCE = 60.0  # seconds to wait for a server's rate limit
_PORTS: Mapping[int, int] = MappingProxyType({})


class FetchError(Exception):
    """Why nothing was asked, or nothing came back."""

    def __init__(self, kind: ErrorKind, text: str) -> None:
        """Take the parts of a Failure."""
        super().__init__(text)
        self.failure = Failure(kind, text)


class Fetcher:
    """Sends requests, each on a connection of its own.

    The name is looked up and its address is checked here, and that address is what is connected:
    no second look-up can lead elsewhere. The certificate must name the host. No redirect is
    followed, and no environment variable names a proxy.
    """

    def __init__(
        self,
        resolver: Resolver,
        *,
        allow_private: bool = False,
        ca: Path | None = None,
        timeout: float = TIMEOUT,
        ports: Mapping[int, int] = _PORTS,
    ) -> None:
        """Trust the authorities of `ca` (PEM) in place of the system's.

        `timeout` is in seconds. `ports` puts others in the place of those that a URL or a setting
        says: a test's servers have their own. Raises OSError if `ca` holds no certificates.
        """
        self._resolver = resolver
        self._allow_private = allow_private
        self._context = ssl.create_default_context(cafile=str(ca) if ca else None)
        self._timeout = timeout
        self._ports = ports
        self._free = asyncio.Semaphore(_CONNECTIONS)

    @property
    def context(self) -> ssl.SSLContext:
        """What verifies a certificate and the names on it."""
        return self._context

    def port(self, port: int) -> int:
        """The port to connect to in the place of `port`."""
        return self._ports.get(port, port)

    async def addresses(self, host: str) -> tuple[Address, ...]:
        """The addresses of a host name that may be connected to, IPv4 first.

        Raises FetchError if there are none.
        """
        found = [each] if (each := literal(host)) else []
        if not found:
            lookups = await self._resolver.addresses(host)
            texts = (value for lookup in lookups for value in lookup.values)
            found = [address for text in texts if (address := literal(text))]
            if not found and any(lookup.status == "no answer" for lookup in lookups):
                raise FetchError("resolver", f"no name server answers for {host}")
        if not found:
            raise FetchError("name", f"{host} has no address")
        public = tuple(each for each in found if self._allow_private or is_public(each))
        if not public:
            raise FetchError("private", f"{host} leads to {found[0]}, no address of the Internet")
        return public

    async def fetch(self, request: Request, credentials: tuple[str, str] | None = None) -> Exchange:
        """The exchange, whatever happens; where a rate limit is met, wait and ask again.

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
            exchange = Exchange(request)
            try:
                async with asyncio.timeout(self._timeout):
                    exchange = await self._ask(request, credentials)
            except TimeoutError:
                text = f"no complete answer within {self._timeout:g} seconds"
                exchange = replace(exchange, error=Failure("timeout", text))
            except FetchError as error:
                exchange = replace(exchange, error=error.failure)
            return replace(exchange, seconds=time.monotonic() - started)

    async def _ask(self, request: Request, credentials: tuple[str, str] | None) -> Exchange:
        try:
            url = httpx.URL(request.url)
            host = url.raw_host.decode("ascii").rstrip(".")
        except (httpx.InvalidURL, UnicodeError):
            raise FetchError("protocol", f"{request.url!r} is no URL") from None
        if url.scheme not in ("http", "https") or not host:
            raise FetchError("protocol", f"{request.url!r} is no URL of http or https")
        headers = {
            "Host": host if url.port is None else f"{host}:{url.port}",
            "User-Agent": f"mail-autoconfig-doctor/{__version__}",
            "Accept": "*/*",
            "Accept-Encoding": "identity",  # so that the limit holds for what is unpacked too
            "Connection": "close",
        } | dict(request.headers)
        if credentials:
            headers["Authorization"] = f"Basic {b64encode(':'.join(credentials).encode()).decode()}"
        port = self.port(url.port or {"http": 80, "https": 443}[url.scheme])
        timeout = httpx.Timeout(self._timeout, connect=_CONNECT_TIMEOUT).as_dict()
        last: httpx.HTTPError | None = None
        for address in await self.addresses(host):
            sent = httpx.Request(
                request.method,
                httpx.URL(scheme=url.scheme, host=str(address), port=port, raw_path=url.raw_path),
                headers=headers,
                content=request.body or None,
                extensions={"sni_hostname": host, "timeout": timeout},
            )
            try:
                async with httpx.AsyncHTTPTransport(verify=self._context) as transport:
                    return await _exchange(transport, sent, Exchange(request, address=str(address)))
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                last = error
            except httpx.HTTPError as error:
                last = error
                break
        assert last  # noqa: S101  # addresses() gives one at least
        raise _explained(last, host) from last


async def _exchange(
    transport: httpx.AsyncHTTPTransport, request: httpx.Request, exchange: Exchange
) -> Exchange:
    response = await transport.handle_async_request(request)
    try:
        exchange = replace(
            exchange,
            status=response.status_code,
            content_type=response.headers.get("Content-Type", ""),
            location=response.headers.get("Location", ""),
        )
        body = b""
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > LONGEST_ANSWER:
                text = f"an answer of more than {LONGEST_ANSWER >> 10} KiB"
                return replace(exchange, error=Failure("size", text))
        return replace(exchange, body=body)
    finally:
        await response.aclose()


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _explained(error: httpx.HTTPError, host: str) -> FetchError:
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return FetchError("certificate", cause.verify_message.rstrip("."))
        if isinstance(cause, ssl.SSLError):
            return FetchError("tls", f"no TLS: {cause.reason or cause}")
        if isinstance(cause, ConnectionRefusedError):
            return FetchError("refused", f"{host} refuses the connection")
    if isinstance(error, httpx.TimeoutException):
        return FetchError("timeout", f"{host} does not answer")
    if isinstance(error, httpx.ProtocolError):
        return FetchError("protocol", f"no HTTP: {error}")
    return FetchError("unreachable", f"{host}: {error or 'the connection breaks'}")
