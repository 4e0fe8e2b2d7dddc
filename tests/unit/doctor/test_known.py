from __future__ import annotations

import asyncio

import pytest

from mail_autoconfig.doctor.case import Case
from mail_autoconfig.doctor.data import Lookup, Outcome, Setting
from mail_autoconfig.doctor.known import Known, known, raw_servers
from mail_autoconfig.inventory.read import parse

from .conftest import DOMAIN, MAIL, World

USER = f"user@{DOMAIN}"
IMAP = Setting("imap", MAIL, 993, "tls", USER, ("password",))
SMTP = Setting("smtp", MAIL, 587, "starttls", USER, ("password",))


@pytest.fixture
def case(world: World) -> Case:
    """A domain that nothing is known of."""
    world.names.under.clear()
    return world.case()


def run(case: Case) -> Known:
    return asyncio.run(known(case))


def servers(found: Known) -> list[tuple[str, str, int, str]]:
    return [(s.type, s.host, s.port, s.security) for s in found.domain.settings.servers]


def test_nothing_is_known(case: Case) -> None:
    found = run(case)
    assert servers(found) == [
        ("imap", f"mail.{DOMAIN}", 993, "tls"),
        ("smtp", f"mail.{DOMAIN}", 465, "tls"),
    ]
    assert found.source == f"unknown; put the right names in place of mail.{DOMAIN}"


def test_guess_by_the_mx(case: Case, world: World) -> None:
    world.names.known[f"{DOMAIN} MX"] = ["20 other.test.", "10 MX.test."]
    found = run(case)
    assert {host for _type, host, *_rest in servers(found)} == {"mx.test"}
    assert found.source == "a guess by the MX; put the right names in place of mx.test"


def test_provider_by_the_mx(case: Case, world: World) -> None:
    world.names.known[f"{DOMAIN} MX"] = ["10 spool.mail.gandi.net."]
    found = run(case)
    assert ("imap", "mail.gandi.net", 993, "tls") in servers(found)
    assert found.source == "those of Gandi Mail, by the MX spool.mail.gandi.net"


def test_domain_without_mail(case: Case, world: World) -> None:
    """RFC 7505."""
    world.names.known[f"{DOMAIN} MX"] = ["0 ."]
    assert run(case).source.startswith("unknown")


@pytest.mark.parametrize("records", [("_imaps._tcp 993 imap", "_submissions._tcp 465 smtp")])
def test_half_of_the_srv_records(records: tuple[str, str], case: Case) -> None:
    lookups = tuple(
        Lookup(f"{name}.{DOMAIN}", "SRV", "found", (f"0 1 {port} {host}.test.",))
        for name, port, host in map(str.split, records)
    )
    case.outcomes = (Outcome("srv", "SRV", "fails", "", lookups=lookups),)
    found = run(case)
    assert servers(found) == [("imap", "imap.test", 993, "tls"), ("smtp", "smtp.test", 465, "tls")]
    assert found.source == "its SRV records"
    case.outcomes = (Outcome("srv", "SRV", "fails", "", lookups=lookups[:1]),)
    found = run(case)
    assert servers(found) == [("imap", "imap.test", 993, "tls"), ("smtp", "imap.test", 465, "tls")]
    assert found.source == "its SRV records; smtp is a guess"


def test_what_a_client_finds(case: Case) -> None:
    case.outcomes = (
        Outcome("kmail", "KMail", "fails", ""),
        Outcome("outlook", "Outlook", "found", "", source="https://x", settings=(IMAP, SMTP)),
    )
    found = run(case)
    assert servers(found) == [("imap", MAIL, 993, "tls"), ("smtp", MAIL, 587, "starttls")]
    assert found.source == "https://x"


def test_what_may_not_be_published_becomes_usual(case: Case) -> None:
    """Port 587 does not begin with TLS; nothing wrong is proposed to paste."""
    wrong = Setting("smtp", MAIL, 587, "tls", USER)
    case.outcomes = (Outcome("x", "X", "found", "", source="u", settings=(IMAP, wrong)),)
    assert servers(run(case))[1] == ("smtp", MAIL, 465, "tls")


def test_inventory_wins(case: Case) -> None:
    case.configuration = parse({"domains": [{"name": DOMAIN, "provider": "ovh"}]})
    found = run(case)
    assert (found.domain, found.source) == (case.configuration.find(DOMAIN), "the inventory")


def test_servers_of_an_inventory() -> None:
    service = Setting("caldav", "", 0, "tls", "user", ("oauth2",), f"https://dav.{DOMAIN}/")
    both = Setting("imap", "M.test", 993, "tls", USER, ("oauth2", "password", "unheard"))
    assert raw_servers([both, service], USER) == [
        {
            "type": "imap",
            "host": "m.test",
            "port": 993,
            "security": "tls",
            "authentication": ["oauth2", "password"],
        },
        {
            "type": "caldav",
            "url": f"https://dav.{DOMAIN}/",
            "username": "{localpart}",
            "authentication": "oauth2",
        },
    ]
