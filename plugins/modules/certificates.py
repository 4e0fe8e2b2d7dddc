#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: certificates
short_description: Order the certificates that are needed, and put them in force
version_added: 0.1.0
description:
  - Runs C(mail-autoconfig certificates) on the host, once for all certificates. A timer runs it
    later.
  - Names that the authority would refuse are left out and reported. The others are ordered.
  - A failed order leaves the certificate that is in force.
options:
  settings:
    description: How to order, as in C(/etc/mail-autoconfig/authority.json).
    type: dict
    required: true
  assignment:
    description: Certificate to domain to names, as M(mailhost.autoconfig.certificate_groups)
      returns it.
    type: dict
    required: true
  strict:
    description: Fail if a name was left out. All that could be done is done before.
    type: bool
    default: false
  ready:
    description: Whether the host has the programs that this needs. If not, check mode can't say
      what would be ordered.
    type: bool
    default: true
  program:
    description: Path of the program C(mail-autoconfig).
    type: path
    default: /usr/local/bin/mail-autoconfig
attributes:
  check_mode:
    description: Says what would be ordered, and what waits for a limit of the authority. New names
      are looked up in DNS, but not asked for by http.
    support: full
  diff_mode:
    description: Shows the names on each certificate that changes.
    support: full
  platform:
    description: Debian 12 and 13.
    support: full
    platforms: Debian
author:
  - The mailhost.autoconfig authors (@mailhost)
"""

EXAMPLES = r"""
- name: Get the certificates
  mailhost.autoconfig.certificates:
    settings: "{{ settings }}"
    assignment: "{{ groups_of_names.assignment }}"
"""

RETURN = r"""
lines:
  description: For people - what was ordered, what waits for a limit, which names were left out.
  type: list
  elements: str
  returned: success
"""

import json
import os

from ansible.module_utils.basic import AnsibleModule


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "settings": {"type": "dict", "required": True},
            "assignment": {"type": "dict", "required": True},
            "strict": {"type": "bool", "default": False},
            "ready": {"type": "bool", "default": True},
            "program": {"type": "path", "default": "/usr/local/bin/mail-autoconfig"},
        },
        supports_check_mode=True,
    )
    if not module.params["ready"]:
        line = "certbot and mail-autoconfig would be installed; only they can say what to order"
        module.exit_json(changed=True, lines=[line])
    paths = []
    for name in ("settings", "assignment"):
        paths.append(os.path.join(module.tmpdir, name + ".json"))
        with open(paths[-1], "w", encoding="utf-8") as file:
            json.dump(module.params[name], file)
    command = [module.params["program"], "certificates", "--json", *paths]
    if module.check_mode:
        command.insert(2, "--check")
    _rc, out, err = module.run_command(command)
    try:
        report = json.loads(out)
    except ValueError:
        module.fail_json(msg=(err or out).strip())
    result = {"changed": report["changed"], "lines": report["lines"]}
    result["diff"] = {"before": report["before"], "after": report["after"]}
    missing = {**report["left_out"], **report["awaited"]} if module.params["strict"] else {}
    problems = report["problems"] + [f"{name}: {why}" for name, why in missing.items()]
    if problems:
        if not missing:
            problems += report["lines"]
        module.fail_json(msg="\n".join(problems), **result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
