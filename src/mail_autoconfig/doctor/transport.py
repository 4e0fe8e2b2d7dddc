"""HTTP/1.1 to an address that has been checked: a transport of httpx.

httpx's own looks names up by itself, so that nobody knows beforehand where it will connect.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping

import h11
import httpx

from .authority import of_ones_own
from .data import ErrorKind, Failure
from .resolve import Address, Resolver, is_public, literal
from .sockets import check_own

_CONNECT_TIMEOUT = 5.0  # seconds for each address, the TLS handshake included
_PIECE = 1 << 16  # octets read at a time
_MOST_PROMISES = 10  # answers of status 1xx before the answer (RFC 9110, section 15.2)
MOST_ADDRESSES = 8
"""Addresses of a name that are visited."""


class FetchError(Exception):
    """Why nothing was asked, or nothing came back."""

    def __init__(self, kind: ErrorKind, text: str) -> None:
        """Take the parts of a Failure."""
        super().__init__(text)
        self.failure = Failure(kind, text)


class Transport(httpx.AsyncBaseTransport):
    """Looks a name up, checks its addresses, and connects to just these.

    No second look-up can name another address (DNS rebinding). Each request has a connection of its
    own, whose certificate contains the host of the URL.
    """

    def __init__(
        self,
        resolver: Resolver,
        context: ssl.SSLContext,
        ports: Mapping[int, int],
        *,
        allow_private: bool,
    ) -> None:
        """`ports` replaces the ports of URLs: a test's servers have their own."""
        self._resolver = resolver
        self._context = context
        self._ports = ports
        self._allow_private = allow_private

    async def addresses(self, host: str) -> tuple[Address, ...]:
        """The addresses of a host name that may be connected to, IPv4 first.

        Raises FetchError if there are none.
        """
        # An escape of the DNS or a control character: a name there, but none that TLS can send.
        if "\\" in host or not host.isprintable():
            raise FetchError("name", f"{host!r} is no host name")
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
            raise FetchError("private", f"{host} has the address {found[0]}, which is not public")
        return tuple(sorted(public, key=lambda each: (each.version, int(each))))[:MOST_ADDRESSES]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; the address that answers is in the extension `address`.

        Raises FetchError.
        """
        url = request.url
        host = url.raw_host.decode("ascii").rstrip(".")
        port = url.port or {"http": 80, "https": 443}.get(url.scheme, 0)
        if url.scheme not in ("http", "https") or not host or not 0 < port < 65536:
            raise FetchError("protocol", f"{str(url)!r} is no URL of http or https")
        failure = None
        at = request.extensions.get("at", "")
        for address in await self.addresses(host):
            if at and str(address) != at:
                continue
            try:
                reader, writer, vouched = await self._connected(
                    str(address), self._ports.get(port, port), host if url.scheme == "https" else ""
                )
            except OSError as error:  # TimeoutError and ssl.SSLError are ones
                failure = explained(error, host)
                continue
            connection = _Connection(reader, writer)
            try:
                return await connection.send(request, {"address": str(address), "vouched": vouched})
            except BaseException:
                await connection.aclose()
                raise
        raise failure or FetchError("name", f"{host} has no address {at}".rstrip())

    async def _connected(
        self, address: str, port: int, host: str
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, bool]:
        """Connect, with TLS if there is a host; whether its certificate is trusted here.

        One of an authority of the domain's own is read, and not trusted.
        """
        context = self._context if host else None

        async def connect(
            context: ssl.SSLContext | None,
        ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
            async with asyncio.timeout(_CONNECT_TIMEOUT):
                return await asyncio.open_connection(
                    address, port, ssl=context, server_hostname=host if context else None
                )

        async def handshake(context: ssl.SSLContext) -> ssl.SSLObject:
            _reader, writer = await connect(context)
            try:
                found: ssl.SSLObject = writer.get_extra_info("ssl_object")
                return found
            finally:
                writer.transport.abort()

        try:
            return (*await connect(context), True)
        except ssl.SSLCertVerificationError as error:
            own = await of_ones_own(error, handshake)
            if own is None:
                raise
            return (*await connect(own), False)


class _Connection(httpx.AsyncByteStream):
    """A connection for one request; as a stream, the body of its response."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._protocol = h11.Connection(h11.CLIENT)

    async def send(self, request: httpx.Request, extensions: dict[str, object]) -> httpx.Response:
        head = h11.Request(
            method=request.method, target=request.url.raw_path, headers=request.headers.raw
        )
        events = head, h11.Data(request.content), h11.EndOfMessage()
        try:
            self._writer.write(b"".join(self._protocol.send(event) or b"" for event in events))
            await self._writer.drain()
        except OSError as error:
            raise FetchError("unreachable", f"the connection breaks: {error}") from error
        for _promise in range(_MOST_PROMISES + 1):
            event = await self._next()
            if isinstance(event, h11.Response):
                return httpx.Response(
                    event.status_code,
                    headers=[(bytes(name), bytes(value)) for name, value in event.headers],
                    stream=self,
                    extensions=extensions,
                )
            if not isinstance(event, h11.InformationalResponse):
                raise FetchError("protocol", "the connection ends without an answer")
        raise FetchError("protocol", "answers of status 1xx without an end")

    async def _next(self) -> h11.Event:
        try:
            while (event := self._protocol.next_event()) is h11.NEED_DATA:
                self._protocol.receive_data(await self._reader.read(_PIECE))
        except h11.RemoteProtocolError as error:
            raise FetchError("protocol", f"no HTTP: {error}") from error
        except OSError as error:
            raise FetchError("unreachable", f"the connection breaks: {error}") from error
        assert not isinstance(event, type)  # noqa: S101  # PAUSED comes before a second request
        return event

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while isinstance(event := await self._next(), h11.Data):
            yield bytes(event.data)

    async def aclose(self) -> None:
        self._writer.transport.abort()


def explained(error: OSError, host: str) -> FetchError:
    """Why a host can't be connected, in words. Raises OwnTroubleError."""
    check_own(error)
    if isinstance(error, ssl.SSLCertVerificationError):
        return FetchError("certificate", error.verify_message.rstrip("."))
    if isinstance(error, ssl.SSLError):
        return FetchError("tls", f"no TLS: {error.reason or error}")
    if isinstance(error, ConnectionRefusedError):
        return FetchError("refused", f"{host} refuses the connection")
    if isinstance(error, TimeoutError):
        return FetchError("timeout", f"{host} does not answer")
    return FetchError("unreachable", f"{host}: {error.strerror or error}")
