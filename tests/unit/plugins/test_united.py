"""What runs once for all servers has the domains of all."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

import pytest

A, B = ({"name": f"{name}.example", "provider": "gandi"} for name in "ab")


def united() -> ModuleType:
    return importlib.import_module(
        "ansible_collections.mailhost.autoconfig.plugins.plugin_utils.united"
    )


def configuration(alike: bool = False, **hosts: dict[str, Any]) -> dict[str, Any]:
    """Of hosts with these variables, without `autoconfig_`."""
    hostvars = {
        host: {f"autoconfig_{key}": value for key, value in said.items()}
        for host, said in hosts.items()
    }
    names = united().ALIKE if alike else ()
    found: dict[str, Any] = united().configuration(hostvars, hosts, names)
    return found


def refusal(**hosts: dict[str, Any]) -> list[str]:
    with pytest.raises(united().READ.ConfigurationError) as caught:
        configuration(alike=True, **hosts)
    problems: list[str] = caught.value.problems
    return problems


def test_domains_of_all_hosts() -> None:
    found = configuration(
        one={"domains": [A], "providers": {"x": {"servers": []}}, "generic_host": "g.example"},
        two={"domains": [dict(A), B], "providers": {"y": {}}, "generic_host": "g.example"},
        three={},
    )
    assert found == {
        "domains": [A, B],
        "providers": {"x": {"servers": []}, "y": {}},
        "generic_host": "g.example",
    }


def test_text_of_a_host_is_read() -> None:
    text = '[{"name": "b.example", "provider": "gandi"}]'
    assert configuration(one={"domains": [A]}, two={"domains": text})["domains"] == [A, B]


@pytest.mark.parametrize(
    ("sources", "found"),
    [([{"name": "customers"}], True), ('[{"name": "customers"}]', True), ("[]", False)],
)
def test_more_domains_may_come_from_sources(sources: Any, found: bool) -> None:
    assert configuration(one={}, two={"sources": sources}).get("sources", False) is found


def test_domain_that_a_host_has_twice_is_left_to_the_validator() -> None:
    assert configuration(one={"domains": [A, B, A]})["domains"] == [A, B, A]


@pytest.mark.parametrize(
    ("one", "two", "what"),
    [
        ({"domains": [A]}, {"domains": [A | {"provider": "ovh"}]}, "domain a.example"),
        ({"domains": [A]}, {"domains": [A | {"name": "A.example."}]}, "domain a.example"),
        ({"providers": {"x": {}}}, {"providers": {"x": {"servers": []}}}, "provider x"),
        ({"generic_host": "a.example"}, {"generic_host": "b.example"}, "autoconfig_generic_host"),
        (
            {"dns_addresses": ["192.0.2.1"]},
            {"dns_addresses": ["192.0.2.2"]},
            "autoconfig_dns_addresses",
        ),
        ({}, {"dns_ttl": 300}, "autoconfig_dns_ttl"),
        ({"dns_servers": [{"zones": []}]}, {"dns_servers": []}, "autoconfig_dns_servers"),
    ],
)
def test_hosts_that_contradict_each_other(
    one: dict[str, Any], two: dict[str, Any], what: str
) -> None:
    assert refusal(one=one, two=two) == [
        f"{what}: one and two contradict each other; give both the same"
    ]
    assert configuration(alike=True, one=one, two=dict(one))


def test_without_dns_its_variables_may_differ() -> None:
    assert configuration(one={"dns_ttl": 1}, two={"dns_ttl": 2})
