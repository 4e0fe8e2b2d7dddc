from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mail_autoconfig.inventory.addresses import parse as address
from mail_autoconfig.inventory.mailboxes import is_asked, login, personal
from mail_autoconfig.inventory.model import Domain
from mail_autoconfig.inventory.read import parse

from .samples import DOMAIN, domain, problems


def made(**keys: Any) -> Domain:
    return parse(domain(**keys)).domains["example.com"]


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (domain(usernames=["info"]), 'usernames: ["info"] is not a mapping of local parts to user '
         "names"),
        (domain(usernames={4711: "x"}), 'usernames: 4711 is not a text; write "4711"'),
        (domain(usernames={"info@example.com": "x"}),
         'usernames: "info@example.com" is not a local part; write what is before the @'),
        (domain(usernames={"a": "x", "A": "y"}),
         "usernames.A: there in other letters too; one local part is one mailbox"),
        (domain(usernames={"a": ""}), 'usernames.a: "" is not a line of text'),
        (domain(usernames={"a": "%u"}),
         'usernames.a: "%u" has "%u", which is another program\'s; write {email} (as in Dovecot), '
         "or {localpart} (as in Postfix)"),
        (domain(usernames={"a": "{email}"}),
         'usernames.a: "{email}" is not the name of one mailbox'),
        (domain(aliases={"a": "b@example.com"}),
         'aliases.a: "b@example.com" is not a list of addresses'),
        (domain(aliases={"a": ["b"]}), 'aliases.a: "b" is not an address'),
        (domain(aliases={"a": ["b@c.de, d@e.fr"]}),
         'aliases.a: "b@c.de, d@e.fr" is not an address'),
    ],
)  # fmt: skip
def test_problem(raw: Any, problem: str) -> None:
    assert problems(raw) == [f"domain example.com, {problem}"]


@pytest.mark.parametrize("key", ["usernames", "aliases"])
def test_the_default_entry_has_no_mailboxes(key: str) -> None:
    raw = {"domains": [DOMAIN, {"name": "*", "provider": "gandi", key: {}}]}
    assert problems(raw) == [
        f"domain *, {key}: the default entry has no mailboxes of its own; remove this key"
    ]


def test_a_mailbox_has_its_own_name_at_each_server() -> None:
    found = made(username="{localpart}", usernames={"Info": "m0815"})
    names = {login(found, server, address("INFO@example.com")) for server in found.settings.servers}
    assert names == {"m0815"}
    assert login(found, found.settings.servers[0], address("Other@example.com")) == "Other"


def test_only_who_has_no_name_is_asked() -> None:
    found = made(username="{ask}", usernames={"info": "m0815"})
    assert is_asked(found, found.settings.servers[0], address("other@example.com"))
    assert not is_asked(found, found.settings.servers[0], address("info@example.com"))


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({}, False),
        ({"username": "{email}"}, False),
        ({"username": "{localpart}"}, False),
        ({"username": "shared"}, False),
        ({"username": "{ask}"}, False),
        ({"username": "AD\\{localpart}"}, True),
        ({"username": "{localpart}%{domain}"}, True),
        ({"username": "{domain}"}, True),
        ({"usernames": {"info": "x"}}, True),
        ({"redirect": {"address": "{localpart}@new.example"}}, True),
        ({"redirect": {"url": "https://new.example/"}}, False),
    ],
)
def test_whether_names_are_filled_in(keys: dict[str, Any], expected: bool) -> None:
    assert personal(made(**keys)) == expected


def test_a_source_gave_log_in_names() -> None:
    found = replace(made(username="{ask}"), has_logins=True)
    own = replace(found, login="m0815")
    assert personal(found)
    assert {login(own, server, address("u@example.com")) for server in own.settings.servers} == {
        "m0815"
    }
    assert login(found, found.settings.servers[0], address("u@example.com")) == "u@example.com"
    assert is_asked(found, found.settings.servers[0], address("u@example.com"))
    assert not is_asked(own, own.settings.servers[0], address("u@example.com"))


def test_what_the_inventory_says_of_a_mailbox_wins() -> None:
    found = replace(made(usernames={"u": "written"}), has_logins=True, login="m0815")
    assert login(found, found.settings.servers[0], address("u@example.com")) == "written"
