"""The declaration of keys: the validator and the schema for editors say the same of each."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from jsonschema import Draft7Validator

from mail_autoconfig.inventory import keys, model
from mail_autoconfig.inventory.keys import Key
from mail_autoconfig.inventory.read import ConfigurationError, parse
from support import answers

ROOT = Path(__file__).parents[3]
SCHEMA = json.loads((ROOT / "docs/inventory.schema.json").read_text("utf-8"))
HELP = {"url": "https://example.com/", "text": {"en": "Help"}}

# A value that is right for each key.
RIGHT: Mapping[str, Any] = {
    "name": "example.com",
    "provider": "acme",
    "discovery": "srv",
    "apex": False,
    "pacc": False,
    "mailconf": False,
    "username": "AD\\{localpart}",
    "usernames": {"info": "m0815"},
    "aliases": {"anna": ["a.schmidt@example.com"]},
    "display_name": "Acme",
    "short_name": "Acme",
    "receive_only": False,
    "send_only": False,
    "redirect": {"address": "{localpart}@example.net"},
    "ttl_hours": 24,
    "oauth2": {
        "issuer": "login.example.com",
        "scope": ["mail"],
        "auth_url": "https://example.com/a",
        "token_url": "https://example.com/t",
        "client_id": "x",
    },
    "documentation": [HELP],
    "enable": HELP,
    "webmail": {"login_page": "https://example.com/"},
    "logo": "logos/acme.svg",
    "contact": {
        "name": "Acme IT",
        "email": "help@example.com",
        "phone": "+33 1 23 45 67 89",
        "url": "https://example.com/help",
    },
    "mx": ["mx.example.com"],
    "autodiscover_xml": "<x>{email}</x>",
    "autoconfig_xml": "<x>{email}</x>",
    "autodiscover": True,
    "source": "a telephone call",
    "type": "imap",
    "host": "mail.{domain}",
    "port": 993,
    "security": "tls",
    "authentication": ["oauth2", "password"],
    "path_prefix": "INBOX",
    "leave_on_server": 14,
    "url": "https://dav.{domain}/{email}/",
    "principal": True,
    "generic_host": "auto.example.com",
}
# What is wrong for all keys of a kind: as little as an editor can see.
WRONG: Mapping[str, list[Any]] = {
    "text": [5, [], {}, ""],
    "flag": ["maybe", 1, []],
    "number": ["x", True, -1, 100_000, {}],
    "days": ["x", -1, 0, 100_000],
    "choice": ["x", 5, []],
    "choices": ["x", 5, [], ["x"]],
    "words": [5, [], {}],
    "pattern": [5, "{user}", "%u", "%EMAILLOCALPART%", "x{ask}"],
    "address": [5, "x", ""],
    "host": [5, "a b.example"],
    "hosts": ["mx.example.com", [5]],
    "url": [5, "x", "http://example.com/", "https://{domain}/"],
    "url_pattern": [5, "x", "http://example.com/"],
    "xml": [5, []],
    "mapping": [5, "x", []],
    "list": [5, "x", {}, ["x"]],
    "servers": ["x", [], [5], [{}]],
    "texts": [5, {}, {"en": 5}],
    "logins": [5, [], {"info": 5}],
    "aliases": [5, {"anna": "x"}, {"anna": [5]}, {"anna": ["x"]}],
    "named": ["x", {"acme": 5}],
    "image": [5, [], "", "logo.gif"],
}


def whole() -> dict[str, Any]:
    """An inventory with each key."""

    def some(declared: Mapping[str, Key], **other: Any) -> dict[str, Any]:
        return {key: deepcopy(RIGHT[key]) for key in declared if key in RIGHT} | other

    smtp = some(keys.SERVER, type="smtp", port=587, security="starttls")
    del smtp["path_prefix"], smtp["leave_on_server"]
    imap, pop3 = some(keys.SERVER), some(keys.SERVER, type="pop3", port=995)
    del imap["leave_on_server"], pop3["path_prefix"]
    servers = [imap, pop3, smtp, some(keys.WEB_SERVER, type="caldav")]
    provider = some(keys.PROVIDER, servers=servers)
    domain = some(keys.DOMAIN, servers=deepcopy(servers))
    domain["redirect"] = {"url": "https://example.net/"}
    return {"domains": [domain], "providers": {"acme": provider}, "generic_host": "a.example.com"}


def places() -> Iterator[tuple[list[str | int], Key]]:
    """Where each key is in `whole`, and the key."""

    def below(path: list[str | int], declared: Mapping[str, Key]) -> Iterator[Any]:
        for name, key in declared.items():
            yield [*path, name], key
            if key.kind == "mapping" and key.fields is not keys.REDIRECT:
                yield from below([*path, name], key.fields or {})
            elif key.kind == "list":
                yield from below([*path, name, 0], key.fields or {})
            elif key.kind == "servers":
                yield from below([*path, name, 0], without(keys.SERVER, "leave_on_server"))
                yield from below(
                    [*path, name, 1], {"leave_on_server": keys.SERVER["leave_on_server"]}
                )
                yield from below([*path, name, 3], keys.WEB_SERVER)
            elif key.kind == "named":
                yield from below([*path, name, "acme"], key.fields or {})

    yield from below([], keys.TOP)


def without(declared: Mapping[str, Key], name: str) -> Mapping[str, Key]:
    return {key: each for key, each in declared.items() if key != name}


def schema_errors(raw: Mapping[str, Any]) -> list[str]:
    """What an editor would underline."""
    written = {f"autoconfig_{name}": each for name, each in raw.items()}
    found = Draft7Validator(SCHEMA).iter_errors(written)
    return [f"{'.'.join(map(str, each.absolute_path))}: {each.message}" for each in found]


def is_refused(raw: Mapping[str, Any]) -> bool:
    try:
        parse(raw)
    except ConfigurationError:
        return True
    return False


def changed(path: list[str | int], value: Any) -> dict[str, Any]:
    raw: Any = whole()
    place = raw
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert isinstance(raw, dict)
    return raw


def test_each_key_is_right_for_both() -> None:
    assert parse(whole())
    assert schema_errors(whole()) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        pytest.param(path, value, id=f"{'.'.join(map(str, path))}: {value!r}")
        for path, key in places()
        for value in WRONG[key.kind]
    ],
)
def test_a_wrong_value_is_wrong_for_both(path: list[str | int], value: Any) -> None:
    raw = changed(path, value)
    assert schema_errors(raw)
    assert is_refused(raw)


@pytest.mark.parametrize(
    "path",
    [path for path, key in places() if key.kind in ("mapping", "list")]
    + [["domains", 0, "servers", 0], ["domains", 0, "servers", 3], ["providers", "acme"]],
    ids=str,
)
def test_an_unknown_key_is_wrong_for_both(path: list[str | int]) -> None:
    raw: Any = whole()
    place = raw
    for step in path:
        place = place[step]
    (place[0] if isinstance(place, list) else place)["zzz"] = "x"
    assert schema_errors(raw)
    assert is_refused(raw)


def test_a_missing_key_is_wrong_for_both() -> None:
    for path, key in places():
        if key.required and len(path) > 1:  # a file may have the one variable, another the other
            raw: Any = whole()
            place = raw
            for step in path[:-1]:
                place = place[step]
            del place[path[-1]]
            assert schema_errors(raw), path
            assert is_refused(raw), path


def test_choices_are_those_of_the_model() -> None:
    said = {
        choice
        for declared in (keys.SERVER, keys.WEB_SERVER, keys.DOMAIN)
        for key in declared.values()
        for choice in key.choices
    }
    types = model.Protocol, model.WebProtocol, model.Security, model.Authentication, model.Discovery
    assert said == {choice for each in types for choice in get_args(each)}


@pytest.mark.parametrize(
    "path",
    [
        *("inventory/group_vars/all/domains.yml", "demo/group_vars/all/domains.yml"),
        *sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("molecule/*/**/domains.yml")),
    ],
)
def test_inventories_of_the_repository_are_right(path: str) -> None:
    raw = yaml.safe_load((ROOT / path).read_text("utf-8").replace("{{ suffix }}", "test"))
    found = Draft7Validator(SCHEMA).iter_errors(raw)
    assert [each.message for each in found] == []


def test_inventory_of_the_table_is_right() -> None:
    assert schema_errors(answers.configuration()) == []
