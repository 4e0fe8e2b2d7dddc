"""Run by Ansible on this machine, with programs in the place of dpkg-query and apt-get."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mailhost.autoconfig.plugins.action.packages import complaint, installed

ROOT = Path(__file__).parents[3]
DEAD = "W: Failed to fetch http://dead.test/InRelease  Could not resolve 'dead.test'"
IGNORED = (
    "W: Some index files failed to download. They have been ignored, or old ones used instead."
)


def test_installed() -> None:
    listed = (
        "nginx installed 1.26.3-3\nold config-files 1\nhalf half-installed 1\nnone not-installed \n"
    )
    assert installed(listed) == {"nginx": "1.26.3-3"}


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


INSTALLED = "autoconfig-a installed 1.2-3\\n"
CASES: dict[str, dict[str, Any]] = {
    "complete": {"installed": f"{INSTALLED}autoconfig-b installed 4\\n"},
    "dead": {"installed": INSTALLED},
    "fresh": {"installed": INSTALLED, "lists": "/var/lib/apt/lists"},
    "check": {"installed": "", "check_mode": True},
}
Found = dict[str, tuple[dict[str, Any], str]]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """Case -> the result of the task for a and b, and what apt-get was asked for."""
    directory = tmp_path_factory.mktemp("packages")
    tasks: list[dict[str, Any]] = []
    for name, case in CASES.items():
        programs = {
            "dpkg-query": f"printf '{case['installed']}'",
            "apt-get": f'echo "$@" >> {directory / name}/asked; echo Hit; echo "{DEAD}" >&2',
            "find": f"echo '{case.get('lists', '')}'",
            "touch": "exit 1",
        }
        (directory / name).mkdir()
        for program, body in programs.items():
            path = directory / name / program
            path.write_text(f"#!/bin/sh\n{body}\n")
            path.chmod(0o755)
        tasks.append(
            {
                "mailhost.autoconfig.packages": {"name": ["autoconfig-a", "autoconfig-b"]},
                "environment": {"PATH": f"{directory / name}:{os.environ['PATH']}"},
                "register": name,
                "ignore_errors": True,
                "check_mode": case.get("check_mode", False),
            }
        )
    content = "{{ {" + ", ".join(f"'{name}': {name}" for name in CASES) + "} | to_json }}"
    tasks.append({"ansible.builtin.copy": {"content": content, "dest": f"{directory}/found"}})
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}
    (directory / "play.json").write_text(json.dumps([play]))
    subprocess.run(
        ["ansible-playbook", "-i", "localhost,", str(directory / "play.json")],
        env=os.environ | {"ANSIBLE_PYTHON_INTERPRETER": sys.executable},
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    results = json.loads((directory / "found").read_text())
    asked = {name: directory / name / "asked" for name in CASES}
    return {
        name: (results[name], path.read_text() if path.exists() else "")
        for name, path in asked.items()
    }


def test_sources_are_not_asked_where_all_is_installed(found: Found) -> None:
    result, asked = found["complete"]
    assert (result["changed"], asked) == (False, "")
    assert result["versions"] == {"autoconfig-a": "1.2-3", "autoconfig-b": "4"}


def test_dead_source_is_named_where_a_package_can_not_be_installed(found: Found) -> None:
    """It stops no other: apt is asked for the package after that."""
    result, asked = found["dead"]
    assert result["failed"]
    assert asked.startswith("-q update\n")
    assert result["msg"].startswith("autoconfig-b can't be installed: ")
    assert result["msg"].endswith("; apt-get update: " + DEAD[3:].replace("  ", " "))
    assert "\n" not in result["msg"]


def test_lists_that_are_fresh_are_asked_for_again_where_they_do_not_do(found: Found) -> None:
    result, asked = found["fresh"]
    assert result["failed"]
    assert "-q update\n" in asked


def test_check_mode_asks_no_source(found: Found) -> None:
    assert "-q update\n" not in found["check"][1]
