"""Clients that ask all the while, none of which may fail."""

from __future__ import annotations

import http.client
import itertools
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from kubernetes.cluster import eventually, kill, settled

CLIENTS = 4
_PAUSE = 0.02
_SEEN = 5  # seconds until Kubernetes has seen that a program ended
PATH = "/mail/config-v1.1.xml?emailaddress=anna%40"


class Load:
    """Asks at each address in turn, each time on a new connection, and expects the answer."""

    def __init__(
        self,
        addresses: Sequence[str],
        port: int,
        domain: str,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self.answers = 0
        self.failures: list[str] = []
        self.last = 0.0  # when one failed, by the monotonic clock
        self.over = threading.Event()
        self._addresses = itertools.cycle(addresses)
        self._port = port
        self._domain = domain
        self._context = context

    def work(self) -> None:
        """Ask until it is over."""
        while not self.over.wait(_PAUSE):
            try:
                self._ask()
                self.answers += 1
            except (OSError, http.client.HTTPException) as error:
                self._failed(type(error).__name__)

    def _ask(self) -> None:
        status, body = ask(next(self._addresses), self._port, self._domain, context=self._context)
        if status != 200 or b"</clientConfig>" not in body:
            self._failed(f"status {status}")

    def _failed(self, why: str) -> None:
        self.failures.append(why)
        self.last = time.monotonic()


def ask(
    address: str, port: int, domain: str, path: str = "", context: ssl.SSLContext | None = None
) -> tuple[int, bytes]:
    """Ask by TLS, or without a `context` as a proxy does that has taken it.

    Raises OSError or HTTPException.
    """
    name = f"autoconfig.{domain}"
    headers = {"Host": name, "Connection": "close"}
    connection = http.client.HTTPConnection(address, port, timeout=10)
    if context is None:
        headers |= {"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "https"}
    try:
        connection.connect()
        if context:
            connection.sock = context.wrap_socket(connection.sock, server_hostname=name)
        connection.request("GET", path or f"{PATH}{domain}", headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@contextmanager
def load(
    addresses: Sequence[str], port: int, domain: str, context: ssl.SSLContext | None = None
) -> Iterator[Load]:
    """Load meanwhile, before and after; the caller looks at its failures."""
    found = Load(addresses, port, domain, context)
    threads = [threading.Thread(target=found.work) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    try:
        eventually(lambda: found.answers > 50, 20)
        yield found
        so_far = found.answers
        eventually(lambda: found.answers > so_far + 50, 20)
    finally:
        found.over.set()
        for thread in threads:
            thread.join()
        print(f"{found.answers} answers, {len(found.failures)} failed", flush=True)


@contextmanager
def no_failure(
    addresses: Sequence[str], port: int, domain: str, context: ssl.SSLContext | None = None
) -> Iterator[None]:
    """Load, all of which is answered."""
    with load(addresses, port, domain, context) as found:
        yield
    assert found.failures == []


def kill_hard(found: Load, pod: str, container: str) -> None:
    """Under this load: what fails does so until Kubernetes sees it, and no longer than that."""
    killed = time.monotonic()
    kill(pod, container)
    time.sleep(_SEEN)
    so_far = len(found.failures)
    settled()
    time.sleep(2)
    assert len(found.failures) == so_far
    last = max(found.last - killed, 0)
    print(f"the last failed {last:.1f} s after the end of {container}: {set(found.failures)}")
