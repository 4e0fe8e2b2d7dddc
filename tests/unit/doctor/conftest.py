"""A web server, a name server and what asks them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from answers import Reply
from local_servers import NameServer, Web, certificate
from mail_autoconfig.doctor.case import Case
from mail_autoconfig.doctor.fetch import Fetcher
from mail_autoconfig.doctor.resolve import Resolver

DOMAIN = "example.test"
HOSTS = [
    *(DOMAIN, "elsewhere.test", "generic.test", "autoconfig.mx.test", "autoconfig.test"),
    *(f"{prefix}.{DOMAIN}" for prefix in ("autoconfig", "autodiscover", "ua-auto-config", "dav")),
]


class World:
    """What a doctor meets: `replies` maps "METHOD URL", or the URL alone, to what is answered.

    All names below `test` lead to the web server, which has a certificate for HOSTS.
    """

    def __init__(self, directory: Path) -> None:
        self.replies: dict[str, Reply] = {}
        self.ca = certificate(directory, HOSTS)
        self.web = Web(self._answer, self.ca)
        self.names = NameServer()
        self.names.under["test"] = "127.0.0.1"

    def _answer(self, scheme: str, method: str, host: str, path: str, _body: bytes) -> Reply:
        url = f"{scheme}://{host}{path}"
        asked = f"{method} {url}", url, url.partition("?")[0]
        return next((self.replies[a] for a in asked if a in self.replies), Reply(404, {}, b""))

    def resolver(self) -> Resolver:
        return Resolver("127.0.0.1", self.names.port)

    def fetcher(self, *, allow_private: bool = True, timeout: float = 5) -> Fetcher:
        return Fetcher(
            self.resolver(),
            allow_private=allow_private,
            ca=self.ca,
            timeout=timeout,
            ports=self.web.ports,
        )

    def case(self, address: str = f"user@{DOMAIN}") -> Case:
        domain = address.rpartition("@")[2]
        return Case(domain, address, self.fetcher(), self.resolver())

    def close(self) -> None:
        self.web.close()
        self.names.close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()
