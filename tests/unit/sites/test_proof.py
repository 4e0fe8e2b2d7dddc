from __future__ import annotations

import errno
import socket
import threading
from collections.abc import Iterator

import pytest

from mail_autoconfig.sites.proof import Question, unproven
from mail_autoconfig.sites.settings import Place

HERE = Place("127.0.0.1", 80, False)


def test_answer_of_an_old_worker_does_not_count() -> None:
    said = iter(["200 old", "", "200 new"])

    def ask(_question: Question, _path: str) -> str:
        if answer := next(said):
            return answer
        raise ConnectionRefusedError(errno.ECONNREFUSED, "refused")

    assert unproven([(HERE, "a.test")], "/", "new", ask, patience=9) == ""
    said = iter(["200 old"])
    assert unproven([(HERE, "a.test")], "/", "new", ask, patience=-1) == (
        "http://a.test at 127.0.0.1 port 80: something else answers"
    )


def test_host_without_ipv6() -> None:
    def ask(_question: Question, _path: str) -> str:
        raise OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address")

    assert unproven([(HERE, "a.test")], "/", "new", ask, patience=-1) == ""


@pytest.fixture
def server() -> Iterator[Place]:
    """Answers one request with its first lines."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            wire, _address = listening.accept()
            with wire:
                wire.sendall(b"200 " + wire.recv(1000))

        thread = threading.Thread(target=answer)
        thread.start()
        yield Place("127.0.0.1", listening.getsockname()[1], False)
        thread.join()


def test_what_is_asked(server: Place) -> None:
    assert unproven([(server, "a.test")], "/x", "GET /x HTTP/1.1\r\nHost: a.test\r\n") == ""
