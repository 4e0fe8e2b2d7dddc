#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: preflight_host
short_description: Look at a host, for the checks before it changes
version_added: 0.1.0
description:
  - All that M(mailhost.autoconfig.preflight) asks of a host, in one call. That action runs it.
  - Changes nothing, and judges nothing. Of what can't be asked, it says nothing.
options:
  paths:
    description: What is looked for.
    type: list
    elements: str
    default: []
  web_servers:
    description: Of each, its C(unit), and in C(test) a command that tests its configuration.
    type: list
    elements: dict
    default: []
  isolated:
    description: A command that runs a service with the isolation of the roles' services.
    type: str
    default: ""
attributes:
  check_mode:
    description: Does the same in check mode.
    support: full
  diff_mode:
    description: There is nothing to show.
    support: none
  platform:
    description: Debian.
    support: full
    platforms: Debian
author:
  - The mailhost.autoconfig authors (@mailhost)
"""

EXAMPLES = r"""
- name: Look at the host
  mailhost.autoconfig.preflight_host:
    paths: [/etc/mail-autoconfig/config.json]
"""

RETURN = r"""
distribution:
  description: As the fact of this name.
  type: str
  returned: success
version:
  description: The distribution's version, as its fact; C(unknown) if it has none.
  type: str
  returned: success
like:
  description: The distributions that it is made from, as C(ID_LIKE) of os-release(5).
  type: str
  returned: success
there:
  description: Those of the paths that are there; a link that leads nowhere is.
  type: list
  elements: str
  returned: success
isolation:
  description: The exit status of the command that is isolated.
  type: int
  returned: success
listeners:
  description: What C(ss) prints of the sockets at which programs listen, with C(web_servers).
  type: str
  returned: success
web_servers:
  description:
    - Of each, in the same order, C(group), the control group of its unit, and C(processes), the
      unit's main process and that one's children.
    - Of the test, C(rc), C(stdout) and C(stderr_lines), where the program is there.
  type: list
  elements: dict
  returned: success
"""

import glob
import os
import re
import shlex
from typing import Any, Dict, List, Tuple

from ansible.module_utils import distro
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.sys_info import get_distribution, get_distribution_version

SOCKETS = ["ss", "--no-header", "--listening", "--numeric", "--tcp", "--processes", "--extended"]
OURS = re.compile(r"^# configuration file /\S*/zz-mail-autoconfig[.]conf:$", re.MULTILINE)


def version(path: str = "/etc/debian_version") -> str:
    """Return the version of the distribution.

    Debian's testing and sid have none in os-release; beside lsb-release, Ansible takes them for
    "n/a".
    """
    if get_distribution() == "Debian" and os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            return file.read().strip()
    return get_distribution_version() or "unknown"


def run(module: AnsibleModule, command: List[str]) -> Tuple[int, str, str]:
    """Return the exit status and both outputs; the status is 127 where there is no such program."""
    try:
        code, out, said = module.run_command(command, handle_exceptions=False)
    except OSError as error:
        return 127, "", str(error)
    return code, out, said


def children(parent: int, proc: str = "/proc") -> List[int]:
    """Return the processes that a process has made."""
    found = []
    for path in glob.glob(os.path.join(proc, "[0-9]*", "stat")):
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                line = file.read()
        except OSError:  # it has ended
            continue
        # The name, between parentheses, may have some of its own.
        if int(line.rpartition(")")[2].split()[1]) == parent:
            found.append(int(line.partition(" ")[0]))
    return sorted(found)


def processes(module: AnsibleModule, unit: str) -> Dict[str, Any]:
    """Return the control group and the processes of a unit.

    The name of a process says little: a container's nginx has the same.
    """
    _code, out, _said = run(module, ["systemctl", "show", "--property=ControlGroup,MainPID", unit])
    shown = dict(re.findall(r"^(\w+)=(.*)$", out, re.MULTILINE))
    main = int(shown.get("MainPID") or 0)
    return {
        "group": shown.get("ControlGroup", ""),
        "processes": [main, *children(main)] if main else [],
    }


def tested(module: AnsibleModule, command: List[str]) -> Dict[str, Any]:
    """Return what comes of the test of a configuration; nothing where there is no such program."""
    if not os.path.exists(command[0]):
        return {}
    code, out, said = run(module, command)
    return {"rc": code, "stdout": without_our_servers(out), "stderr_lines": said.splitlines()}


def without_our_servers(dump: str) -> str:
    """Return what ``nginx -T`` printed without the servers of our own file, which may be hundreds.

    The controller looks at those of others.
    """
    header = OURS.search(dump)
    if not header:
        return dump
    begin = dump.find("\nserver {", header.end())
    end = dump.find("\n# configuration file /", header.end())
    end = len(dump) if end < 0 else end
    return dump[:begin] + dump[end:] if header.end() <= begin < end else dump


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "paths": {"type": "list", "elements": "str", "default": []},
            "web_servers": {"type": "list", "elements": "dict", "default": []},
            "isolated": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )
    servers, isolated = module.params["web_servers"], shlex.split(module.params["isolated"])
    module.exit_json(
        changed=False,
        distribution=get_distribution(),
        version=version(),
        like=distro.like(),
        there=[path for path in module.params["paths"] if os.path.lexists(path)],
        isolation=run(module, isolated)[0] if isolated else 0,
        listeners=run(module, SOCKETS)[1] if servers else "",
        web_servers=[
            {**processes(module, each["unit"]), **tested(module, each["test"].split())}
            for each in servers
        ],
    )


if __name__ == "__main__":
    main()
