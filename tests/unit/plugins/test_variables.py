from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[3]


def variables() -> ModuleType:
    return importlib.import_module(
        "ansible_collections.mailhost.autoconfig.plugins.plugin_utils.variables"
    )


def test_documented(tmp_path: Path) -> None:
    for role, options in ("one", "{autoconfig_a: {}, autoconfig_b: {}}"), ("two", "{}"):
        path = tmp_path / role / "meta/argument_specs.yml"
        path.parent.mkdir(parents=True)
        path.write_text(f"argument_specs: {{main: {{options: {options}}}}}")
    assert variables().documented(tmp_path) == {"autoconfig_a", "autoconfig_b"}


def test_documented_are_those_of_all_roles() -> None:
    found = variables().documented()
    some = ("domains", "address", "snippets_path", "dns_ttl", "outlook_policy", "nginx_rate_limit")
    assert {f"autoconfig_{name}" for name in some} <= found


@pytest.mark.parametrize(
    ("names", "problems"),
    [
        (["autoconfig_domains", "ansible_host", "dns_servers", "lab_name", "__autoconfig"], []),
        (
            ["autoconfig_domain"],
            ['autoconfig_domain: there is no such variable; did you mean "autoconfig_domains"?'],
        ),
        (
            ["autoconfig_xyz", "autoconfig_dns_owners"],
            [
                "autoconfig_dns_owners: there is no such variable; "
                'did you mean "autoconfig_dns_owner"?',
                "autoconfig_xyz: there is no such variable; docs/variables.md has all",
            ],
        ),
    ],
)
def test_unknown(names: list[str], problems: list[str]) -> None:
    assert variables().unknown(names, variables().documented()) == problems
