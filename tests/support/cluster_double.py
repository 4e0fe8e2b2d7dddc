"""A Kubernetes API on this machine: it records what is changed."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from mail_autoconfig.issuer.api import Cluster
from support.local_servers import certificate, in_thread


@dataclass
class Api:
    """`changes` are path, type and content of each request; `refusal` is the next answer."""

    cluster: Cluster
    changes: list[tuple[str, str, Any]] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    refusal: tuple[int, bytes] | None = None


@contextmanager
def api(directory: Path) -> Iterator[Api]:
    """The API, while it answers."""
    pem = certificate(directory, ["localhost"])
    (directory / "ca.crt").write_text(pem.read_text().partition("-----BEGIN PRIVATE")[0])
    (directory / "token").write_text("t0ken\n")

    class Handler(BaseHTTPRequestHandler):
        def do_PATCH(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.tokens.append(self.headers["Authorization"])
            found.changes.append((self.path, self.headers["Content-Type"], json.loads(body)))
            status, answer = found.refusal or (200, b"{}")
            self.send_response(status)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    url = f"https://localhost:{server.server_address[1]}"
    found = Api(Cluster(url, "mail", directory))
    with in_thread(server):
        yield found
