"""Units, in one call; the real systemd is that of the scenarios."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import MagicMock

import pytest

# Unit -> how it is; what systemd does not know is inactive.
STATES = {
    "runs.service": "ActiveState=active\nUnitFileState=enabled\n",
    "begins.service": "ActiveState=activating\nUnitFileState=static\n",
    "stopped.timer": "ActiveState=inactive\nUnitFileState=enabled\n",
    "new.socket": "ActiveState=inactive\nUnitFileState=disabled\n",
}


class Systemctl(MagicMock):
    """An AnsibleModule whose systemctl knows these units."""

    def run_command(self, command: list[str]) -> tuple[int, str, str]:
        if command[1] == "show":
            return 0, STATES.get(command[-1], "ActiveState=inactive\nUnitFileState=\n"), ""
        self.steps(*command[1:])
        return 0, "", ""

    def done(self) -> list[tuple[Any, ...]]:
        return [each.args for each in self.steps.call_args_list]


@pytest.fixture
def module() -> ModuleType:
    return importlib.import_module("ansible_collections.mailhost.autoconfig.plugins.modules.units")


@pytest.mark.parametrize("check_mode", [True, False])
def test_units_that_are_to_run(module: ModuleType, check_mode: bool) -> None:
    systemctl = Systemctl(check_mode=check_mode)
    assert module.run(systemctl, [*STATES]) == ["stopped.timer", "new.socket"]
    steps = [("start", "stopped.timer"), ("enable", "new.socket"), ("start", "new.socket")]
    assert systemctl.done() == ([] if check_mode else steps)


@pytest.mark.parametrize("check_mode", [True, False])
def test_units_that_are_to_go(
    module: ModuleType, check_mode: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that runs has lost its file; a template of units has no state."""
    monkeypatch.setattr(module, "DIRECTORY", str(tmp_path))
    for unit in "stopped.timer", "each@.service":
        (tmp_path / unit).touch()
    systemctl = Systemctl(check_mode=check_mode)
    units = ["runs.service", "stopped.timer", "each@.service", "none.service"]
    assert module.remove(systemctl, units) == units[:3]
    steps = [("stop", "runs.service"), ("disable", "stopped.timer"), ("disable", "each@.service")]
    assert systemctl.done() == ([] if check_mode else steps)


def test_failure_is_what_systemctl_says(module: ModuleType) -> None:
    ansible = MagicMock()
    ansible.run_command.return_value = (1, "", "Failed to start a.service:\nUnit is masked.\n")
    module.systemctl(ansible, "start", "a.service")
    ansible.fail_json.assert_called_once_with(msg="Failed to start a.service: Unit is masked.")


def test_files_of_units(module: ModuleType) -> None:
    found = module.entries({"files": {"a.timer": "text"}, "absent": ["b.service"]})
    assert [(Path(each["path"]).name, each["state"]) for each in found] == [
        ("a.timer", "file"),
        ("b.service", "absent"),
    ]
    assert found[0]["content"] == "text"
    assert found[0]["mode"] == "0644"
