from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

PLAYBOOKS = Path(__file__).parents[3] / "playbooks"


def hosts_of(groups: dict[str, list[str]], *names: str) -> list[str]:
    module: Any = importlib.import_module(
        "ansible_collections.mailhost.autoconfig.plugins.filter.hosts_of"
    )
    found: list[str] = module.FilterModule().filters()["hosts_of"](groups, *names)
    return found


def test_hosts() -> None:
    groups = {"a": ["one", "two"], "b": ["two", "three"], "c": []}
    assert hosts_of(groups, "a") == ["one", "two"]
    assert hosts_of(groups, "c", "b", "a") == ["two", "three", "one"]


@pytest.mark.parametrize(
    ("groups", "meant"),
    [
        ({}, "by -i."),
        ({"autoconfig_servers": []}, "by -i."),
        ({"autoconfig_server": ["a"]}, 'did you mean "autoconfig_servers"?'),
    ],
)
def test_no_hosts(groups: dict[str, list[str]], meant: str) -> None:
    with pytest.raises(AnsibleFilterError) as caught:
        hosts_of(groups, "autoconfig_servers")
    said = str(caught.value)
    assert said.startswith("No host in the group autoconfig_servers, so there is nothing to do; ")
    assert meant in said


@pytest.mark.parametrize("playbook", sorted(PLAYBOOKS.glob("*.yml")), ids=lambda path: path.stem)
def test_each_playbook_fails_without_hosts(playbook: Path) -> None:
    """Its first play; a load balancer and Windows PCs are for those who have some."""
    plays = re.findall(r"^  hosts: (.*(?:\n    .*)*)", playbook.read_text("utf-8"), re.MULTILINE)
    optional = "autoconfig_load_balancers" if playbook.stem == "balancer" else "hosts_of("
    assert optional in plays[0]
    assert not [each for each in plays if each.startswith("autoconfig_")]
