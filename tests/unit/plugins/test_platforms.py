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


DEBIAN_12, DEBIAN_13 = ("Debian", "12.9"), ("Debian", "13.1")
NOBLE, RESOLUTE = ("Ubuntu", "24.04", "debian"), ("Ubuntu", "26.04", "debian")
SID = "Debian", "forky/sid"
ALMA = "Almalinux", "10.0", "rhel centos fedora"


@pytest.mark.parametrize("host", [DEBIAN_12, DEBIAN_13])
def test_tested(host: tuple[str, ...]) -> None:
    platform = platforms().of(*host)
    assert [*platforms().refusal(platform), *platforms().warning(platform)] == []


@pytest.mark.parametrize(
    ("host", "said"),
    [
        (NOBLE, "Ubuntu 24.04: its packages have what is needed, but no test runs it"),
        (RESOLUTE, "Ubuntu 26.04: its packages have what is needed, but no test runs it"),
        (SID, "Debian sid: what comes next; some of the tests run it"),
    ],
)
def test_expected(host: tuple[str, ...], said: str) -> None:
    platform = platforms().of(*host)
    assert list(platforms().refusal(platform)) == []
    assert list(platforms().warning(platform)) == [f"{said}; the tests are for Debian 12 or 13"]


@pytest.mark.parametrize(
    ("host", "line"),
    [
        (("Debian", "11.11"), f"Debian 11 is not supported: {OLD}"),
        (("Ubuntu", "22.04", "debian"), f"Ubuntu 22.04 is not supported: {OLD}"),
        (("Ubuntu", "24.10", "debian"), "Ubuntu 24.10 is not supported: nothing is known of it"),
        (
            ("Almalinux", "10.0", "rhel centos fedora"),
            "Almalinux 10 is not supported: it lacks packages that the roles install",
        ),
        (("Unknown", "unknown"), "Unknown unknown is not supported: nothing is known of it"),
    ],
)
def test_refused(host: tuple[str, ...], line: str) -> None:
    platform = platforms().of(*host)
    instead = "use Debian 12 or 13, or the container image"
    assert list(platforms().refusal(platform)) == [f"{line}; {instead}"]
    assert list(platforms().warning(platform)) == []
    assert list(platforms().profile(platform)) == []  # one line is enough


@pytest.mark.parametrize(
    ("host", "certbot"), [(DEBIAN_12, "2.1 of Debian 12"), (NOBLE, "2.9 of Ubuntu")]
)
def test_certbot_that_asks_for_no_profile(host: tuple[str, ...], certbot: str) -> None:
    (line,) = platforms().profile(platforms().of(*host))
    assert line.startswith(f"autoconfig_certificates_profile: certbot {certbot}")
    assert line.endswith("leave it out, or use a release with certbot 4.0")


@pytest.mark.parametrize("host", [DEBIAN_13, RESOLUTE, SID])
def test_certbot_that_asks_for_a_profile(host: tuple[str, ...]) -> None:
    assert list(platforms().profile(platforms().of(*host))) == []


def test_readme_has_all() -> None:
    """A row for each state and reason, in their order."""
    rows: dict[str, list[str]] = {}
    for each in platforms().PLATFORMS:
        said = f"{each.state}: {each.why}" if each.why else each.state
        rows.setdefault(said, []).append(each.name)
    expected = [f"| {', '.join(names)} | {said} |" for said, names in rows.items()]
    table = README.partition("| server | |\n|---|---|\n")[2].partition("\n\n")[0]
    assert table.splitlines() == expected
