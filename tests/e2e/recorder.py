"""Runs in a container: a web server of http and https that keeps what it is asked.

``recorder.py AUTHORITY ANSWERS NAME…`` makes a certificate for the names, writes the CA that signed
it to the file AUTHORITY, and prints a line of JSON for each request: client, method, URL, body.
ANSWERS is JSON, from "METHOD URL" without a query to status, headers and body; all else is answered
404.
"""

import json
import ssl
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


def make_certificate(authority: Path, names: list[str]) -> None:
    """Write key.pem and cert.pem, and the CA."""
    new = ["openssl", "req", "-quiet", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30"]
    ca = ["-subj", "/CN=Recorder CA", "-addext", "keyUsage=critical,keyCertSign"]
    subprocess.run([*new, *ca, "-keyout", "ca.key", "-out", authority], check=True)
    alternatives = ",".join(f"DNS:{name}" for name in names)
    leaf = ["-CA", str(authority), "-CAkey", "ca.key", "-subj", "/CN=Recorder"]
    leaf += ["-addext", f"subjectAltName={alternatives}"]
    leaf += ["-addext", "basicConstraints=critical,CA:FALSE"]
    subprocess.run([*new, *leaf, "-keyout", "key.pem", "-out", "cert.pem"], check=True)


def handler(scheme: str, answers: dict[str, Any]) -> type[BaseHTTPRequestHandler]:
    """What answers on the port of a scheme."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            url = f"{scheme}://{self.headers['Host']}{self.path}"
            asked = {
                "client": self.client_address[0],
                "method": self.command,
                "url": url,
                "body": body.decode(),
            }
            print(json.dumps(asked), flush=True)
            key = f"{self.command} {url.partition('?')[0]}"
            status, headers, text = answers.get(key, (404, {}, ""))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        do_POST = do_GET  # noqa: N815

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
            """Say nothing."""

    return Handler


def main() -> None:
    """Answer until the container ends."""
    authority, answers = Path(sys.argv[1]), json.loads(sys.argv[2])
    make_certificate(authority, sys.argv[3:])
    https = ThreadingHTTPServer(("", 443), handler("https", answers))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain("cert.pem", "key.pem")
    # The handshake waits for the thread of its connection.
    https.socket = context.wrap_socket(
        https.socket, server_side=True, do_handshake_on_connect=False
    )
    http = ThreadingHTTPServer(("", 80), handler("http", answers))
    threading.Thread(target=https.serve_forever).start()
    print(json.dumps("ready"), flush=True)
    http.serve_forever()


if __name__ == "__main__":
    main()
