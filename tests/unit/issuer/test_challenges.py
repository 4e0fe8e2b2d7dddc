from __future__ import annotations

from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from mail_autoconfig.issuer.challenges import CHALLENGES, serve


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    (tmp_path / CHALLENGES).mkdir(parents=True)
    (tmp_path / CHALLENGES / "t0ken_-").write_text("proof")
    (tmp_path / "secret").write_text("secret")
    server = serve(0, tmp_path, tmp_path / "metrics", "127.0.0.1")
    yield int(server.server_address[1])
    server.shutdown()
    server.server_close()


def ask(port: int, path: str) -> tuple[int, bytes]:
    connection = HTTPConnection("127.0.0.1", port)
    connection.request("GET", path)
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/.well-known/acme-challenge/t0ken_-", (200, b"proof")),
        ("/.well-known/acme-challenge/other", (404, b"")),
        ("/.well-known/acme-challenge/", (404, b"")),
        ("/.well-known/acme-challenge/../../secret", (404, b"")),
        ("/.well-known/acme-challenge/..%2f..%2fsecret", (404, b"")),
        ("/secret", (404, b"")),
        ("/healthz", (200, b"ok\n")),
        ("/metrics", (404, b"")),
    ],
)
def test_answers(port: int, path: str, answer: tuple[int, bytes]) -> None:
    assert ask(port, path) == answer


def test_metrics_of_the_last_look(port: int, tmp_path: Path) -> None:
    (tmp_path / "metrics").write_text("a 1\n")
    assert ask(port, "/metrics") == (200, b"a 1\n")
