from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from mail_autoconfig.doctor.case import Case
from mail_autoconfig.doctor.checks.agreement import check_agreement
from mail_autoconfig.doctor.data import Outcome, Setting

from ..conftest import DOMAIN, MAIL, World

IMAP = Setting("imap", MAIL, 993, "tls", f"user@{DOMAIN}")
OLD = replace(IMAP, host="old.former.test")


@pytest.fixture
def case(world: World) -> Case:
    """A domain whose MX is MAIL; the former server is another machine."""
    world.names.known |= {f"{DOMAIN} MX": [f"10 {MAIL}."], "old.former.test A": ["127.0.0.2"]}
    return world.case()


def outcome(client: str, setting: Setting) -> Outcome:
    source = f"https://{client}.test/"
    return Outcome(client, client.title(), "found", "", source=source, settings=(setting,))


def found(case: Case, **clients: Setting) -> list[tuple[str, str]]:
    case.outcomes = tuple(outcome(client, setting) for client, setting in clients.items())
    return [(each.subject, each.code) for each in asyncio.run(check_agreement(case))]


def test_alike(case: Case) -> None:
    assert found(case, outlook=IMAP, thunderbird=IMAP) == []


def test_mx_says_who_is_right_even_against_the_most(case: Case) -> None:
    assert found(case, outlook=IMAP, thunderbird=OLD, kmail=OLD) == [
        ("https://thunderbird.test/", "settings-disagree"),
        ("https://kmail.test/", "settings-disagree"),
    ]


def test_another_user_name(case: Case) -> None:
    assert found(case, outlook=replace(IMAP, username="user"), thunderbird=IMAP) == [
        ("https://outlook.test/", "settings-disagree")
    ]


@pytest.mark.parametrize(
    "other",
    [
        replace(IMAP, port=143, security="starttls"),
        replace(IMAP, host=MAIL.upper()),
        replace(IMAP, host=f"imap.{DOMAIN}"),
    ],
)
def test_another_port_or_name_of_one_server(other: Setting, case: Case) -> None:
    """Each is visited: both may work."""
    assert found(case, outlook=IMAP, thunderbird=other) == []


def test_records_are_compared_elsewhere(case: Case) -> None:
    assert found(case, outlook=IMAP, srv=OLD) == []


def test_servers_beyond_number(case: Case) -> None:
    many = tuple(replace(IMAP, host=f"m{number}.test") for number in range(21))
    case.outcomes = (replace(outcome("outlook", IMAP), settings=many),)
    (fault,) = asyncio.run(check_agreement(case))
    assert (fault.code, fault.what) == ("settings-many", "21 servers; the doctor visits 20")


@pytest.mark.parametrize(
    ("mx", "source", "codes"),
    [
        (MAIL, "https://autodiscover-s.outlook.com/x", ["settings-disagree"]),  # left behind
        (MAIL, f"https://autodiscover.{DOMAIN}/x", []),  # mailcow's way
        ("x.mail.protection.outlook.com", "https://autodiscover-s.outlook.com/x", []),
    ],
)
def test_outlook_that_is_led_to_microsoft(
    mx: str, source: str, codes: list[str], world: World
) -> None:
    world.names.known[f"{DOMAIN} MX"] = [f"10 {mx}."]
    case = world.case()
    log_in = Outcome("outlook", "Outlook", "log-in", "", source=source)
    case.outcomes = log_in, outcome("thunderbird", IMAP)
    assert [each.code for each in asyncio.run(check_agreement(case))] == codes
