"""How `make demo` ends: the report, a line for each client, the page that opens in a browser."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from mail_autoconfig.inventory.read import parse
from support.local_servers import in_thread

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
LAB = (ROOT / "demo/group_vars/all/lab.yml").read_text("utf-8")


def module(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"demo_{name}", ROOT / f"demo/{name}.py")
    assert spec
    assert spec.loader
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


LOOK, RECORDS = module("look"), module("records")


def client(slug: str, title: str, verdict: str, *servers: str) -> dict[str, Any]:
    settings = []
    for server in servers:
        kind, host, port = re.split("[ :]", server)
        settings.append({"type": kind, "host": host, "port": int(port)})
    return {"client": slug, "title": title, "verdict": verdict, "settings": settings}


OUTLOOK = client(
    "outlook", "Outlook (classic)", "found", "imap a.test:993", "pop3 a.test:995", "smtp b.test:465"
)
REPORT = {
    "domains": [
        {
            "address": "user@example.test",
            "clients": [
                OUTLOOK,
                client("apple", "Apple Mail (profile)", "asks", "imap a.test:993", "imap c.test:1"),
                client("pacc", "Clients of PACC (draft)", "fails"),
                client("windows-mail", "Mail of Windows 10", "fails"),
            ],
        },
        {"address": "user@corp.test", "clients": [OUTLOOK]},
    ]
}


def test_each_client_has_one_line() -> None:
    """Also one that fails; but none for a client that is no more."""
    assert LOOK.summary(REPORT) == (
        "user@example.test\n"
        "  Outlook (classic) finds imap a.test:993, smtp b.test:465\n"
        "  Apple Mail (profile) finds, after a question, imap c.test:1\n"
        "  Clients of PACC (draft) finds nothing\n"
        "\n"
        "user@corp.test\n"
        "  Outlook (classic) finds imap a.test:993, smtp b.test:465"
    )


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, bytes]]:
    """What a server on this machine answers by path; the page by default."""
    answers = {"/": b"<form method=post>", "/settings": b"<h2>user@example.test</h2>"}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            self.send_response(200 if answers[self.path] else 502)
            self.send_header("Content-Length", str(len(answers[self.path])))
            self.end_headers()
            self.wfile.write(answers[self.path])

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("localhost", 0), Handler)
    monkeypatch.setattr(LOOK, "PAGE_PORT", server.server_port)
    with in_thread(server):
        yield answers


@pytest.mark.parametrize(("path", "answer"), [("/", b""), ("/", b"nginx"), ("/settings", b"")])
def test_page_that_does_not_come_is_said(
    path: str,
    answer: bytes,
    browser: dict[str, bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    ready(tmp_path, monkeypatch, code=0)
    browser[path] = answer
    assert LOOK.main() == 1
    printed = capsys.readouterr()
    assert printed.err == f"http://localhost:{LOOK.PAGE_PORT}/ does not show the page\n"


@pytest.mark.parametrize(("code", "result"), [(0, 0), (1, 0), (2, 1)])
def test_end_of_the_demo(
    code: int,
    result: int,
    browser: dict[str, bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """An error of the doctor's makes it 1, a warning does not; the last lines come all the same."""
    assert browser
    ready(tmp_path, monkeypatch, code=code)
    assert LOOK.main() == result
    lines = capsys.readouterr().out.splitlines()
    assert "  Outlook (classic) finds imap a.test:993, smtp b.test:465" in lines
    assert f"    http://localhost:{LOOK.PAGE_PORT}/" in lines
    assert [line for line in lines if len(line) > 100] == []
    said = set(re.findall(r"\bmake ([\w-]+)", "\n".join(lines)))
    assert said == {"demo-xml", "demo-down"}
    assert said <= set(re.findall(r"^([\w-]+):", MAKEFILE, re.MULTILINE))


def ready(directory: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    """Let a report be there, and the doctor end with a code."""
    report = directory / "doctor.json"
    report.write_text(json.dumps(REPORT), "utf-8")
    monkeypatch.setattr(LOOK, "REPORT", report)
    monkeypatch.setattr(LOOK, "HTML", Path("/d/doctor.html"))
    monkeypatch.setattr(LOOK, "examine", lambda _addresses: code)
    monkeypatch.setattr("sys.argv", ["look.py", "user@example.test", "user@corp.test"])


def test_report_is_over_the_domains_that_the_demo_asks_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    called: list[list[str]] = []

    def run(command: list[str], **_: object) -> object:
        called.append(command)
        return type("Done", (), {"returncode": 1})

    monkeypatch.setattr("subprocess.run", run)
    assert LOOK.examine(["user@example.test"]) == 1
    (command,) = called
    assert command[:2] == ["mail-autoconfig", "doctor"]
    assert command[-1] == "user@example.test"
    assert "198.18.10.0/24" in LAB  # where the name server has the second address
    assert command[command.index("--name-server") + 1] == "198.18.10.2"


def test_port_of_the_page_is_the_same_everywhere() -> None:
    site = (ROOT / "demo/page.yml").read_text("utf-8")
    (inside,) = re.findall(r"listen (\d+);", site)
    assert f"'DEMO_PAGE_PORT', default='{LOOK.PAGE_PORT}') }}}}:{inside}" in LAB
    assert f"DEMO_PAGE_PORT ?= {LOOK.PAGE_PORT}\n" in MAKEFILE
    assert re.search(r"^export .*\bDEMO_PAGE_PORT\b", MAKEFILE, re.MULTILINE)


def test_domains_that_are_asked_for_have_their_records() -> None:
    asked = re.search(r"^DEMO_ADDRESSES := (.*)$", MAKEFILE, re.MULTILINE)
    assert asked
    domains = " ".join(address.partition("@")[2] for address in asked[1].split())
    assert f"{{{{ lab_servers[0].address }}}} {domains}\n" in LAB


def test_mail_server_has_each_name_that_the_domains_give() -> None:
    asked = re.search(r"^DEMO_ADDRESSES := (.*)$", MAKEFILE, re.MULTILINE)
    assert asked
    configuration = RECORDS.load(RECORDS.INVENTORY)
    hosts = {
        server.host
        for address in asked[1].split()
        for server in configuration.domains[address.partition("@")[2]].settings.mail_servers
    }
    assert hosts == set(yaml.safe_load(LAB)["lab_mail_names"])


def test_records_are_options_of_dnsmasq() -> None:
    servers = [{"type": "imap", "host": "m.test"}, {"type": "smtp", "host": "m.test", "port": 465}]
    domain = {"name": "a.test", "servers": servers, "pacc": True}
    other = {"name": "b.test", "servers": servers}
    made = set(RECORDS.options(parse({"domains": [domain, other]}), "192.0.2.1", ["a.test"]))
    assert {"srv-host=_imaps._tcp.a.test,m.test,993,0,1", "srv-host=_pop3._tcp.a.test"} < made
    assert not [each for each in made if "b.test" in each]
    (digest,) = (each for each in made if each.startswith("txt-record"))
    assert re.fullmatch('txt-record=_ua-auto-config.a.test,v=UAAC1; a=sha256; d=[^"]+', digest)
