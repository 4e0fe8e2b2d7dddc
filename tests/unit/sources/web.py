"""A small HTTP server at 127.0.0.1, for one test."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any


@contextmanager
def serving(
    answers: Mapping[str, tuple[int, str]],
    certificate: Path | None = None,
    links: Mapping[str, str] | None = None,
) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Answer each path; yield the URL, and the headers of each request, in lower case.

    With a certificate it is https://localhost; `links` has the header Link of some paths.
    """
    asked: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append({name.lower(): value for name, value in self.headers.items()})
            code, body = answers.get(self.path, (404, ""))
            self.send_response(code)
            if code == 302:
                self.send_header("Location", body)
            if self.path in (links or {}):
                self.send_header("Link", (links or {})[self.path])
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_arguments: object) -> None:
            pass

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    if certificate:
        context.load_cert_chain(certificate)

    class Server(HTTPServer):
        def get_request(self) -> tuple[socket.socket, Any]:
            raw, address = super().get_request()
            try:
                return context.wrap_socket(raw, server_side=True) if certificate else raw, address
            except OSError:  # whoever asks does not like the certificate
                raw.close()
                raise

    with Server(("127.0.0.1", 0), Handler) as server:
        place = "https://localhost" if certificate else "http://127.0.0.1"
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"{place}:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()
