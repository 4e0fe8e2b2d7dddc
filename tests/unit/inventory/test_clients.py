"""Which servers which clients get, what can't be meant, and what is warned of."""

from __future__ import annotations

from typing import Any

import pytest

from mail_autoconfig.inventory.clients import for_autoconfig, for_outlook
from mail_autoconfig.inventory.model import Settings
from mail_autoconfig.inventory.read import built_in_providers, parse

from .samples import DOMAIN, domain, problems

IMAP: dict[str, Any] = {"type": "imap", "host": "i.example.com"}
POP3: dict[str, Any] = {"type": "pop3", "host": "p.example.com"}
SMTP: dict[str, Any] = {"type": "smtp", "host": "s.example.com"}
PLAIN: dict[str, Any] = {"type": "imap", "host": "plain.example.com", "security": "none"}
KERBEROS: dict[str, Any] = {"type": "imap", "host": "k.example.com", "authentication": "gssapi"}
ACTIVE_SYNC = {"type": "activesync", "url": "https://example.com/Microsoft-Server-ActiveSync"}
NO_SMTP = (
    "servers: no smtp, so clients set nothing up; add one, or receive_only: true if it is meant"
)
NO_IMAP = (
    "servers: no imap and no pop3, so clients set nothing up; add one, or send_only: true if it is "
    "meant"
)


def settings(*servers: dict[str, Any], **keys: Any) -> Settings:
    return parse(domain(servers=list(servers), **keys)).domains["example.com"].settings


def warnings(*servers: dict[str, Any]) -> tuple[str, ...]:
    return parse(domain(servers=list(servers))).warnings


@pytest.mark.parametrize(
    ("servers", "more", "problem"),
    [
        ([IMAP], {}, NO_SMTP),
        ([POP3], {}, NO_SMTP),
        ([IMAP, ACTIVE_SYNC], {}, NO_SMTP),
        ([SMTP], {}, NO_IMAP),
        ([IMAP, SMTP], {"receive_only": True},
         "receive_only: there is an smtp server; remove this key"),
        ([IMAP, SMTP], {"send_only": True},
         "send_only: there is an imap or pop3 server; remove this key"),
        ([ACTIVE_SYNC], {"receive_only": True},
         "receive_only: there is no imap or pop3 server; remove this key"),
        ([ACTIVE_SYNC], {"send_only": True}, "send_only: there is no smtp server; remove this key"),
    ],
)  # fmt: skip
def test_one_direction(servers: list[dict[str, Any]], more: dict[str, Any], problem: str) -> None:
    assert problems(domain(servers=servers, **more)) == [f"domain example.com, {problem}"]


def test_one_direction_that_is_meant() -> None:
    assert settings(IMAP, receive_only=True).receive_only
    assert settings(SMTP, send_only=True).send_only
    assert settings(ACTIVE_SYNC)


def test_one_direction_of_a_provider_is_one_line() -> None:
    acme: dict[str, Any] = {"servers": [IMAP]}
    by_acme = [{"name": f"{name}.example", "provider": "acme"} for name in "abc"]
    raw = {"domains": by_acme, "providers": {"acme": acme}}
    assert problems(raw) == [f"provider acme, {NO_SMTP}"]
    assert parse(raw | {"providers": {"acme": acme | {"receive_only": True}}})
    # A domain may say it for itself, and a provider that nobody has is nobody's problem.
    meant = [{"name": "a.example", "provider": "acme", "receive_only": True}]
    assert parse(raw | {"domains": meant})
    assert parse(raw | {"domains": [DOMAIN]})


def test_autoconfig_lists_imap_first() -> None:
    second = IMAP | {"host": "i2.example.com"}
    found = for_autoconfig(settings(SMTP, POP3, second, IMAP))
    hosts = [each.host.partition(".")[0] for each in found]
    assert hosts == ["i2", "i", "p", "s"]
    assert [each.type for each in for_autoconfig(settings(POP3, SMTP))] == ["pop3", "smtp"]


@pytest.mark.parametrize(
    ("servers", "hosts"),
    [
        ([IMAP, PLAIN, SMTP], ["i", "s"]),
        ([PLAIN, IMAP, SMTP], ["i", "s"]),
        ([IMAP, KERBEROS, SMTP], ["i", "s"]),
        ([PLAIN, KERBEROS, SMTP], ["plain", "k", "s"]),
        ([PLAIN, POP3, SMTP], ["plain", "p", "s"]),
        ([IMAP, POP3 | {"security": "none"}, SMTP], ["i", "p", "s"]),
        ([IMAP, SMTP, SMTP | {"host": "r.example.com", "authentication": "none"}], ["i", "s"]),
        ([IMAP, SMTP | {"authentication": "none"}], ["i", "s"]),
        ([IMAP, SMTP | {"authentication": ["none", "password"]}], ["i", "s"]),
        ([IMAP | {"authentication": ["gssapi", "password"]}, SMTP], ["i", "s"]),
    ],
)
def test_no_server_costs_a_client_the_others(
    servers: list[dict[str, Any]], hosts: list[str]
) -> None:
    found = for_autoconfig(settings(*servers))
    assert [each.host.partition(".")[0] for each in found] == hosts


TOKENS = {"authentication": "oauth2"}


@pytest.mark.parametrize(
    ("servers", "hosts"),
    [
        ([POP3, IMAP, SMTP], ["p", "i", "s"]),
        ([IMAP, KERBEROS, SMTP], ["i", "s"]),
        ([IMAP | TOKENS, SMTP], []),
        ([IMAP, SMTP | TOKENS], []),
        ([KERBEROS, SMTP], []),
        ([IMAP | TOKENS, POP3, SMTP], ["p", "s"]),
        ([IMAP | {"authentication": ["oauth2", "password"]}, SMTP], ["i", "s"]),
        ([IMAP, SMTP | {"authentication": "none"}], ["i", "s"]),
        ([ACTIVE_SYNC], []),
    ],
)
def test_outlook_gets_servers_that_take_a_password(
    servers: list[dict[str, Any]], hosts: list[str]
) -> None:
    found = for_outlook(settings(*servers))
    assert [each.host.partition(".")[0] for each in found] == hosts


def test_warnings() -> None:
    assert warnings(IMAP, SMTP) == ()
    assert warnings(IMAP, PLAIN, SMTP) == (
        "domain example.com, imap plain.example.com: has no encryption; Autoconfig leaves it out, "
        "for Thunderbird for Android",
    )
    assert warnings(PLAIN, SMTP) == (
        "domain example.com, imap plain.example.com: has no encryption; Thunderbird for Android "
        "finds nothing",
    )
    assert warnings(IMAP, KERBEROS, SMTP) == (
        "domain example.com, imap k.example.com: takes gssapi alone; Autoconfig leaves it out, for "
        "Thunderbird for Android",
        "domain example.com, imap k.example.com: takes gssapi alone; Autodiscover leaves it out",
    )
    assert warnings(IMAP | TOKENS, SMTP) == (
        "domain example.com, imap i.example.com: takes oauth2 alone; Outlook finds nothing",
    )


def test_a_provider_is_warned_of_once() -> None:
    raw = {
        "domains": [{"name": f"{name}.example", "provider": "acme"} for name in "abc"],
        "providers": {"acme": {"servers": [IMAP, PLAIN, SMTP]}},
    }
    assert len(parse(raw).warnings) == 1


@pytest.mark.parametrize("name", built_in_providers())
def test_built_in_providers_are_for_all(name: str) -> None:
    assert parse(domain(provider=name)).warnings == ()
