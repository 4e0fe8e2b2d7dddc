"""What the roles get of the inventory; tests/unit/plugins/test_checks.py has what is refused."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

CONFIGURATION: dict[str, Any] = {
    "domains": [
        {"name": "example.com", "provider": "gandi"},
        {"name": "example.net", "provider": "gandi", "discovery": "srv"},
    ],
    "providers": {},
    "generic_host": "auto.example.org",
}


def preflight() -> ModuleType:
    return importlib.import_module(
        "ansible_collections.mailhost.autoconfig.plugins.action.preflight"
    )


def test_addresses() -> None:
    hostvars = {
        "one": {"autoconfig_address": "192.0.2.1", "ansible_host": "198.51.100.1"},
        "two": {"ansible_host": "198.51.100.2", "autoconfig_address": ""},
        "three": {},
    }
    assert preflight().addresses(["one", "two", "three", "192.0.2.9", ""], hostvars) == {
        "one": "192.0.2.1",
        "two": "198.51.100.2",
        "three": "three",
        "192.0.2.9": "192.0.2.9",
    }


def test_what_is_derived() -> None:
    read = preflight().READ
    found = preflight().derived(CONFIGURATION, read.parse(CONFIGURATION))
    assert len(found.pop("fingerprint")) == 16
    assert found == {
        "names": ["auto.example.org", "autodiscover.example.com", "autoconfig.example.com"],
        "by_domain": {
            "auto.example.org": ["auto.example.org"],
            "example.com": ["autodiscover.example.com", "autoconfig.example.com"],
        },
        "plain_names": ["autodiscover.example.net", "autoconfig.example.net"],
        "generic_host": "auto.example.org",
    }


def test_fingerprint_is_another_where_an_answer_may_be() -> None:
    read = preflight().READ

    def fingerprint(raw: dict[str, Any]) -> str:
        return str(preflight().derived(raw, read.parse(raw))["fingerprint"])

    other = CONFIGURATION | {"domains": CONFIGURATION["domains"][:1]}
    assert fingerprint(CONFIGURATION) == fingerprint(dict(CONFIGURATION))
    assert fingerprint(CONFIGURATION) != fingerprint(other)
