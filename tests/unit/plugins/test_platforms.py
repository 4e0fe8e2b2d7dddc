"""Which hosts are let in; README.md says the same."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[3]
README = (ROOT / "README.md").read_text("utf-8")
OLD = "its Python is older than 3.11"


def platforms() -> ModuleType:
    return importlib.import_module(
        "ansible_collections.mailhost.autoconfig.plugins.plugin_utils.platforms"
    )


def debian(release: str) -> dict[str, str]:
    """The facts of a Debian."""
    return {
        "distribution": "Debian",
        "distribution_major_version": release,
        "distribution_version": f"{release}.1",
        "os_family": "Debian",
    }


def ubuntu(version: str) -> dict[str, str]:
    """The facts of an Ubuntu."""
    return {
        "distribution": "Ubuntu",
        "distribution_major_version": version.partition(".")[0],
        "distribution_version": version,
        "os_family": "Debian",
    }


ALMA = {"distribution": "AlmaLinux", "distribution_major_version": "10", "os_family": "RedHat"}
SID = debian("forky/sid")


@pytest.mark.parametrize("facts", [debian("12"), debian("13")])
def test_tested(facts: dict[str, str]) -> None:
    platform = platforms().of(facts)
    assert [*platforms().refusal(platform), *platforms().warning(platform)] == []


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (ubuntu("24.04"), "Ubuntu 24.04: its packages have what is needed, but no test runs it"),
        (ubuntu("26.04"), "Ubuntu 26.04: its packages have what is needed, but no test runs it"),
        (SID, "Debian sid: what comes next; some of the tests run it"),
    ],
)
def test_expected(facts: dict[str, str], said: str) -> None:
    platform = platforms().of(facts)
    assert list(platforms().refusal(platform)) == []
    assert list(platforms().warning(platform)) == [f"{said}; the tests are for Debian 12 or 13"]


@pytest.mark.parametrize(
    ("facts", "line"),
    [
        (debian("11"), f"Debian 11 is not supported: {OLD}"),
        (ubuntu("22.04"), f"Ubuntu 22.04 is not supported: {OLD}"),
        (ubuntu("24.10"), "Ubuntu 24.10 is not supported: nothing is known of it"),
        (ALMA, "AlmaLinux 10 is not supported: it lacks packages that the roles install"),
        ({}, "unknown unknown is not supported: nothing is known of it"),
    ],
)
def test_refused(facts: dict[str, str], line: str) -> None:
    platform = platforms().of(facts)
    instead = "use Debian 12 or 13, or the container image"
    assert list(platforms().refusal(platform)) == [f"{line}; {instead}"]
    assert list(platforms().warning(platform)) == []
    assert list(platforms().profile(platform)) == []  # one line is enough


@pytest.mark.parametrize(
    ("facts", "certbot"), [(debian("12"), "2.1 of Debian 12"), (ubuntu("24.04"), "2.9 of Ubuntu")]
)
def test_certbot_that_asks_for_no_profile(facts: dict[str, str], certbot: str) -> None:
    (line,) = platforms().profile(platforms().of(facts))
    assert line.startswith(f"autoconfig_certificates_profile: certbot {certbot}")
    assert line.endswith("leave it out, or use a release with certbot 4.0")


@pytest.mark.parametrize("facts", [debian("13"), ubuntu("26.04"), SID])
def test_certbot_that_asks_for_a_profile(facts: dict[str, str]) -> None:
    assert list(platforms().profile(platforms().of(facts))) == []


def test_readme_has_all() -> None:
    """A row for each state and reason, in their order."""
    rows: dict[str, list[str]] = {}
    for each in platforms().PLATFORMS:
        said = f"{each.state}: {each.why}" if each.why else each.state
        rows.setdefault(said, []).append(each.name)
    expected = [f"| {', '.join(names)} | {said} |" for said, names in rows.items()]
    table = README.partition("| server | |\n|---|---|\n")[2].partition("\n\n")[0]
    assert table.splitlines() == expected
