"""The containers of molecule/samba."""

from __future__ import annotations

import subprocess
from pathlib import Path

import yaml

SCENARIO = Path(__file__).parents[2] / "molecule/samba"
INVENTORY = SCENARIO / "inventory/hosts.yml"
LAB = yaml.safe_load((SCENARIO / "inventory/group_vars/all/lab.yml").read_text())
CONTROLLERS = {each["name"]: each for each in LAB["lab_controllers"]}
PASSWORD = LAB["lab_password"]
ADMINISTRATOR = "-U", f"Administrator%{PASSWORD}"


def run(container: str, *command: str, said: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command in a container."""
    return subprocess.run(
        ["docker", "exec", "-i", f"autoconfig-samba-{container}", *command],
        input=said,
        capture_output=True,
        text=True,
        check=False,
    )


def output(container: str, *command: str, said: str = "") -> str:
    """What a command prints, which must succeed."""
    found = run(container, *command, said=said)
    assert found.returncode == 0, found.stdout + found.stderr
    return found.stdout


def samba(controller: str, *arguments: str) -> str:
    """What samba-tool prints there as Administrator, which must succeed."""
    return output(controller, "samba-tool", *arguments, *ADMINISTRATOR)
