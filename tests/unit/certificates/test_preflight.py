from __future__ import annotations

import errno
import os
import socket
import struct
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import dns.name
import dns.rdata
import dns.rdatatype
import dns.resolver
import pytest

from mail_autoconfig.certificates import preflight as name_check
from mail_autoconfig.certificates.caa import Issuer
from mail_autoconfig.certificates.preflight import Lookup, check, token
from support.local_servers import in_thread

NOBODY = Issuer(frozenset())
CA = Issuer(frozenset({"ca.test"}), "https://ca.test/1", "http-01")


class Resolver(dns.resolver.Resolver):
    """Knows some records: (name, type) -> their texts; None: its name servers do not answer."""

    def __init__(self, records: Mapping[tuple[str, str], list[str] | None]) -> None:
        super().__init__(configure=False)
        self.records = records
        self.asked: list[tuple[str, str]] = []

    def resolve(self, qname: Any, rdtype: Any = "A", *_: Any, **__: Any) -> Any:
        question = str(qname).rstrip("."), str(rdtype)
        self.asked.append(question)
        if question not in self.records:
            exists = any(name == question[0] for name, _ in self.records)
            raise dns.resolver.NoAnswer if exists else dns.resolver.NXDOMAIN
        texts = self.records[question]
        if texts is None:
            raise dns.resolver.NoNameservers
        return [dns.rdata.from_text("IN", rdtype, text) for text in texts]


def found(_name: str, _address: str) -> str:
    return ""


def problem(records: Mapping[tuple[str, str], list[str] | None], name: str = "a.b.test") -> str:
    base: Mapping[tuple[str, str], list[str] | None] = {("a.b.test", "A"): ["192.0.2.1"]}
    return Lookup(CA, Resolver({**base, **records})).problem(name, found)


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ({}, ""),
        ({("a.b.test", "A"): None}, "its name servers do not answer"),
        ({("a.b.test", "CAA"): None}, "its name servers do not answer"),
        ({("a.b.test", "CAA"): ['0 issue "ca.test"']}, ""),
        ({("a.b.test", "CAA"): ['0 issue "CA.test; validationmethods=http-01"']}, ""),
        ({("a.b.test", "CAA"): ['0 issue "x.test"']}, "CAA of a.b.test allows x.test"),
        (
            {("a.b.test", "CAA"): ['0 issue "ca.test; validationmethods=dns-01"']},
            "CAA validationmethods of a.b.test allows dns-01, not http-01",
        ),
        # The nearest one decides.
        ({("b.test", "CAA"): ['0 issue "ca.test"'], ("test", "CAA"): ['0 issue "x.test"']}, ""),
    ],
)
def test_records(records: Mapping[tuple[str, str], list[str] | None], expected: str) -> None:
    assert problem(records) == expected


def test_no_record() -> None:
    assert problem({}, "c.test") == "no record"


def test_wildcard_without_fetching() -> None:
    lookup = Lookup(CA, Resolver({("b.test", "CAA"): ['0 issuewild "x.test"']}))
    assert lookup.problem("*.b.test", None) == "CAA of b.test allows x.test"
    assert lookup.problem("b.test", None) == ""


def test_no_caa_is_asked_for_where_the_authority_has_no_name() -> None:
    resolver = Resolver({("a.test", "A"): ["192.0.2.1"]})
    assert Lookup(NOBODY, resolver).problem("a.test", found) == ""
    assert resolver.asked == [("a.test", "A"), ("a.test", "AAAA")]


def failing(error: int) -> name_check.Fetch:
    def fetch(_name: str, address: str) -> str:
        if ":" in address:
            raise OSError(error, os.strerror(error))
        return ""

    return fetch


def test_each_address_is_asked() -> None:
    records = {("a.test", "A"): ["192.0.2.1"], ("a.test", "AAAA"): ["2001:db8::1"]}
    lookup = Lookup(NOBODY, Resolver(records))
    assert lookup.problem("a.test", lambda _name, address: address if ":" in address else "")
    refused = "port 80 of 2001:db8::1: Connection refused"
    assert lookup.problem("a.test", failing(errno.ECONNREFUSED)) == refused
    # A host without IPv6 can't say anything about it.
    assert lookup.problem("a.test", failing(errno.ENETUNREACH)) == ""
    alone = Lookup(NOBODY, Resolver({("a.test", "AAAA"): ["2001:db8::1"]}))
    assert "no record of an address" in alone.problem("a.test", failing(errno.ENETUNREACH))


def test_time_that_runs_out() -> None:
    def fetch(_name: str, _address: str) -> str:
        raise TimeoutError

    lookup = Lookup(NOBODY, Resolver({("a.test", "A"): ["192.0.2.1"]}))
    assert lookup.problem("a.test", fetch) == "port 80 of 192.0.2.1: no answer"


def test_system_without_a_resolver(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> None:
        raise dns.resolver.NoResolverConfiguration

    monkeypatch.setattr("dns.resolver.Resolver", none)
    with pytest.raises(OSError, match=r"^/etc/resolv\.conf names no name server$"):
        Lookup(NOBODY)


def test_check_names_those_that_fail() -> None:
    lookup = Lookup(NOBODY, Resolver({("a.test", "A"): ["192.0.2.1"]}))
    assert check(["a.test", "b.test", "b.test"], lookup, found) == {"b.test": "no record"}


STRANGE = {
    "/bracket": "http://[",
    "/port": "http://b.test:99999/",
    "/letter": "http://b.test:x/",
    "/mail": "http://127.0.0.1:25/",
    "/label": f"http://{'a' * 64}.test/",
}


class Handler(BaseHTTPRequestHandler):
    root: Path

    def do_GET(self) -> None:
        if self.path == "/away":
            self.send_response(302)
            self.send_header("Location", "/there")
            self.end_headers()
            return
        if self.path == "/umlaut":
            self.send_response(302)
            self.send_header("Location", "/\xe4")
            self.end_headers()
            return
        if self.path == "/round":
            self.send_response(301)
            self.send_header("Location", "/round")
            self.end_headers()
            return
        if self.path in STRANGE:
            self.send_response(302)
            self.send_header("Location", STRANGE[self.path])
            self.end_headers()
            return
        if self.path == "/slow":
            self.send_response(200)
            for _ in range(50):
                self.send_header("X", "x")
                self.flush_headers()
                time.sleep(0.1)
            return
        content = {
            "/there": b"content",
            "/other": b"content of another site",
            "/host": self.headers["Host"].encode(),
        }.get(self.path)
        self.send_response(200 if content else 404)
        self.end_headers()
        self.wfile.write(content or b"")

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    with in_thread(server):
        yield server.server_port


@pytest.mark.parametrize(
    ("path", "content", "expected"),
    [
        ("/there", b"content", ""),
        ("/host", b"a.test", ""),
        ("/other", b"content", "points elsewhere: 127.0.0.1 answers another file"),
        ("/nothing", b"content", "points elsewhere: 127.0.0.1 answers 404"),
    ],
)
def test_fetch(port: int, path: str, content: bytes, expected: str) -> None:
    assert name_check._fetch("a.test", "127.0.0.1", path, content, port) == expected


def test_redirects_are_followed(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the authority follows them; the port of the URL is that of the test."""
    import http.client

    def connection(_url: Any, _host: str) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", port)

    monkeypatch.setattr(name_check, "_connection", connection)
    assert name_check._fetch("a.test", "127.0.0.1", "/away", b"content", port) == ""
    said = name_check._fetch("a.test", "127.0.0.1", "/round", b"content", port)
    assert said == "points elsewhere: 127.0.0.1 answers 301"
    said = name_check._fetch("a.test", "127.0.0.1", "/umlaut", b"content", port)
    assert said == "points elsewhere: 127.0.0.1 does not speak HTTP at port 80"


@pytest.mark.parametrize("path", STRANGE)
def test_answer_of_a_stranger_is_that_names_problem_alone(port: int, path: str) -> None:
    said = name_check._fetch("a.test", "127.0.0.1", path, b"content", port)
    assert said.startswith("points elsewhere: 127.0.0.1 ")


def test_answer_that_does_not_end(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(name_check, "_LONGEST", 0.3)
    begun = time.monotonic()
    said = name_check._fetch("a.test", "127.0.0.1", "/slow", b"content", port)
    assert said.startswith("points elsewhere: 127.0.0.1 ")
    assert time.monotonic() - begun < 3


@pytest.mark.parametrize("late", [False, True])
def test_connection_that_is_reset(late: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """So ends too what is cut, if the server sends on just then; here nothing cuts it before."""
    monkeypatch.setattr(name_check, "_LONGEST", 0.0 if late else 20.0)
    monkeypatch.setattr(name_check, "_cut", lambda _socket: None)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            asked, _address = server.accept()
            asked.recv(1000)
            asked.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            asked.close()

        with ThreadPoolExecutor(1) as pool:
            answering = pool.submit(answer)
            port = server.getsockname()[1]
            said = None
            with nullcontext() if late else pytest.raises(ConnectionResetError):
                said = name_check._fetch("a.test", "127.0.0.1", "/", b"content", port)
            answering.result()
    assert said == ("points elsewhere: 127.0.0.1 does not speak HTTP at port 80" if late else None)


def test_caa_record_that_is_no_text() -> None:
    record = ('0 issue "\\255"',)
    said = problem({("a.b.test", "CAA"): [*record]})
    # dnspython 2.3 of Debian 12 makes a letter of the escape, later ones the octet that it is.
    assert said in ("CAA of a.b.test allows \ufffd", "CAA of a.b.test allows \u00ff")


def test_port_that_is_closed(port: int) -> None:
    with pytest.raises(ConnectionRefusedError):
        name_check._fetch("a.test", "127.0.0.9", "/", b"", port)


def test_token_is_there_while_it_is_needed(tmp_path: Path) -> None:
    directory = tmp_path / name_check.CHALLENGES
    directory.mkdir(parents=True)
    with token(tmp_path):
        (path,) = directory.iterdir()
        assert path.stat().st_mode & 0o777 == 0o644
        assert len(path.read_text()) > 40
    assert list(directory.iterdir()) == []
