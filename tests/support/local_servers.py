"""Servers on ports of this machine: a web server that a function answers for, a name server."""

from __future__ import annotations

import datetime
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from support.answers import Reply

Answer = Callable[[str, str, str, str, bytes], Reply]
"""Scheme, as a proxy in front says it, method, Host, path with query, body → the reply."""


def certificate(directory: Path, names: Iterable[str], days: int = 1) -> Path:
    """A self-signed certificate with its key; it is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder("test", "test", key, days).add_extension(
        x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), False
    )
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
    return _written(directory / "certificate.pem", builder.sign(key, hashes.SHA256()), key)


def of_an_authority(directory: Path, names: Iterable[str]) -> tuple[Path, Path]:
    """The certificate of an authority of one's own, and one of it with its key.

    Without key identifiers, as many such authorities make them.
    """
    root, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    own = _builder("root", "root", root).add_extension(x509.BasicConstraints(True, None), True)
    leaf = _builder("test", "root", key).add_extension(
        x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), False
    )
    return (
        _written(directory / "root.pem", own.sign(root, hashes.SHA256()), root),
        _written(directory / "leaf.pem", leaf.sign(root, hashes.SHA256()), key),
    )


def _builder(
    subject: str, issuer: str, key: ec.EllipticCurvePrivateKey, days: int = 1
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=10))
        .not_valid_after(now + datetime.timedelta(days=days))
    )


def _written(path: Path, made: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> Path:
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


class _QuietServer(ThreadingHTTPServer):
    request_queue_size = 128  # many threads ask at once

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that gives up is what some tests are about."""


@contextmanager
def in_thread(server: socketserver.BaseServer) -> Iterator[None]:
    """Let it serve in a thread, and end without the half second that a server usually waits."""
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Web:
    """A server of http and one of https; `log` is what they were asked: scheme method URL.

    `clients` are the addresses that a proxy in front said.
    """

    def __init__(self, answer: Answer, certificate: Path) -> None:
        self.answer = answer
        self.log: list[str] = []
        self.clients: list[str] = []
        self._servers = {}
        for scheme in ("http", "https"):
            server = _QuietServer(("127.0.0.1", 0), self._handler(scheme))
            if scheme == "https":
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(certificate)
                # The handshake waits for the thread of its connection.
                server.socket = context.wrap_socket(
                    server.socket, server_side=True, do_handshake_on_connect=False
                )
            threading.Thread(target=server.serve_forever, args=(0.01,)).start()
            self._servers[scheme] = server

    def port(self, scheme: str) -> int:
        return int(self._servers[scheme].server_address[1])

    @property
    def ports(self) -> dict[int, int]:
        """The ports that replace the usual ones."""
        return {80: self.port("http"), 443: self.port("https")}

    def close(self) -> None:
        for server in self._servers.values():
            server.shutdown()
            server.server_close()

    def _handler(self, scheme: str) -> type[BaseHTTPRequestHandler]:
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                web.log.append(f"{self.command} {scheme}://{self.headers['Host']}{self.path}")
                web.clients += self.headers.get_all("X-Forwarded-For", [])
                asked = self.headers.get("X-Forwarded-Proto", scheme)
                reply = web.answer(asked, self.command, self.headers["Host"], self.path, body)
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(reply.body)

            do_POST = do_PROPFIND = do_GET  # noqa: N815

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Say nothing."""

        return Handler


class _UnixServer(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


class Unix:
    """A server of http on a unix socket that keeps its connections; `log` is as that of `Web`."""

    def __init__(self, answer: Answer, path: Path) -> None:
        self.log: list[str] = []
        self.connections = 0
        unix = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                unix.connections += 1

            def do_GET(self) -> None:
                host = self.headers["Host"]
                unix.log.append(f"{self.command} {host}{self.path}")
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                reply = answer("https", self.command, host, self.path, body)
                self.send_response(reply.status)
                length = {"content-length": str(len(reply.body))}
                for name, value in (dict(reply.headers) | length).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(reply.body)

            do_POST = do_GET  # noqa: N815

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Say nothing."""

        self._server = _UnixServer(str(path), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.01,)).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class NameServer:
    """A name server that answers by UDP.

    `known` maps "NAME TYPE" to values in the form of a zone file; `under` maps a name to the
    address of each name below it that is not known; names of `silent` get no answer.
    """

    def __init__(self) -> None:
        self.known: dict[str, list[str]] = {}
        self.under: dict[str, str] = {}
        self.silent: set[str] = set()
        self.asked: list[str] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def close(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
            end.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join()
        self._socket.close()

    def _run(self) -> None:
        while True:
            wire, peer = self._socket.recvfrom(4096)
            if not wire:
                return
            query = dns.message.from_wire(wire)
            (question,) = query.question
            name = question.name.to_text(omit_final_dot=True).lower()
            type_ = dns.rdatatype.to_text(question.rdtype)
            self.asked.append(f"{name} {type_}")
            if name not in self.silent:
                self._socket.sendto(self._answer(query, name, type_).to_wire(), peer)

    def _answer(self, query: dns.message.Message, name: str, type_: str) -> dns.message.Message:
        answer = dns.message.make_response(query)
        while type_ != "CNAME" and (target := self.known.get(f"{name} CNAME")):
            answer.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", "CNAME", target[0]))
            name = target[0].rstrip(".")
        values = self.known.get(f"{name} {type_}", [])
        above = [address for zone, address in self.under.items() if name.endswith(f".{zone}")]
        if type_ == "A" and not values:
            values = above[:1]
        if values:
            answer.answer.append(dns.rrset.from_text_list(f"{name}.", 60, "IN", type_, values))
        elif not above and not any(each.startswith(f"{name} ") for each in self.known):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer
