"""Run by Ansible on this machine, with programs in the place of dpkg-query and apt-get."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mailhost.autoconfig.plugins.action.packages import complaint, missing

ROOT = Path(__file__).parents[3]
DEAD = "W: Failed to fetch http://dead.test/InRelease  Could not resolve 'dead.test'"
IGNORED = (
    "W: Some index files failed to download. They have been ignored, or old ones used instead."
)


def test_missing() -> None:
    listed = "nginx installed\nold config-files\nhalf half-installed\n"
    wanted = ["nginx", "old", "half", "none"]
    assert missing(wanted, listed) == ["old", "half", "none"]


@pytest.mark.parametrize(
    ("printed", "line"),
    [
        (f"{DEAD}\n{IGNORED}", DEAD[3:].replace("  ", " ")),
        (f"{DEAD}\nE: Could not get lock", "Could not get lock"),
        ("dpkg: xE: no\n", ""),
        ("", ""),
    ],
)
def test_complaint(printed: str, line: str) -> None:
    assert complaint(printed) == line


def install(directory: Path, installed: str, *, check: bool = False) -> tuple[dict[str, Any], str]:
    """Install a and b; return the result, and what apt-get was asked for."""
    programs = {
        "dpkg-query": f"printf '{installed}'",
        "apt-get": f'echo "$@" >> {directory}/asked; echo Hit; echo "{DEAD}" >&2',
        "find": "true",  # no fresh lists
        "touch": "exit 1",
    }
    for name, body in programs.items():
        (directory / name).write_text(f"#!/bin/sh\n{body}\n")
        (directory / name).chmod(0o755)
    content = "{{ found | to_json }}"
    tasks: list[dict[str, Any]] = [
        {"mailhost.autoconfig.packages": {"name": ["autoconfig-a", "autoconfig-b"]}},
        {"ansible.builtin.copy": {"content": content, "dest": f"{directory}/found"}},
    ]
    tasks[0] |= {"register": "found", "ignore_errors": True, "check_mode": check}
    path = {"PATH": f"{directory}:{os.environ['PATH']}"}
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}
    (directory / "play.json").write_text(json.dumps([play | {"environment": path}]))
    subprocess.run(
        ["ansible-playbook", "-i", "localhost,", str(directory / "play.json")],
        env=os.environ | {"ANSIBLE_PYTHON_INTERPRETER": sys.executable},
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    asked = directory / "asked"
    return json.loads((directory / "found").read_text()), (
        asked.read_text() if asked.exists() else ""
    )


def test_sources_are_not_asked_where_all_is_installed(tmp_path: Path) -> None:
    found, asked = install(tmp_path, "autoconfig-a installed\\nautoconfig-b installed\\n")
    assert (found["changed"], asked) == (False, "")


def test_dead_source_is_named_where_a_package_can_not_be_installed(
    tmp_path: Path,
) -> None:
    """It stops no other: apt is asked for the package after that."""
    found, asked = install(tmp_path, "autoconfig-a installed\\n")
    assert found["failed"]
    assert found["msg"].startswith("autoconfig-b can't be installed: ")
    assert asked.startswith("-q update\n")
    assert found["msg"].endswith("; apt-get update: " + DEAD[3:].replace("  ", " "))
    assert "\n" not in found["msg"]


def test_check_mode_asks_no_source(tmp_path: Path) -> None:
    assert "update" not in install(tmp_path, "", check=True)[1]
