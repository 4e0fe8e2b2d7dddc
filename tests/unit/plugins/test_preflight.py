"""What the roles get of the inventory; tests/unit/plugins/test_checks.py has what is refused."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

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


@pytest.mark.parametrize(
    ("name", "kind"), [("a.svg", "svg+xml"), ("a.JPG", "jpeg"), ("a.png", "png"), ("a", "")]
)
def test_logo(name: str, kind: str, tmp_path: Path) -> None:
    tmp_path.joinpath(name).write_bytes(b"\x00\xff")
    assert preflight().data_url(tmp_path / name) == f"data:image/{kind};base64,AP8="


def test_logos_of_domains_and_providers() -> None:
    raw: dict[str, Any] = {
        "domains": [{"name": "a.test", "logo": "a.svg"}, {"name": "b.test"}, "wrong", {"logo": 5}],
        "providers": {"acme": {"logo": "acme.png"}, "kept": {"logo": "data:x"}},
    }
    assert preflight().with_logos(raw, lambda name: f"<{name}>") == {
        "domains": [
            {"name": "a.test", "logo": "<a.svg>"},
            {"name": "b.test"},
            "wrong",
            {"logo": 5},
        ],
        "providers": {"acme": {"logo": "<acme.png>"}, "kept": {"logo": "data:x"}},
    }
    assert preflight().with_logos({"domains": 5, "providers": "x"}, str) == {
        "domains": 5,
        "providers": "x",
    }


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
