"""Ask of each name what a certificate authority will ask (http-01, RFC 8555, section 8.3).

Needs dnspython.
"""

from __future__ import annotations

import errno
import http.client
import secrets
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import SplitResult, urljoin, urlsplit

import dns.exception
import dns.rdatatype
import dns.resolver

from .caa import Issuer, Record, forbidden
from .remedies import NO_RECORD

CHALLENGES = ".well-known/acme-challenge"
_THREADS = 16
_TIMEOUT = 5.0  # seconds for one question
_LONGEST = 20.0  # seconds for an answer, however slowly it comes
_REDIRECTS = 10  # as Let's Encrypt follows, and to these ports alone
_PORTS = None, 80, 443
_NO_ROUTE = errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT

Fetch = Callable[[str, str], str]
"""(name, address) -> why the token is not there, or an empty string."""


def system_resolver() -> dns.resolver.Resolver:
    """The resolver that this system uses. Raises OSError if it has none."""
    try:
        return dns.resolver.Resolver()
    except dns.resolver.NoResolverConfiguration:
        raise OSError("/etc/resolv.conf names no name server") from None


class Lookup:
    """Looks names up as this system does, and says what is wrong with them.

    Where the `issuer` has no names, CAA is not asked for. Without `resolver` it is the system's:
    raises OSError if there is none.
    """

    def __init__(self, issuer: Issuer, resolver: dns.resolver.Resolver | None = None) -> None:
        self._issuer = issuer
        self._resolver = resolver or system_resolver()
        self._resolver.lifetime = 2 * _TIMEOUT
        self._resolver.cache = dns.resolver.LRUCache()  # type: ignore[no-untyped-call,unused-ignore]

    def problem(self, name: str, fetch: Fetch | None) -> str:
        """Why the authority will refuse `name`, or an empty string.

        `name` may be a wildcard. Without `fetch`, neither the token nor an address is asked for.
        """
        try:
            if fetch:
                addresses = [*self._texts(name, "A"), *self._texts(name, "AAAA")]
                if not addresses:
                    return NO_RECORD
            if self._issuer.names and (why := self._forbidden(name)):
                return why
        except dns.exception.DNSException:
            return "its name servers do not answer"
        return self._fetched(name, addresses, fetch) if fetch else ""

    def _texts(self, name: str, type_: str) -> list[str]:
        return [rdata.to_text() for rdata in self._ask(name, type_)]

    def _ask(self, name: str, type_: str) -> Iterable[dns.rdata.Rdata]:
        try:
            return self._resolver.resolve(f"{name}.", type_)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return ()

    def _fetched(self, name: str, addresses: Iterable[str], fetch: Fetch) -> str:
        reached = False
        for address in addresses:
            try:
                if problem := fetch(name, address):
                    return problem
                reached = True
            except OSError as error:
                if error.errno not in _NO_ROUTE:
                    return f"port 80 of {address}: {error.strerror or 'no answer'}"
        return "" if reached else "no record of an address that this host can reach"

    def _forbidden(self, name: str) -> str:
        """RFC 8659, sections 3 and 4: the nearest CAA records above a name decide."""
        wild, host = name.startswith("*."), name.removeprefix("*.")
        while host:
            records = [each for each in self._ask(host, "CAA") if each.rdtype == dns.rdatatype.CAA]
            if records:
                return forbidden(host, map(_caa, records), self._issuer, wild=wild)
            host = host.partition(".")[2]
        return ""


def _caa(record: dns.rdata.Rdata) -> Record:
    tag = record.tag.decode("ascii", "replace")  # type: ignore[attr-defined]
    value = record.value.decode("utf-8", "replace")  # type: ignore[attr-defined]
    return Record(record.flags, tag, value)  # type: ignore[attr-defined]


@contextmanager
def token(webroot: Path) -> Iterator[Fetch]:
    """Put a file where nginx finds the answers for the authority, and remove it afterwards.

    Yields a function that fetches it by the public path. Raises OSError if it can't be written.
    """
    name, content = f"check-{secrets.token_urlsafe(16)}", secrets.token_urlsafe(32)
    path = webroot / CHALLENGES / name
    path.write_text(content, "ascii")
    path.chmod(0o644)
    try:
        yield lambda host, address: _fetch(host, address, f"/{CHALLENGES}/{name}", content.encode())
    finally:
        path.unlink()


def _fetch(host: str, address: str, path: str, content: bytes, port: int = 80) -> str:
    url = urlsplit(f"http://{host}{path}")
    connection: http.client.HTTPConnection = http.client.HTTPConnection(
        address, port, timeout=_TIMEOUT
    )
    for _hop in range(_REDIRECTS):
        try:
            with _ending(connection):
                headers = {"Host": host, "Connection": "close"}
                connection.request("GET", _target(url), headers=headers)
                answer = connection.getresponse()
                body = answer.read(len(content) + 1)
        except (http.client.HTTPException, ValueError):
            return f"points elsewhere: {address} does not speak HTTP at port 80"
        location = answer.getheader("Location")
        if answer.status not in (301, 302, 303, 307, 308) or not location:
            break
        # What a stranger's server answers: anything, such as a port that is none.
        try:
            url = urlsplit(urljoin(url.geturl(), location))
            if url.scheme not in ("http", "https") or not url.hostname or url.port not in _PORTS:
                break
            host = url.hostname
            connection = _connection(url, host)
        except ValueError:
            break
    if answer.status == 200 and body == content:
        return ""
    what = "another file" if answer.status == 200 else str(answer.status)
    return f"points elsewhere: {address} answers {what}"


@contextmanager
def _ending(connection: http.client.HTTPConnection) -> Iterator[None]:
    """Connect, and end the connection when the block does, or when it takes too long."""
    try:
        connection.connect()
        timer, end = threading.Timer(_LONGEST, _cut, [connection.sock]), time.monotonic() + _LONGEST
        timer.start()
        try:
            yield
        except ConnectionResetError as error:
            if time.monotonic() < end:
                raise
            raise http.client.HTTPException from error  # it was sending when it was cut
        finally:
            timer.cancel()
    finally:
        connection.close()


def _cut(connected: socket.socket) -> None:
    with suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)


def _target(url: SplitResult) -> str:
    return f"{url.path or '/'}{'?' + url.query if url.query else ''}"


def _connection(url: SplitResult, host: str) -> http.client.HTTPConnection:
    if url.scheme == "http":
        return http.client.HTTPConnection(host, url.port, timeout=_TIMEOUT)
    # The authority does not verify it either: there may be no certificate yet.
    context = ssl._create_unverified_context()  # noqa: S323
    return http.client.HTTPSConnection(host, url.port, timeout=_TIMEOUT, context=context)


def check(names: Iterable[str], lookup: Lookup, fetch: Fetch | None) -> dict[str, str]:
    """The names that the authority will refuse, with the reason."""
    wanted = list(dict.fromkeys(names))
    with ThreadPoolExecutor(_THREADS) as pool:
        problems = pool.map(lambda name: lookup.problem(name, fetch), wanted)
        return {name: why for name, why in zip(wanted, problems, strict=True) if why}
