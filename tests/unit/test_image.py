"""What can be said of the image and the examples without an engine."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from mail_autoconfig.doctor.arguments import DEBIAN_PACKAGES
from mail_autoconfig.inventory.file import load
from mail_autoconfig.sources.readers.sql import DRIVERS
from support.proxies import NAMES, recipe

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
CADDYFILES = sorted(EXAMPLES.glob("*/Caddyfile"))
TARGET = r"127\.0\.0\.1:8080|autoconfig:8080|\{.*?\n    \}"
ADDRESS = re.compile(rf"reverse_proxy (?:{TARGET})", re.DOTALL)


def services() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path in sorted(EXAMPLES.glob("*/*.y*ml")):
        for name, service in yaml.safe_load(path.read_text()).get("services", {}).items():
            if service.get("image") == "mailhost/autoconfig":
                yield path.parent.name, name, service


SERVICES = [*services()]
NAMES_OF_EXAMPLES = {example for example, _name, _service in SERVICES}


FOR_SOURCES = """\
# The generic host, and the names of the sources' domains: these have no certificate.
https://auto.example.com, http:// {
    reverse_proxy autoconfig:8080
}
"""


def read_config(example: Path) -> str:
    """The file that an example serves; empty where the environment says all."""
    path = example / "config/domains.yml"
    return path.read_text() if path.exists() else ""


def packages(tasks: str) -> set[str]:
    """Those that a file of a role's tasks installs."""
    read = yaml.safe_load((ROOT / "roles" / tasks).read_text())
    module = "mailhost.autoconfig.packages"
    (found,) = (task[module]["name"] for task in read if module in task)
    return set(found)


def libraries() -> set[str]:
    """Those of the role `responder`."""
    return set(
        yaml.safe_load((ROOT / "roles/responder/vars/main.yml").read_text())[
            "__responder_libraries"
        ]
    )


def of_sources() -> set[str]:
    """Those of all sources that a host may have; of two drivers the one that it gets."""
    code = ast.parse((ROOT / "plugins/plugin_utils/sources.py").read_text())
    (written,) = (
        each.value
        for each in code.body
        if isinstance(each, ast.Assign) and ast.unparse(each.targets[0]) == "LIBRARIES"
    )
    libraries = ast.literal_eval(written).values()
    drivers = {next(iter(each.values())) for each in DRIVERS.values()}
    return drivers.union(*libraries)


def test_packages_are_those_of_a_host() -> None:
    text = (ROOT / "Containerfile").read_text()
    (written,) = re.findall(r'^ARG packages="(.*?)"', text, re.MULTILINE | re.DOTALL)
    # No program is there: openssl's would judge the root of an authority, which the issuer has not.
    of_roles = (libraries() | packages("certificates/tasks/acme.yml")) - {"openssl"}
    more = {"python3-yaml", "ca-certificates"}
    assert set(written.replace("\\", " ").split()) == {
        *of_roles,
        *of_sources(),
        *DEBIAN_PACKAGES,
        *more,
    }


def test_there_are_the_examples_of_the_page() -> None:
    page = (ROOT / "docs/image.md").read_text()
    assert set(re.findall(r"\(\.\./examples/([a-z-]+)\)", page)) == NAMES_OF_EXAMPLES
    assert {path.name for path in EXAMPLES.iterdir()} == NAMES_OF_EXAMPLES


@pytest.mark.parametrize(
    "service",
    [service for *_names, service in SERVICES],
    ids=[f"{example}, {name}" for example, name, _service in SERVICES],
)
def test_service_has_no_rights(service: dict[str, Any]) -> None:
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    swarm = "deploy" in service  # which knows no such option
    assert swarm or service["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*/*/domains.yml")), ids=str)
def test_file_is_right(path: Path) -> None:
    assert list(load(path, images=True).domains) == ["example.com"]


@pytest.mark.parametrize("path", CADDYFILES, ids=str)
def test_caddyfile_is_that_of_the_page(path: Path) -> None:
    """But for where it passes on to, and the names of sources' domains."""
    page = recipe("Caddy", sources=False)
    found, usual = (ADDRESS.sub("", text) for text in (path.read_text(), page))
    more = found.removeprefix(usual)
    sources = "autoconfig_sources" in read_config(path.parent)
    assert more == (ADDRESS.sub("", FOR_SOURCES) if sources else "")
    assert "autoconfig" in "".join(ADDRESS.findall(path.read_text()))


@pytest.mark.parametrize("name", ["traefik/compose.yaml", "mailu/autoconfig.conf",
                                  "mailcow/data/conf/nginx/autoconfig.conf"])  # fmt: skip
def test_names_are_those_of_the_page(name: str) -> None:
    text = (EXAMPLES / name).read_text()
    assert all(each in text for each in NAMES)
