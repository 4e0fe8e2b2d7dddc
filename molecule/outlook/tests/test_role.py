"""What the role asks of Windows hosts, and what it makes of their answers.

There is no Windows: a double in the place of ansible.windows.win_powershell keeps what it is asked
for and answers what it is told.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.deployed import ROOT, changes, play

SCENARIO = Path(__file__).parents[1]
VARIABLES = {
    **yaml.safe_load((SCENARIO / "inventory/group_vars/all/domains.yml").read_text()),
    "ansible_connection": "local",
}
NOTHING: dict[str, Any] = {"versions": [], "left": [], "problems": []}
SETUP = {
    "key": r"Software\Microsoft\Office\16.0\Outlook\setup",
    "name": "DisableOffice365SimplifiedAccountCreation",
    "type": "REG_DWORD",
    "data": 1,
}
DOUBLE = """
import json
from pathlib import Path
from ansible.plugins.action import ActionBase

class ActionModule(ActionBase):
    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        path = Path(__file__).with_name("asked.json")
        asked = {"check": self._task.check_mode, **self._task.args}
        path.write_text(json.dumps(asked, default=str))
        Path(self._find_needle("files", self._task.args["path"]))
        return json.loads(path.with_name("answer.json").read_text())
"""


class Hosts:
    """One host of each kind, and the double that stands for its PowerShell."""

    def __init__(self, directory: Path) -> None:
        self.inventory = directory / "hosts.yml"
        self.collections = directory / "collections"
        self.actions = self.collections / "ansible_collections/ansible/windows/plugins/action"
        self.actions.mkdir(parents=True)
        (self.actions / "win_powershell.py").write_text(DOUBLE)
        # The module too: preflight looks for it.
        modules = self.actions.with_name("modules")
        modules.mkdir()
        (modules / "win_powershell.py").touch()

    def run(
        self, group: str, *arguments: str, answer: dict[str, Any], **variables: Any
    ) -> subprocess.CompletedProcess[str]:
        groups = {group: {"hosts": {"host": {}}}, "all": {"vars": VARIABLES}}
        self.inventory.write_text(yaml.safe_dump(groups))
        (self.actions / "answer.json").write_text(json.dumps(answer))
        return play(
            "mailhost.autoconfig.windows",
            *arguments,
            inventory=self.inventory,
            collections=Path(f"{self.collections}:{ROOT / 'collections'}"),
            **variables,
        )

    def asked(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.actions / "asked.json").read_text())
        return found


@pytest.fixture
def hosts(tmp_path: Path) -> Hosts:
    return Hosts(tmp_path)


def test_pc_gets_the_values_of_users(hosts: Hosts) -> None:
    ran = hosts.run("autoconfig_outlook_clients", answer={"changed": True, "result": NOTHING})
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert changes(ran.stdout) == 1
    assert hosts.asked()["path"] == "users.ps1"
    parameters = hosts.asked()["parameters"]
    values = json.loads(parameters.pop("Values"))
    assert values[0] == SETUP
    assert [value["name"] for value in values[1:]] == [
        *("ExcludeScpLookup", "PreferLocalXML", "autoconfig.hoster.test")
    ]
    assert parameters == {
        "Present": True,
        "ExistingUsers": True,
        "NewUsers": True,
        "AnyVersion": False,
        "Oldest": "16.0.6769.2015",
    }


def test_pc_gets_what_was_chosen(hosts: Hosts) -> None:
    ran = hosts.run(
        "autoconfig_outlook_clients",
        "--check",
        answer={"changed": False, "result": NOTHING},
        autoconfig_outlook_policy=True,
        autoconfig_outlook_state="absent",
        autoconfig_outlook_new_users=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert changes(ran.stdout) == 0
    assert hosts.asked()["check"] is True
    parameters = hosts.asked()["parameters"]
    assert (parameters["Present"], parameters["NewUsers"]) == (False, False)
    key = json.loads(parameters["Values"])[0]["key"]
    assert key == r"Software\Policies\Microsoft\Office\16.0\Outlook\setup"


def test_what_was_left_is_shown(hosts: Hosts) -> None:
    left = ["anna (S-1-5-21-1): NTUSER.DAT is in use or broken"]
    ran = hosts.run(
        "autoconfig_outlook_clients", answer={"changed": False, "result": {**NOTHING, "left": left}}
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert left[0] in ran.stdout


def test_hive_that_stays_loaded_fails(hosts: Hosts) -> None:
    problems = ["anna (S-1-5-21-1): HKU x stays loaded"]
    ran = hosts.run(
        "autoconfig_outlook_clients",
        answer={"changed": True, "result": {**NOTHING, "problems": problems}},
    )
    assert ran.returncode == 2
    assert problems[0] in ran.stdout


def test_controller_gets_policies(hosts: Hosts) -> None:
    units = ["OU=Staff,DC=example,DC=com"]
    ran = hosts.run(
        "autoconfig_outlook_windows_controllers",
        answer={"changed": True, "result": {}},
        autoconfig_outlook_gpo_links=units,
        autoconfig_outlook_gpo_security_filter=["Outlook users"],
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert hosts.asked()["path"] == "policy.ps1"
    parameters = hosts.asked()["parameters"]
    assert parameters["Name"] == "Outlook asks the mail domain"
    assert parameters["Present"] is True
    assert json.loads(parameters["Links"]) == units
    assert json.loads(parameters["Groups"]) == ["Outlook users"]
    keys = {value["key"] for value in json.loads(parameters["Values"])}
    assert all(key.startswith("Software\\Policies\\") for key in keys)


def test_bad_state_is_refused(hosts: Hosts) -> None:
    ran = hosts.run(
        "autoconfig_outlook_clients", answer={"changed": True}, autoconfig_outlook_state="gone"
    )
    assert ran.returncode == 2
    assert "autoconfig_outlook_state" in ran.stdout
    assert not (hosts.actions / "asked.json").exists()


def test_groups_without_hosts_are_named() -> None:
    ran = play("mailhost.autoconfig.windows", inventory=SCENARIO / "inventory/hosts.yml")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert changes(ran.stdout) == 0
    kinds = "clients", "windows_controllers", "samba_controllers"
    groups = ", ".join(f"autoconfig_outlook_{kind}" for kind in kinds)
    assert f"No hosts in {groups}, so nothing is done for them" in ran.stdout
