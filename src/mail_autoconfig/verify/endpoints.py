"""Where a deployed server is, and how to ask it."""

from __future__ import annotations

import http.client
import itertools
import socket
import ssl
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

_TIMEOUT = 10.0  # seconds for each step of a request
_PATIENCE = 120  # seconds to wait for the server's rate limit
_LONGEST_ANSWER = 1 << 20  # octets
_CLIENTS = [f"192.0.2.{last}" for last in range(1, 255)]  # addresses of nobody (RFC 5737)


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer."""

    status: int
    content_type: str
    location: str
    body: bytes


class Endpoints:
    """Where and how to connect: by DNS, to one address for all names, or as a proxy does."""

    def __init__(
        self,
        https: tuple[str, int] | None = None,
        http: tuple[str, int] | None = None,
        ca: Path | None = None,
        insecure: bool = False,
        as_proxy: tuple[str, int] | None = None,
        timeout: float = _TIMEOUT,
    ) -> None:
        """Connect to these hosts and ports, whatever DNS says; trust `ca` (PEM) alone.

        `insecure` trusts each certificate. `as_proxy` is where nginx listens for another web
        server: all requests go there without TLS, each as that of another client. `timeout` is
        in seconds, for each step of a request. Raises OSError if `ca` has no certificates.
        """
        self._addresses = {"https": as_proxy or https, "http": as_proxy or http}
        self._timeout = timeout
        self._clients = itertools.cycle(_CLIENTS) if as_proxy else None
        self._context = ssl.create_default_context(cafile=str(ca) if ca else None)
        if insecure:
            self._context.check_hostname = False
            self._context.verify_mode = ssl.CERT_NONE

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

    def ask_once(self, method: str, url: str, body: bytes | None = None) -> Answer:
        """Send one request. Raises OSError, http.client.HTTPException."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        default_port = 443 if parts.scheme == "https" else 80
        address = self._addresses[parts.scheme] or (host, default_port)
        connection = http.client.HTTPConnection(host, timeout=self._timeout)
        headers = {"Content-Type": "text/xml; charset=utf-8"} if body else {}
        if self._clients:
            headers["X-Forwarded-For"] = next(self._clients)
            headers["X-Forwarded-Proto"] = parts.scheme
        try:
            connection.sock = socket.create_connection(address, self._timeout)
            if parts.scheme == "https" and not self._clients:
                connection.sock = self._context.wrap_socket(connection.sock, server_hostname=host)
            target = parts.path + (f"?{parts.query}" if parts.query else "")
            connection.request(method, target, body, headers)
            response = connection.getresponse()
            return Answer(
                response.status,
                response.getheader("Content-Type", ""),
                response.getheader("Location", ""),
                response.read(_LONGEST_ANSWER),
            )
        finally:
            connection.close()


def explain(error: OSError | http.client.HTTPException, host: str) -> str:
    """Why there is no answer, and what to do."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"certificate verify failed: {error.verify_message.rstrip('.')}; "
            f"order a certificate for {host}, or name its authority with --ca"
        )
    if isinstance(error, socket.gaierror):
        return f"no such name; add a DNS record for {host}"
    if isinstance(error, TimeoutError):
        return "no answer in time; does a firewall block this port?"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused; is nginx running?"
    if isinstance(error, OSError):
        return f"{error.strerror or error}; see the log of nginx"
    return f"no HTTP answer ({type(error).__name__}); is this port nginx's?"
