from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

import pytest


def inventory() -> ModuleType:
    return importlib.import_module(
        "ansible_collections.mailhost.autoconfig.plugins.plugin_utils.inventory"
    )


class Tagged(str):
    """As Ansible's texts, a subclass."""


@pytest.mark.parametrize("generic", ["", "autoconfig.example.com"])
def test_raw_configuration(generic: str) -> None:
    domains = [{"name": Tagged("example.com"), "provider": "gandi"}]
    arguments: dict[str, Any] = {
        "domains": domains,
        "providers": {},
        "generic_host": Tagged(generic),
        "files_path": "other",
    }
    raw = inventory().raw_configuration(arguments)
    more = {"generic_host": generic} if generic else {}
    assert raw == {"domains": domains, "providers": {}} | more
    assert type(raw["domains"][0]["name"]) is str
    assert type(raw.get("generic_host", "")) is str
