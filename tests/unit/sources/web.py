"""A small HTTP server at 127.0.0.1, for one test."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread


@contextmanager
def serving(
    answers: Mapping[str, tuple[int, str]], certificate: Path | None = None
) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Answer each path; yield the URL, and the headers of each request, in lower case.

    With a certificate it is https://localhost.
    """
    asked: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append({name.lower(): value for name, value in self.headers.items()})
            code, body = answers.get(self.path, (404, ""))
            self.send_response(code)
            if code == 302:
                self.send_header("Location", body)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_arguments: object) -> None:
            pass

    class Server(HTTPServer):
        def handle_error(self, *_arguments: object) -> None:
            pass

    with Server(("127.0.0.1", 0), Handler) as server:
        scheme, host = "http", "127.0.0.1"
        if certificate:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
            scheme, host = "https", "localhost"
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"{scheme}://{host}:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()
