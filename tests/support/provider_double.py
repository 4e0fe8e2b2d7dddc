"""A double of two DNS providers' APIs, on a port of this machine, that records its calls.

It knows of Gandi's LiveDNS and OVH's API what octoDNS's providers ask of them, by their public
documentation; it is no proof of what the providers' own servers do.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from support.local_servers import in_thread

TOKEN = "token-of-the-double"
ZONE = "example.com"
Answer = tuple[int, Any]


class Double:
    """Holds one zone: rows of name, type, TTL, value."""

    def __init__(self) -> None:
        self.rows: dict[int, tuple[str, str, int, str]] = {}
        self.calls: list[str] = []
        self.writes_left = 1000
        self.url = ""
        for row in ("@", "A", 600, "192.0.2.80"), ("www", "A", 600, "192.0.2.81"):
            self.add(*row)

    def add(self, name: str, type_: str, ttl: int, value: str) -> int:
        number = max(self.rows, default=0) + 1
        self.rows[number] = (name, type_, ttl, value)
        return number

    def find(self, name: str | None = None, type_: str | None = None) -> list[int]:
        return [
            number
            for number, row in self.rows.items()
            if name in (None, row[0]) and type_ in (None, row[1])
        ]

    def content(self) -> set[tuple[str, str, int, str]]:
        return set(self.rows.values())

    def writes(self) -> list[str]:
        return [call for call in self.calls if not call.startswith("GET")]

    def answer(self, method: str, target: str, body: Any, token: str) -> Answer:
        self.calls.append(f"{method} {target}")
        if method != "GET":
            if not self.writes_left:
                return 500, {"message": "the double's power is out"}
            self.writes_left -= 1
        path, query = urlsplit(target).path.split("/")[1:], parse_qs(urlsplit(target).query)
        if path[0] == "livedns":
            if token != f"Bearer {TOKEN}":
                return 401, {"message": "The server could not verify that you are authorized"}
            return self.gandi(method, path[2:], body)
        if path == ["auth", "time"]:
            return 200, 0
        return self.ovh(method, path[2:], query, body)

    def gandi(self, method: str, path: list[str], body: Any) -> Answer:
        """https://api.gandi.net/docs/livedns/"""
        match method, path:
            case _, [zone, *_] if zone != ZONE:
                return 404, {"message": "Unknown domain"}
            case "GET", [_]:
                return 200, {"fqdn": ZONE}
            case "GET", [_, "records"]:
                sets: dict[tuple[str, str], dict[str, Any]] = {}
                for name, type_, ttl, value in self.rows.values():
                    found = sets.setdefault(
                        (name, type_),
                        {"rrset_name": name, "rrset_type": type_, "rrset_ttl": ttl},
                    )
                    found.setdefault("rrset_values", []).append(value)
                return 200, list(sets.values())
            case "POST", [_, "records"]:
                name, type_ = body["rrset_name"], body["rrset_type"]
                if self.find(name, type_):
                    return 409, {"message": "A DNS Record already exists with same value"}
                for value in body["rrset_values"]:
                    text = type_ == "TXT" and not value.startswith('"')
                    self.add(name, type_, body["rrset_ttl"], f'"{value}"' if text else value)
                return 201, {"message": "DNS Record Created"}
            case "DELETE", [_, "records", name, type_]:
                for number in self.find(name, type_):
                    del self.rows[number]
                return 204, None
        return 404, {"message": "Not found"}

    def ovh(self, method: str, path: list[str], query: dict[str, list[str]], body: Any) -> Answer:
        """https://api.ovh.com/console/#/domain"""
        match method, path:
            case _, [zone, *_] if zone != ZONE:
                return 404, {"message": "This service does not exist"}
            case "GET", [_, "record"]:
                (name,), (type_,) = query.get("subDomain", [None]), query.get("fieldType", [None])
                return 200, self.find(name or None, type_)
            case "GET", [_, "record", number]:
                name, type_, ttl, value = self.rows[int(number)]
                row = {"subDomain": name.strip("@"), "fieldType": type_, "ttl": ttl}
                return 200, row | {"target": value}
            case "POST", [_, "record"]:
                name = body["subDomain"] or "@"
                return 200, self.add(name, body["fieldType"], body["ttl"], body["target"])
            case "DELETE", [_, "record", number]:
                del self.rows[int(number)]
                return 200, None
            case "POST", [_, "refresh"]:
                return 200, None
        return 404, {"message": "Not found"}


@contextmanager
def running() -> Iterator[Double]:
    """The double, while it answers at its `url`."""
    double = Double()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length) or "null")
            token = self.headers.get("Authorization", "")
            status, content = double.answer(self.command, self.path, body, token)
            sent = b"" if status == 204 else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(sent)))
            if isinstance(content, list):
                self.send_header("total-count", str(len(content)))
            self.end_headers()
            self.wfile.write(sent)

        do_GET = do_POST = do_DELETE = answer  # noqa: N815

        def log_message(self, *_: Any) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    double.url = f"http://127.0.0.1:{server.server_port}"
    with in_thread(server):
        yield double
