"""Run as Ansible runs it, with a program that prints a report."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mail_autoconfig.certificates.report import Report

COLLECTIONS = Path(__file__).parents[3] / "collections"


def run(directory: Path, printed: str, **arguments: Any) -> dict[str, Any]:
    """The module's result, where the program prints this and writes its arguments down."""
    program = directory / "mail-autoconfig"
    (directory / "printed").write_text(printed)
    program.write_text(f'#!/bin/sh\necho "$*" > {directory}/said\ncat {directory}/printed\n')
    program.chmod(0o755)
    module = "ansible_collections.mailhost.autoconfig.plugins.modules.certificates"
    loader = (
        "import runpy; from ansible.plugins.loader import init_plugin_loader; "
        f"init_plugin_loader([{str(COLLECTIONS)!r}]); "
        f"runpy.run_module({module!r}, run_name='__main__')"
    )
    given = {"settings": {}, "assignment": {}, "program": str(program)} | arguments
    done = subprocess.run(
        [sys.executable, "-c", loader],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": given}),
        capture_output=True,
        text=True,
        check=False,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def report() -> Report:
    return Report(
        changed=True,
        orders=["a: ordered"],
        left_out={"c.test": "no record"},
        awaited={"d.test": "no record; until then"},
        after={"a": ["a.test"]},
    )


def test_report(tmp_path: Path) -> None:
    found = run(tmp_path, json.dumps(report().to_json()))
    assert found["changed"]
    assert found["lines"] == report().lines()
    assert found["diff"] == {"before": {}, "after": {"a": ["a.test"]}}
    said = (tmp_path / "said").read_text().split()
    assert said[:2] == ["certificates", "--json"]
    assert [Path(each).name for each in said[2:]] == ["settings.json", "assignment.json"]


def test_check_mode(tmp_path: Path) -> None:
    run(tmp_path, json.dumps(report().to_json()), _ansible_check_mode=True)
    assert (tmp_path / "said").read_text().split()[:3] == ["certificates", "--check", "--json"]


def test_strict(tmp_path: Path) -> None:
    found = run(tmp_path, json.dumps(report().to_json()), strict=True)
    assert found["failed"]
    assert found["msg"] == "c.test: no record\nd.test: no record; until then"


def test_problem(tmp_path: Path) -> None:
    """What was done is said beside it."""
    wrong = report()
    wrong.problems.append("b was not ordered")
    found = run(tmp_path, json.dumps(wrong.to_json()))
    assert found["failed"]
    assert found["msg"].splitlines() == ["b was not ordered", *wrong.lines()]


@pytest.mark.parametrize("printed", ["", "no settings"])
def test_run_that_could_not_begin(tmp_path: Path, printed: str) -> None:
    found = run(tmp_path, printed)
    assert (found["failed"], found["msg"]) == (True, printed)


def test_host_that_is_not_ready(tmp_path: Path) -> None:
    found = run(tmp_path, "", ready=False, _ansible_check_mode=True)
    assert found["changed"]
    assert "would be installed" in found["lines"][0]
    assert not (tmp_path / "said").exists()
