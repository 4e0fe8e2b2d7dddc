from __future__ import annotations

import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from mail_autoconfig.cli import main
from support.local_servers import in_thread


class Service(BaseHTTPRequestHandler):
    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status if self.path == "/healthz" else 404)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Service)
    with in_thread(server):
        yield str(server.server_port)


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
def test_health(
    port: str,
    status: int,
    code: int,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Service, "status", status)
    assert main(["health", "--port", port]) == code
    assert capsys.readouterr().err == ("" if status == 200 else f"port {port}: status 503\n")


def test_health_where_nobody_listens(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        assert main(["health", "--port", str(port)]) == 1
    assert capsys.readouterr().err.startswith(f"port {port}: no answer: ")


@pytest.mark.parametrize("seconds", ["-1", "soon"])
def test_drain_is_a_number(seconds: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["serve", "--drain", seconds, "config.json"])
    assert "not a number of seconds" in capsys.readouterr().err
