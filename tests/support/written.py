"""What a user wrote, and what the collection says of it: an inventory, or variables of a play."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible.inventory.manager import InventoryManager
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible.vars.manager import VariableManager

from . import role_rules

ROOT = Path(__file__).parents[2]
OF_THE_PROGRAM = "domains", "providers", "generic_host"


class Inventory:
    """An inventory as Ansible reads it: its groups, and each host's variables."""

    def __init__(self, source: Path) -> None:
        loader = DataLoader()
        self._inventory = InventoryManager(loader=loader, sources=[str(source)])
        self._loader = loader
        self._variables = VariableManager(loader=loader, inventory=self._inventory)

    def hosts(self, group: str) -> list[str]:
        """The hosts of a group, in order; none where there is no such group."""
        groups = self._inventory.groups
        return [host.name for host in groups[group].get_hosts()] if group in groups else []

    def variables(self, host: str) -> dict[str, Any]:
        """The collection's variables of a host, with all expressions resolved."""
        found = self._variables.get_vars(host=self._inventory.get_host(host))
        templar = Templar(loader=self._loader, variables=found)
        return {
            name: json.loads(json.dumps(templar.template(value)))
            for name, value in found.items()
            if name.startswith("autoconfig_")
        }


def options() -> dict[str, Any]:
    """The options of all roles, of one argument_spec."""
    return {
        name: option
        for role in role_rules.roles(ROOT)
        for name, option in role_rules.options(ROOT, role).items()
    }


def problems(variables: Mapping[str, Any], directory: Path) -> list[str]:
    """What argument_specs and `mail-autoconfig check` say against variables.

    The file that `check` reads is written to `directory`.
    """
    # A default may be an expression, which the role resolves.
    known = {
        name: {key: each for key, each in option.items() if key != "default"}
        for name, option in options().items()
    }
    ours = {name: each for name, each in variables.items() if name.startswith("autoconfig_")}
    found = list(ArgumentSpecValidator(known).validate(ours).error_messages)
    if "autoconfig_domains" in ours:
        file = directory / "config.json"
        raw = {
            key: ours[f"autoconfig_{key}"] for key in OF_THE_PROGRAM if f"autoconfig_{key}" in ours
        }
        file.write_text(json.dumps(raw), "utf-8")
        command = [sys.executable, "-m", "mail_autoconfig", "check", str(file)]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=ROOT / "src"
        )
        if done.returncode:
            found += done.stderr.splitlines()
    return found
