"""A web server, a name server and what asks them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mail_autoconfig.doctor.case import Case
from mail_autoconfig.doctor.fetch import Fetcher
from mail_autoconfig.doctor.resolve import Resolver
from mail_autoconfig.inventory.read import parse
from mail_autoconfig.server.app import Application
from support.answers import POX, Reply, Transport
from support.asgi import transport
from support.local_servers import NameServer, Web, certificate

DOMAIN = "example.test"
MAIL = f"mail.{DOMAIN}"
SERVERS = [{"type": "imap", "host": MAIL}, {"type": "smtp", "host": MAIL, "security": "starttls"}]
HOSTS = [
    *(
        DOMAIN,
        "autodiscover-s.outlook.com",
        "elsewhere.test",
        "generic.test",
        "autoconfig.mx.test",
        "autoconfig.test",
    ),
    *(f"{prefix}.{DOMAIN}" for prefix in ("autoconfig", "autodiscover", "ua-auto-config", "dav")),
]


class World:
    """What a doctor meets: `replies` maps "METHOD URL", or the URL alone, to what is answered.

    All names below `test` point to the web server, which has a certificate for HOSTS. What `serve`
    was told of is answered as a deployed server does.
    """

    def __init__(self, directory: Path) -> None:
        self.replies: dict[str, Reply] = {}
        self._application: Transport | None = None
        self.ca = certificate(directory, HOSTS)
        self.web = Web(self._answer, self.ca)
        self.names = NameServer()
        self.names.under["test"] = "127.0.0.1"

    def _answer(self, scheme: str, method: str, host: str, path: str, body: bytes) -> Reply:
        url = f"{scheme}://{host}{path}"
        asked = f"{method} {url}", url, url.partition("?")[0]
        if reply := next((self.replies[a] for a in asked if a in self.replies), None):
            return reply
        if self._application and scheme == "https":
            return self._application(scheme, method, host, path, {}, body)
        return Reply(404, {}, b"")

    def serve(self, *domains: dict[str, Any]) -> None:
        """Answer for these domains of an inventory, by default for DOMAIN, as nginx does."""
        listed = list(domains) or [{"name": DOMAIN, "servers": SERVERS}]
        configuration = parse({"domains": listed, "generic_host": "generic.test"})
        self._application = transport(Application(configuration))
        for domain in configuration.domains:
            headers = {"Location": f"https://autodiscover.{domain}{POX}"}
            url = f"http://autodiscover.{domain}{POX}"
            self.replies |= {
                f"GET {url}": Reply(302, headers, b""),
                f"POST {url}": Reply(307, headers, b""),
            }

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
