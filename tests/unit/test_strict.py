"""The judge of tests/support/strict.py: right documents pass, and each rule refuses."""

from __future__ import annotations

import pytest

from mail_autoconfig.answers.autoconfig import render
from mail_autoconfig.inventory.addresses import parse as address
from mail_autoconfig.inventory.read import built_in_providers, parse
from support import answers, strict

CONFIGURATION = parse(answers.configuration())
EXAMPLE = render(CONFIGURATION.domains["example.test"]).decode()


def test_what_it_reads() -> None:
    incoming, outgoing = strict.read(EXAMPLE.encode(), "u@example.test")
    assert incoming == [
        strict.Server("mail.gandi.net", 993, "SSL", ("password-cleartext",), "u@example.test")
    ]
    assert [(each.host, each.port) for each in outgoing] == [("mail.gandi.net", 465)]


@pytest.mark.parametrize(
    "name", [name for name, each in CONFIGURATION.domains.items() if each.settings.mail_servers]
)
def test_each_domain_of_the_table(name: str) -> None:
    for email in (None, address(f"o'x&y@{name}")):
        assert strict.read(render(CONFIGURATION.domains[name], email), f"u@{name}")


@pytest.mark.parametrize("name", built_in_providers())
def test_each_built_in_provider(name: str) -> None:
    raw = {"domains": [{"name": "example.com", "provider": name}]}
    assert strict.read(render(parse(raw).domains["example.com"]), "u@example.com")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<clientConfig", "<x><clientConfig"),
        ("clientConfig", "ClientConfig"),
        ('id="example.test"', 'id="*"'),
        ('id="example.test"', ""),
        ("<domain>example.test</domain>", "<domain>a b</domain>"),
        ("<socketType>SSL<", "<socketType>plain<"),
        ("<socketType>SSL<", "<socketType>TLS<"),
        ("<socketType>SSL</socketType>", ""),
        ("<port>993<", "<port>imaps<"),
        ("<port>993<", "<port>65536<"),
        ("<port>993</port>", ""),
        ("password-cleartext", "GSSAPI"),
        ("<username>%EMAILADDRESS%</username>", ""),
        ("<hostname>mail.gandi.net<", "<hostname>mail_1.gandi.net<"),
        ("<hostname>mail.gandi.net<", "<hostname><b>mail.gandi.net</b><"),
        ('type="imap"', 'type="jmap"'),
        ('type="smtp"', 'type="exchange"'),
    ],
)
def test_it_refuses(before: str, after: str) -> None:
    assert before in EXAMPLE
    with pytest.raises(strict.RefusedError):
        strict.read(EXAMPLE.replace(before, after).encode(), "u@example.test")
