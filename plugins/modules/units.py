#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: units
short_description: Install, enable and start units of systemd, or remove them, in one call
version_added: 0.1.0
description:
  - Writes the files of units, lets systemd read them, and enables and starts those that are to run.
  - What runs already is not restarted; that is for a handler.
options:
  files:
    description: The units' names and the texts of their files. Needed where they are to be there.
    type: dict
    default: {}
  running:
    description: Those of the units that are enabled and started.
    type: list
    elements: str
    default: []
  absent:
    description: Units that are stopped, disabled and removed.
    type: list
    elements: str
    default: []
attributes:
  check_mode:
    description: Says what would change. Of units that are not there yet, nothing more is said.
    support: full
  diff_mode:
    description: Shows the files that change.
    support: full
  platform:
    description: Any with systemd.
    support: full
    platforms: posix
author:
  - The mailhost.autoconfig authors (@mailhost)
"""

EXAMPLES = r"""
- name: Install, enable and start the timer that renews certificates
  mailhost.autoconfig.units:
    files:
      mail-autoconfig-certificates.service: "{{ lookup('template', 'certificates.service.j2') }}"
      mail-autoconfig-certificates.timer: "{{ lookup('template', 'certificates.timer.j2') }}"
    running: [mail-autoconfig-certificates.timer]
"""

RETURN = r"""
written:
  description: The units whose files have changed.
  type: list
  elements: str
  returned: success
"""

import os
from typing import Any, Dict, List

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.placing import place

DIRECTORY = "/etc/systemd/system"


def systemctl(module: AnsibleModule, *arguments: str) -> None:
    """Run systemctl; fail with what it says."""
    code, out, said = module.run_command(["systemctl", *arguments])
    if code:
        module.fail_json(msg=" ".join((said or out or "systemctl " + " ".join(arguments)).split()))


def shown(module: AnsibleModule, unit: str) -> Dict[str, str]:
    """Return how a unit is; a template of units is none."""
    if "@." in unit:
        return {}
    arguments = ["systemctl", "show", "--property=ActiveState,UnitFileState", unit]
    _code, out, _said = module.run_command(arguments)
    return dict(line.split("=", 1) for line in out.splitlines() if "=" in line)


def is_started(state: Dict[str, str]) -> bool:
    """Say whether a unit runs, or is about to."""
    return state.get("ActiveState") in ("active", "activating", "reloading")


def run(module: AnsibleModule, units: List[str]) -> List[str]:
    """Enable and start units; return those that were not."""
    changed = []
    for unit in units:
        state = shown(module, unit)
        steps = []
        if state.get("UnitFileState", "") in ("", "disabled"):
            steps.append("enable")
        if not is_started(state):
            steps.append("start")
        if steps:
            changed.append(unit)
        if not module.check_mode:
            for step in steps:
                systemctl(module, step, unit)
    return changed


def remove(module: AnsibleModule, units: List[str]) -> List[str]:
    """Stop and disable units before their files go; return those that ran or had a file."""
    changed = []
    for unit in units:
        started = is_started(shown(module, unit))
        installed = os.path.lexists(os.path.join(DIRECTORY, unit))
        if started or installed:
            changed.append(unit)
        if started and not module.check_mode:
            systemctl(module, "stop", unit)
        if installed and not module.check_mode:
            systemctl(module, "disable", unit)
    return changed


def entries(parameters: Dict[str, Any]) -> List[Dict[str, Any]]:
    """Return the files as they should be."""
    files = {os.path.join(DIRECTORY, unit): text for unit, text in parameters["files"].items()}
    ours = {"owner": "root", "group": "root", "mode": "0644"}
    return [{**ours, "path": path, "state": "file", "content": files[path]} for path in files] + [
        {"path": os.path.join(DIRECTORY, unit), "state": "absent"} for unit in parameters["absent"]
    ]


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "files": {"type": "dict", "default": {}},
            "running": {"type": "list", "elements": "str", "default": []},
            "absent": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    gone = remove(module, module.params["absent"])
    placed = place(module, entries(module.params))
    if placed.paths and not module.check_mode:
        systemctl(module, "daemon-reload")
    if gone and not module.check_mode:
        # Of what has not failed, it knows nothing.
        module.run_command(["systemctl", "reset-failed", *gone])
    written = [os.path.basename(path) for path in placed.paths]
    # What check mode did not install can't be enabled.
    begun = [] if written and module.check_mode else run(module, module.params["running"])
    module.exit_json(changed=bool(gone or written or begun), written=written, diff=placed.diff)


if __name__ == "__main__":
    main()
