"""The answers for the authority, to which the front ends pass its questions on; and the metrics."""

from __future__ import annotations

import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

CHALLENGES = ".well-known/acme-challenge"
_TOKEN = re.compile(rf"/{re.escape(CHALLENGES)}/([A-Za-z0-9_-]{{1,200}})")
_TIMEOUT = 10  # seconds for a client's next word


def serve(port: int, webroot: Path, metrics: Path, host: str = "") -> ThreadingHTTPServer:
    """Answer in a thread until the process ends. Raises OSError."""

    class Handler(BaseHTTPRequestHandler):
        timeout = _TIMEOUT

        def do_GET(self) -> None:
            content = _content(self.path, webroot, metrics)
            self.send_response(404 if content is None else 200)
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *_arguments: object) -> None:
            """Nothing: what is ordered is said by the run."""

    server = ThreadingHTTPServer((host, port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def _content(path: str, webroot: Path, metrics: Path) -> bytes | None:
    if path == "/healthz":
        return b"ok\n"
    token = _TOKEN.fullmatch(path)
    file = metrics if path == "/metrics" else webroot / CHALLENGES / token[1] if token else None
    try:
        return file.read_bytes() if file else None
    except OSError:
        return None
