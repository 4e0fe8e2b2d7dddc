"""What each part of the table is made of: a request, what its answer must be, who is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml

from support import strict

DOMAINS = Path(__file__).parents[3] / "molecule/default/inventory/group_vars/all/domains.yml"
"""The configuration, which each server of molecule/default has under a suffix of its own."""

Row = tuple[str, str, int, str]
"""Type, host, port and security of a server."""

GANDI: tuple[Row, ...] = (
    ("imap", "mail.gandi.net", 993, "tls"),
    ("pop3", "mail.gandi.net", 995, "tls"),
    ("smtp", "mail.gandi.net", 465, "tls"),
)
MICROSOFT: tuple[Row, ...] = (
    ("imap", "outlook.office365.com", 993, "tls"),
    ("pop3", "outlook.office365.com", 995, "tls"),
    ("smtp", "smtp.office365.com", 587, "starttls"),
)
MICROSOFT_AUTODISCOVER = "https://autodiscover-s.outlook.com/autodiscover/autodiscover.xml"


def corp(suffix: str) -> tuple[Row, ...]:
    """The servers of the domain that has its own."""
    host = f"mail.corp.{suffix}"
    return (
        ("imap", host, 993, "tls"),
        ("pop3", host, 995, "tls"),
        ("smtp", host, 587, "starttls"),
    )


def ad(suffix: str) -> tuple[Row, ...]:
    """The servers of the domain with difficult ones, as the inventory has them."""
    host = f"mail.ad.{suffix}"
    return (
        ("pop3", host, 995, "tls"),
        ("imap", f"old.ad.{suffix}", 143, "none"),
        ("imap", host, 993, "tls"),
        ("imap", f"kerberos.ad.{suffix}", 993, "tls"),
        ("smtp", host, 587, "starttls"),
    )


def configuration(suffix: str = "test") -> dict[str, Any]:
    """The raw configuration that the table asks for; its names end in `suffix`."""
    found = yaml.safe_load(DOMAINS.read_text("utf-8").replace("{{ suffix }}", suffix))
    return {key.removeprefix("autoconfig_"): value for key, value in found.items()}


@dataclass(frozen=True)
class Reply:
    """An answer; names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def judged(self) -> Reply:
        """The same, once the strictest client has read it, if it is Autoconfig's."""
        if self.status == 200 and b"<clientConfig" in self.body:
            strict.read(self.body, "user@example.com")
        return self


Transport = Callable[[str, str, str, str, Mapping[str, str], bytes], Reply]
"""(scheme, method, host, path with query, headers, body) -> Reply; follows no redirect."""

Expectation = Callable[[Reply], None]


@dataclass(frozen=True)
class Case:
    """One request and what its answer must be. `layer` nginx: the responder alone can't answer."""

    name: str
    method: str
    host: str
    path: str
    expect: Expectation
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "text/xml"})
    scheme: Literal["https", "http"] = "https"
    layer: Literal["responder", "nginx"] = "responder"


def run(case: Case, transport: Transport) -> None:
    """Ask, and assert that the answer is the right one."""
    case.expect(transport(case.scheme, case.method, case.host, case.path, case.headers, case.body))


def refused(status: int, *, never: str = "") -> Expectation:
    """A plain refusal that does not say `never` again."""

    def expect(reply: Reply) -> None:
        assert reply.status == status
        assert not never or never.encode() not in reply.body

    return expect


def redirect(status: int, location: str) -> Expectation:
    """A redirect to `location`."""

    def expect(reply: Reply) -> None:
        assert (reply.status, reply.headers["location"]) == (status, location)

    return expect
