from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from mail_autoconfig.cli import main
from mail_autoconfig.doctor.arguments import DEBIAN_PACKAGES, add_command

ROOT = Path(__file__).parents[3]
MODULE = "mailhost.autoconfig.packages"


def test_the_role_installs_what_the_doctor_needs() -> None:
    tasks = yaml.safe_load((ROOT / "roles/monitor/tasks/install.yml").read_text("utf-8"))
    (packages,) = (task[MODULE] for task in tasks if MODULE in task)
    assert tuple(packages["name"]) == DEBIAN_PACKAGES


def test_the_documentation_names_what_the_doctor_needs() -> None:
    text = (ROOT / "docs/doctor.md").read_text("utf-8")
    assert set(re.findall(r"`(python3-[a-z0-9]+)`", text)) == {*DEBIAN_PACKAGES, "python3-yaml"}


def test_a_missing_module_is_named_with_the_cure() -> None:
    """Run without site-packages, as on a host that has none of them."""
    ended = subprocess.run(
        [sys.executable, "-S", "-m", "mail_autoconfig", "doctor", "user@example.com"],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(ROOT / "src")},
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("doctor: no module dns; install Debian's ")
    assert all(package in ended.stderr for package in DEBIAN_PACKAGES)


def test_an_inventory_in_yaml_needs_one_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "domains.yml"
    file.write_text("autoconfig_domains: []\n")
    monkeypatch.setitem(sys.modules, "yaml", None)
    assert main(["doctor", "--inventory", str(file)]) == 2
    said = capsys.readouterr().err
    assert said == "domains.yml: a file in YAML needs python3-yaml; give JSON, or install it\n"


def parsed(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_command(parser.add_subparsers())
    return parser.parse_args(["doctor", *arguments])


def test_a_domain_alone_is_enough() -> None:
    (address,) = parsed("example.com").address
    assert (address.email, address.domain) == ("postmaster@example.com", "example.com")


def test_accepted_findings() -> None:
    found = parsed(
        "--ignore", "dns-no-mx", "--ignore", "web-case:https://a.test/x", "a.test"
    ).ignore
    assert found == [("dns-no-mx", ""), ("web-case", "https://a.test/x")]
    with pytest.raises(SystemExit):
        parsed("--ignore", ":x", "a.test")
