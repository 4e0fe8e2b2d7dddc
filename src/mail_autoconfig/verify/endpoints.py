"""Where a deployed server is, and how to ask it."""

from __future__ import annotations

import errno
import hashlib
import http.client
import itertools
import socket
import ssl
import time
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from .connections import Address, Kept, connect

LACKING = "the certificate that is shown does not have this name"
_TIMEOUT = 10.0  # seconds for each step of a request
_PATIENCE = 120  # seconds to wait for the server's rate limit
_LONGEST_ANSWER = 1 << 20  # octets
_CLIENTS = [f"192.0.2.{last}" for last in range(1, 255)]  # addresses of nobody (RFC 5737)
_PORTS = {"https": 443, "http": 80}
# OpenSSL's codes (x509_vfy.h): the authority is not known; the certificate does not have the name.
_UNKNOWN_AUTHORITY = 18, 19, 20, 21
_OTHER_NAME = 62
_UNRECOGNIZED_NAME = "UNRECOGNIZED_NAME"  # RFC 6066, section 3, as OpenSSL spells the alert


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer."""

    status: int
    content_type: str
    location: str
    body: bytes


class Shown(NamedTuple):
    """A certificate: its digest, and the names on it."""

    digest: str
    names: frozenset[str]


class Endpoints:
    """Where and how to connect: by DNS, to one address for all names, or as a proxy does."""

    def __init__(
        self,
        https: tuple[str, int] | None = None,
        http: tuple[str, int] | None = None,
        *,
        responder: Path | None = None,
        ca: Path | None = None,
        any_ca: bool = False,
        any_name: bool = False,
        as_proxy: tuple[str, int] | None = None,
        timeout: float = _TIMEOUT,
    ) -> None:
        """Connect to these hosts and ports, whatever DNS says; trust `ca` alone.

        `ca` is a file (PEM), or a directory of directories with a `fullchain.pem` each.
        `any_ca` trusts every authority; the name on the certificate must be right all the same.
        `responder` is the unix socket behind nginx. `as_proxy` is where nginx listens for another
        web server: all requests go there without TLS, each as that of another client. `any_name`
        trusts each certificate. `timeout` is in seconds, for each step of a request. Raises
        OSError if `ca` has no certificates.
        """
        self._timeout = timeout
        self._any_name = any_name
        self._addresses: dict[str, Address | None] = {
            "https": as_proxy or https,
            "http": as_proxy or http,
        }
        self._clients = itertools.cycle(_CLIENTS) if as_proxy else None
        self._responder = str(responder) if responder else ""
        self._any_ca = any_ca
        self._trusted = _trusting(ca)
        # Trusts each certificate that it has met, and no authority.
        self._met = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._met.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        self._kept = Kept(timeout)

    @property
    def has_responder(self) -> bool:
        """Whether all domains can be asked for quickly, by `ask_past_limits`."""
        return bool(self._responder)

    @property
    def as_proxy(self) -> bool:
        """Whether another web server in front of nginx has the certificates and ports."""
        return bool(self._clients)

    def close(self) -> None:
        """Close what was kept open."""
        self._kept.close()

    def certificate(self, host: str) -> Shown:
        """The certificate that nginx shows for `host`, which is on it. Raises OSError.

        A TLS handshake without a request; nginx limits the rate of requests alone.
        """
        with self._secure(self._address("https", host), host) as stream:
            digest = hashlib.sha256(stream.getpeercert(binary_form=True) or b"").hexdigest()
            listed = (stream.getpeercert() or {}).get("subjectAltName", ())
        return Shown(digest, frozenset(str(pair[1]) for pair in listed if pair[0] == "DNS"))

    def ask(self, method: str, url: str, body: bytes | None = None) -> Answer:
        """Send one request; where the server limits the rate, wait and ask again.

        Raises OSError, http.client.HTTPException.
        """
        deadline = time.monotonic() + _PATIENCE
        while True:
            answer = self.ask_once(method, url, body)
            if answer.status != 429 or time.monotonic() > deadline:
                return answer
            time.sleep(1)

    def ask_past_limits(self, method: str, url: str, body: bytes | None = None) -> Answer:
        """Send one request past nginx, which limits the rate. Raises as `ask`.

        A proxy's requests are many clients', so it has no limit and asks nginx.
        """
        if self.as_proxy:
            return self.ask_kept(method, url, body)
        parts = urlsplit(url)
        return self._kept.ask(
            self._responder, lambda kept: self._exchange(kept, method, parts, body)
        )

    def ask_kept(self, method: str, url: str, body: bytes | None = None) -> Answer:
        """Send one request without TLS on a connection that stays open. Raises as `ask`."""
        parts = urlsplit(url)
        address = self._address("http", parts.hostname or "")
        return self._kept.ask(address, lambda kept: self._exchange(kept, method, parts, body))

    def _exchange(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        url: SplitResult,
        body: bytes | None,
    ) -> Answer:
        """Send one request on an open connection and read the answer."""
        headers = {"Host": url.hostname or ""}
        if self._clients:
            headers["X-Forwarded-For"] = next(self._clients)
            headers["X-Forwarded-Proto"] = url.scheme
        if body:
            headers["Content-Type"] = "text/xml; charset=utf-8"
        target = (url.path or "/") + (f"?{url.query}" if url.query else "")
        connection.request(method, target, body, headers)
        response = connection.getresponse()
        return Answer(
            response.status,
            response.getheader("Content-Type", ""),
            response.getheader("Location", ""),
            response.read(_LONGEST_ANSWER),
        )

    def _address(self, scheme: str, host: str) -> Address:
        return self._addresses[scheme] or (host, _PORTS[scheme])

    def ask_once(self, method: str, url: str, body: bytes | None = None) -> Answer:
        """Send one request. Raises OSError, http.client.HTTPException."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        address = self._address(parts.scheme, host)
        connection = http.client.HTTPConnection(host, timeout=self._timeout)
        try:
            secure = parts.scheme == "https" and not self.as_proxy
            stream = self._secure(address, host) if secure else connect(address, self._timeout)
            connection.sock = stream
            return self._exchange(connection, method, parts, body)
        finally:
            connection.close()

    def _secure(self, address: Address, host: str) -> ssl.SSLSocket:
        """A TLS connection to `host`, whose certificate has the name."""
        if self._any_name:
            return self._wrap(_unchecked(), address, host)
        if self._any_ca:
            return self._of_any_ca(address, host)
        try:
            return self._wrap(self._trusted, address, host)
        except ssl.SSLCertVerificationError as error:
            if error.verify_code in _UNKNOWN_AUTHORITY:
                # A wrong name is worse than an unknown authority, and OpenSSL says one of them.
                self._of_any_ca(address, host).close()
            raise

    def _of_any_ca(self, address: Address, host: str) -> ssl.SSLSocket:
        try:
            return self._wrap(self._met, address, host)
        except ssl.SSLCertVerificationError as error:
            if error.verify_code not in _UNKNOWN_AUTHORITY:
                raise
        self._meet(address, host)
        return self._wrap(self._met, address, host)

    def _meet(self, address: Address, host: str) -> None:
        """Trust the certificate that is shown for a name."""
        with self._wrap(_unchecked(), address, host) as stream:
            self._met.load_verify_locations(cadata=stream.getpeercert(binary_form=True) or b"")

    def _wrap(self, context: ssl.SSLContext, address: Address, host: str) -> ssl.SSLSocket:
        raw = connect(address, self._timeout)
        try:
            return context.wrap_socket(raw, server_hostname=host)
        except BaseException:
            raw.close()
            raise


def _trusting(ca: Path | None) -> ssl.SSLContext:
    """Trust these authorities alone; without any, those of this host. Raises OSError."""
    files = sorted(ca.glob("*/fullchain.pem")) if ca and ca.is_dir() else [ca] if ca else []
    if ca and not files:
        raise FileNotFoundError(errno.ENOENT, "no fullchain.pem below it")
    context = ssl.create_default_context(cafile=str(files[0]) if files else None)
    for file in files[1:]:
        context.load_verify_locations(file)
    # Python's default since 3.13; mail clients do not have it. It refuses what many authorities
    # of one's own have signed (certificates/directory.py).
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def _unchecked() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def lacks_name(error: Exception) -> bool:
    """Whether a certificate was shown, and does not have the name that was asked for."""
    return isinstance(error, ssl.SSLCertVerificationError) and error.verify_code == _OTHER_NAME


def explain(error: OSError | http.client.HTTPException, host: str) -> str:
    """Why there is no answer, and what to do."""
    if lacks_name(error):
        return LACKING
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"its certificate is not trusted: {error.verify_message.rstrip('.')}; name the root of "
            "its authority (autoconfig_certificates_acme_root_file, or --ca)"
        )
    if isinstance(error, ssl.SSLError) and _UNRECOGNIZED_NAME in (error.reason or ""):
        return "nginx does not serve this name; run the playbook again"
    if isinstance(error, socket.gaierror):
        return f"no such name; add a DNS record for {host}"
    if isinstance(error, TimeoutError):
        return "no answer in time; does a firewall block this port?"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused; is nginx running?"
    if isinstance(error, FileNotFoundError):
        return "there is no socket of the responder; is mail-autoconfig.socket active?"
    if isinstance(error, OSError):
        return f"{error.strerror or error}; see the log of nginx"
    return f"no HTTP answer ({type(error).__name__}); is this port nginx's?"
