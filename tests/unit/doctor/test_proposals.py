from __future__ import annotations

import asyncio

import pytest

from mail_autoconfig.doctor.answers import autoconfig, pox
from mail_autoconfig.doctor.case import Case
from mail_autoconfig.doctor.checks.grammar import read
from mail_autoconfig.doctor.data import Exchange, Finding, Outcome, Proposal, Request, Severity
from mail_autoconfig.doctor.proposals import propose
from mail_autoconfig.inventory.read import parse

from .conftest import DOMAIN, World

USER = f"user@{DOMAIN}"
CONFIG = f"https://autoconfig.{DOMAIN}/mail/config-v1.1.xml"
POX = f"https://autodiscover.{DOMAIN}/autodiscover/autodiscover.xml"


def fault(code: str, subject: str = DOMAIN, severity: Severity = "error") -> Finding:
    return Finding(code, severity, subject, "what")


def run(case: Case, *found: Finding) -> tuple[Proposal, ...]:
    return asyncio.run(propose(case, found))


def kinds(case: Case, *found: Finding) -> list[str]:
    return [each.kind for each in run(case, *found)]


@pytest.fixture
def case(world: World) -> Case:
    world.names.under.clear()
    world.names.known[f"{DOMAIN} MX"] = ["10 mx.test."]
    return world.case()


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (fault("dns-nothing"), ["config", "pox", "records"]),
        (fault("dns-no-autodiscover", severity="warning"), ["pox", "records"]),
        (fault("dns-no-autoconfig", severity="warning"), ["config", "records"]),
        (fault("dns-wildcard", f"autoconfig.{DOMAIN}"), ["config", "records"]),
        (fault("dns-wildcard-mute", f"autodiscover.{DOMAIN}"), ["pox", "records"]),
        (fault("web-status", CONFIG), ["config"]),
        (fault("answer-not-xml", f"https://{DOMAIN}/.well-known/autoconfig/mail/config-v1.1.xml"),
         ["config"]),
        (fault("answer-page", POX), ["pox"]),
        (fault("pox-spa", POX.replace("autodiscover.xml", "Autodiscover.xml")), ["pox"]),
        # What is there may be right:
        (fault("tls-expired", f"https://autoconfig.{DOMAIN}"), []),
        (fault("port-closed", f"https://autodiscover.{DOMAIN}"), []),
        (fault("web-post-refused", POX), []),
        (fault("web-status", "https://dav.test/x"), []),
        (fault("dns-nothing", severity="accepted"), []),
        (fault("config-domain", CONFIG, "note"), []),
    ],
)  # fmt: skip
def test_text_where_there_is_none_or_a_wrong_one(
    found: Finding, wanted: list[str], case: Case
) -> None:
    assert kinds(case, found) == wanted


def test_each_text_once(case: Case) -> None:
    two = fault("config-element", CONFIG), fault("config-version", CONFIG, "warning")
    assert kinds(case, *two, fault("dns-no-autoconfig")) == ["config", "records"]


def test_texts_are_right(case: Case) -> None:
    """Clients read them, and the doctor's own grammar finds no fault."""
    config, answer, records = run(case, fault("dns-nothing"))
    request = Request("GET", "https://x.test/")
    for proposal, format_ in ((config, "config"), (answer, "pox")):
        body = proposal.text.encode()
        assert body.startswith(b"<?xml")
        exchange = Exchange(request, 200, "text/xml", body=body)
        reading = read(exchange, "pox" if format_ == "pox" else "config", USER)
        assert reading.findings == ()
        settings = pox(exchange, USER).settings if format_ == "pox" else autoconfig(exchange, USER)
        assert [(each.type, each.host, each.username) for each in settings] == [
            ("imap", "mx.test", USER),
            ("smtp", "mx.test", USER),
        ]
    assert (config.where, answer.where, records.where) == (CONFIG, POX, DOMAIN)
    assert USER in answer.how
    lines = [line.split() for line in records.text.splitlines()]
    assert [f"autoconfig.{DOMAIN}.", "A", "192.0.2.1"] in lines
    assert [f"_imaps._tcp.{DOMAIN}.", "SRV", "0", "1", "993", "mx.test."] in lines
    assert not [line for line in lines if line[-1] == "."]


def test_inventory_says_more(case: Case) -> None:
    entry = {"name": DOMAIN, "provider": "ovh", "discovery": "srv"}
    case.configuration = parse({"domains": [entry], "generic_host": "auto.host.test"})
    config, _answer, records = run(case, fault("dns-nothing"))
    assert "ssl0.ovh.net" in config.text
    assert config.source == "the inventory"
    assert "auto.host.test." in records.text


def test_provider_without_settings_for_outlook(case: Case) -> None:
    """Exchange's own Autodiscover is no text to paste; a log-in by OAuth2 alone neither."""
    case.configuration = parse(
        {"domains": [{"name": DOMAIN, "provider": "x"}],
         "providers": {"x": {"autodiscover": False, "servers": [
             {"type": "imap", "host": "a.test"}, {"type": "smtp", "host": "a.test"}]}}}
    )  # fmt: skip
    case.outcomes = (Outcome("x", "X", "fails", ""),)
    assert kinds(case, fault("dns-nothing")) == ["config", "records"]
