"""The inventories that the documentation shows: Ansible reads them, and the collection takes them.

A block of a page that begins with a comment such as `# group_vars/all/domains.yml` is that file.
All files below one heading are one inventory.
"""

from __future__ import annotations

import re
import shutil
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.written import Inventory, problems

ROOT = Path(__file__).parents[3]
SERVERS = "autoconfig_servers"
WAYS = (
    "Mail at Gandi, OVH and others",
    "Your own mail server",
    "Mail at Microsoft 365 or Google",
    "Beside other sites",
    "Behind a proxy",
    "Many domains",
    "Many servers",
)
NAMES_A_FILE = r"    # [\w./-]+\.yml\n"
CUSTOMERS, GROUPS = "Many customers", "Your own groups"

Files = dict[str, str]


def sections(page: str) -> dict[str, Files]:
    """The files below each heading of a page that has some, by path."""
    text = (ROOT / "docs" / page).read_text("utf-8")
    found = {}
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        title, _, body = section.partition("\n")
        blocks = re.findall(
            rf"^(?={NAMES_A_FILE})    # (.+)\n((?:(?!{NAMES_A_FILE})(?:    .*)?\n)+)",
            body,
            re.MULTILINE,
        )
        if blocks:
            found[title] = {path: textwrap.dedent(block) for path, block in blocks}
    return found


SECTIONS = sections("ways.md") | sections("controller.md")


@pytest.fixture
def written(tmp_path: Path) -> Callable[[Files], Inventory]:
    def write(files: Files) -> Inventory:
        for path, text in files.items():
            file = tmp_path / "inventory" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8")
        return Inventory(tmp_path / "inventory")

    return write


def taken(inventory: Inventory, directory: Path) -> dict[str, Any]:
    """The variables of the first server, once the collection has nothing against any host's."""
    servers = inventory.hosts(SERVERS)
    assert servers
    for host in [*servers, *inventory.hosts("autoconfig_load_balancers")]:
        assert problems(inventory.variables(host), directory) == []
    first = inventory.variables(servers[0])
    assert ("autoconfig_certificates_mode" in first) != ("autoconfig_nginx_behind_proxy" in first)
    return first


def test_each_way_has_an_inventory_and_a_row() -> None:
    page = (ROOT / "docs/ways.md").read_text("utf-8")
    assert tuple(sections("ways.md")) == WAYS
    table = page.partition("\n## ")[0]
    for title in WAYS:
        anchor = re.sub(r"[^\w -]", "", title).lower().replace(" ", "-")
        assert f"(#{anchor})" in table, title


@pytest.mark.parametrize("way", WAYS)
def test_way(way: str, written: Callable[[Files], Inventory], tmp_path: Path) -> None:
    inventory = written(SECTIONS[way])
    variables = taken(inventory, tmp_path)
    assert variables["autoconfig_domains"]
    assert variables["autoconfig_dns_addresses"]


def test_ways_are_what_they_are_about(written: Callable[[Files], Inventory]) -> None:
    def first(way: str) -> dict[str, Any]:
        inventory = written(SECTIONS[way])
        return inventory.variables(inventory.hosts(SERVERS)[0])

    assert first("Behind a proxy")["autoconfig_nginx_behind_proxy"] is True
    providers = {each["provider"] for each in first(WAYS[2])["autoconfig_domains"]}
    assert providers == {"microsoft365", "google"}
    assert "srv" in {each.get("discovery") for each in first("Many domains")["autoconfig_domains"]}
    balanced = written(SECTIONS["Many servers"])
    assert len(balanced.hosts(SERVERS)) > 1
    assert balanced.hosts("autoconfig_load_balancers")


def test_lines_for_a_proxy_elsewhere_are_taken(tmp_path: Path) -> None:
    page = (ROOT / "docs/ways.md").read_text("utf-8")
    lines = re.findall(r"^    (autoconfig_nginx_proxy_\w+): \[?([^]\n]+)", page, re.MULTILINE)
    assert len(lines) == 2
    assert problems(dict(lines), tmp_path) == []


def test_many_customers_add_up(written: Callable[[Files], Inventory], tmp_path: Path) -> None:
    files = SECTIONS[CUSTOMERS]
    variables = taken(written(files), tmp_path)
    names = [each["name"] for each in variables["autoconfig_domains"]]
    assert names == ["acme.example", "globex.example", "globex.test"]
    assert set(variables["autoconfig_providers"]) == {"acme"}


def test_customer_more_is_a_file_more(
    written: Callable[[Files], Inventory], tmp_path: Path
) -> None:
    """And a domain of another customer is refused there."""
    more = "customer_new: {domains: [{name: new.example, provider: gandi}]}"
    path = "group_vars/all/customers/new.yml"
    variables = taken(written(SECTIONS[CUSTOMERS] | {path: more}), tmp_path)
    assert len(variables["autoconfig_domains"]) == 4
    again = more.replace("new.example", "acme.example")
    inventory = written(SECTIONS[CUSTOMERS] | {path: again})
    (problem,) = problems(inventory.variables("autoconfig.example.com"), tmp_path)
    assert "acme.example" in problem


def test_own_groups_are_those_of_the_playbooks(
    written: Callable[[Files], Inventory], tmp_path: Path
) -> None:
    inventory = written(SECTIONS[GROUPS])
    taken(inventory, tmp_path)
    assert inventory.hosts(SERVERS) == ["web7.msp.example", "web8.msp.example"]
    assert inventory.hosts("autoconfig_load_balancers") == ["lb1.msp.example"]


def test_requirements_of_a_project_are_those_of_the_clone() -> None:
    """AWX reads collections/requirements.yml; a clone has them at its top."""
    assert (ROOT / "collections/requirements.yml").resolve() == ROOT / "requirements.yml"


def test_example_of_the_clone_is_taken_elsewhere(tmp_path: Path) -> None:
    """README.md has it copied out of the clone."""
    copy = tmp_path / "autoconfig-inventory"
    shutil.copytree(ROOT / "inventory", copy)
    inventory = Inventory(copy)
    (server,) = inventory.hosts(SERVERS)
    variables = inventory.variables(server)
    assert variables["autoconfig_domains"]
    assert problems(variables, tmp_path) == []
