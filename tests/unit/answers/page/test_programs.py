"""Which programs the page shows for which domain: what it says must be true there."""

from __future__ import annotations

from typing import Any

import pytest

from mail_autoconfig.answers.page.programs import (
    Program,
    has_file,
    has_profile,
    kind,
    programs,
    provider,
)
from mail_autoconfig.answers.page.visitor import DEVICES, Device
from mail_autoconfig.inventory.read import built_in_providers, parse
from mail_autoconfig.texts import texts

from .samples import MAIL, domain

OWN_OAUTH2: dict[str, Any] = {
    "servers": [each | {"authentication": "oauth2"} for each in MAIL],
    "oauth2": {
        "issuer": "login.example.com",
        "scope": "mail",
        "auth_url": "https://login.example.com/a",
        "token_url": "https://login.example.com/t",
    },
}
ACTIVE_SYNC = {
    "type": "activesync",
    "url": "https://mail.example.com/Microsoft-Server-ActiveSync",
}
OWN_EXCHANGE: dict[str, Any] = {
    "servers": [*MAIL, ACTIVE_SYNC],
    "redirect": {"url": "https://mail.example.com/autodiscover/autodiscover.xml"},
}
MICROSOFT_BY_HAND: dict[str, Any] = {
    "servers": [
        {"type": "imap", "host": "outlook.office365.com", "authentication": "oauth2"},
        {"type": "smtp", "host": "smtp.office365.com", "port": 587, "authentication": "oauth2"},
    ],
    "oauth2": OWN_OAUTH2["oauth2"],
}


def steps(device: Device, **keys: Any) -> list[str]:
    return [step for each in programs(domain(**keys), device) for step in each.steps]


def names(device: Device, **keys: Any) -> list[str]:
    return [each.name for each in programs(domain(**keys), device)]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"provider": "gandi"}, "password"),
        ({"provider": "microsoft365"}, "microsoft"),
        (MICROSOFT_BY_HAND, "microsoft"),
        ({"provider": "google"}, "google"),
        ({"servers": [ACTIVE_SYNC]}, "password"),
        ({"servers": [{"type": "activesync", "url": "https://outlook.office365.com/x"}]},
         "microsoft"),
        (OWN_OAUTH2, "sign_in"),
        (OWN_EXCHANGE, "password"),
        ({"servers": [each | {"authentication": "gssapi"} for each in MAIL]}, "by_hand"),
        ({"servers": MAIL[:1], "receive_only": True}, "by_hand"),
        ({"servers": [MAIL[0], {"type": "smtp", "host": "office365.com.example.com"}]},
         "password"),
        ({"servers": [MAIL[0], {"type": "smtp", "host": "smtp.gmail.com"}]}, "password"),
        ({"servers": [{"type": "caldav", "url": "https://dav.example.com/"}]}, "by_hand"),
    ],
)  # fmt: skip
def test_whose_log_in(keys: dict[str, Any], expected: str) -> None:
    assert kind(domain(**keys).settings) == expected


@pytest.mark.parametrize("name", ["microsoft365", "google"])
@pytest.mark.parametrize("device", DEVICES)
def test_nothing_is_pasted_or_downloaded_where_people_sign_in(name: str, device: Device) -> None:
    found = programs(domain(provider=name), device)
    assert found
    assert {each.way for each in found} == {"way_sign_in"}
    assert {each.button for each in found} == {""}
    assert not has_file(domain(provider=name))
    assert not has_profile(domain(provider=name))


def test_gmail_takes_accounts_of_google_and_microsoft() -> None:
    choices = {
        name: [each.choice for each in programs(domain(provider=name), "android")]
        for name in ("google", "microsoft365")
    }
    assert choices["google"][0] == "Google"
    assert "gmail_exchange" in choices["microsoft365"]


def test_who_the_sign_in_is_at() -> None:
    assert provider(domain(provider="google").settings, "x") == "Google"
    assert provider(domain(provider="microsoft365").settings, "x") == "Microsoft"
    assert provider(domain(**OWN_OAUTH2).settings, "Acme") == "Acme"


@pytest.mark.parametrize("name", sorted(built_in_providers().keys() - {"google", "microsoft365"}))
def test_a_mailbox_with_a_password(name: str) -> None:
    assert has_file(domain(provider=name))
    assert has_profile(domain(provider=name))
    assert names("ios", provider=name) == ["Apple Mail", "Outlook"]
    assert names("android", provider=name)[:2] == ["Gmail", "Samsung Email"]
    assert names("windows", provider=name) == ["outlook_classic", "outlook_new", "Thunderbird"]
    assert names("mac", provider=name) == ["Apple Mail", "Outlook", "Thunderbird"]
    assert names("linux", provider=name)[0] == "Thunderbird"


def test_an_exchange_of_ones_own() -> None:
    assert not has_file(domain(**OWN_EXCHANGE))
    first = programs(domain(**OWN_EXCHANGE), "windows")[0]
    assert (first.name, first.button, first.way) == ("Outlook", "", "way_auto")


def test_a_domain_that_moved_needs_the_file_too() -> None:
    assert has_file(domain(provider="gandi", redirect={"address": "{localpart}@example.net"}))


def test_outlook_without_autodiscover() -> None:
    raw: dict[str, Any] = {
        "providers": {"acme": {"servers": MAIL, "autodiscover": False}},
        "domains": [{"name": "example.com", "provider": "acme"}],
    }
    found = parse(raw).domains["example.com"]
    assert not has_file(found)
    assert programs(found, "windows")[0].steps == ("manual_1", "manual_2")


def test_active_sync_alone_is_for_the_profile() -> None:
    assert names("ios", servers=[ACTIVE_SYNC]) == ["Apple Mail"]
    assert names("windows", servers=[ACTIVE_SYNC]) == []


def test_a_log_in_of_ones_own_and_settings_by_hand() -> None:
    assert names("linux", **OWN_OAUTH2) == ["Thunderbird"]
    assert names("ios", **OWN_OAUTH2) == []
    assert names("linux", servers=MAIL[:1], receive_only=True) == []


def test_each_program_is_made_of_texts() -> None:
    usual = texts("en")
    for keys in ({"provider": name} for name in built_in_providers()):
        for device in DEVICES:
            for each in programs(domain(**keys), device):
                assert isinstance(each, Program)
                assert {each.way, *each.steps} <= usual.keys()
                assert not each.hint or each.hint in usual
                assert steps(device, **keys)
