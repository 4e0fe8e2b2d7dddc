#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: tls_links
short_description: Lead the links of many certificates to a directory
version_added: 0.1.0
description:
  - nginx finds each certificate behind a link below O(directory). This leads many of them somewhere
    in one call.
options:
  directory:
    description: Where the links are.
    type: path
    required: true
  names:
    description: Names of the links.
    type: list
    elements: str
    required: true
  target:
    description: Directory that holds C(fullchain.pem) and C(privkey.pem). Needed for O(names).
    type: path
  former:
    description: Name of a link of an earlier version, which led to the one certificate for all
      names. Where it leads to one, that takes the place of O(target).
    type: str
  formers:
    description: Link to another link, where that one's certificate holds its names until it has
      one of its own.
    type: dict
    default: {}
  replace:
    description: Whether links that lead to a certificate are led to O(target) too.
    type: bool
    default: false
  prune:
    description: Remove other links of this name, or of this name with C(-NUMBER) behind it.
    type: str
attributes:
  check_mode:
    description: Says which links would change.
    support: full
  diff_mode:
    description: Shows where the links lead, before and after.
    support: full
  platform:
    description: Any with links.
    support: full
    platforms: posix
author:
  - The mailhost.autoconfig authors (@mailhost)
"""

EXAMPLES = r"""
- name: Use the placeholder until there is a certificate
  mailhost.autoconfig.tls_links:
    directory: /etc/mail-autoconfig/tls
    names: [mail-autoconfig, mail-autoconfig-2]
    target: /etc/mail-autoconfig/tls/placeholder
"""

RETURN = r""" # """

import os
import re
from typing import Dict

from ansible.module_utils.basic import AnsibleModule


def links(directory: str) -> Dict[str, str]:
    """Return the links of a directory and where they lead; none if there is no directory."""
    if not os.path.isdir(directory):
        return {}
    paths = {name: os.path.join(directory, name) for name in sorted(os.listdir(directory))}
    return {name: os.readlink(path) for name, path in paths.items() if os.path.islink(path)}


def former(directory: str, name: str) -> str:
    """Return the certificate's directory to which a link of an earlier version leads, if it does.

    Now a link of that name leads to one of the links beside it.
    """
    path = os.path.join(directory, name)
    target = os.path.join(directory, os.readlink(path)) if os.path.islink(path) else ""
    there = os.path.isdir(target) and not os.path.islink(target)
    return target if there and os.path.exists(os.path.join(target, "fullchain.pem")) else ""


def lead(directory: str, name: str, target: str) -> None:
    """Lead one link to ``target``, at once for whoever reads it."""
    new = os.path.join(directory, f".{name}.new")
    if os.path.lexists(new):
        os.unlink(new)
    os.symlink(target, new)
    os.replace(new, os.path.join(directory, name))


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "directory": {"type": "path", "required": True},
            "names": {"type": "list", "elements": "str", "required": True},
            "target": {"type": "path"},
            "former": {"type": "str"},
            "formers": {"type": "dict", "default": {}},
            "replace": {"type": "bool", "default": False},
            "prune": {"type": "str"},
        },
        supports_check_mode=True,
    )
    directory, names, target = (module.params[key] for key in ("directory", "names", "target"))
    if names and not target:
        module.fail_json(msg="names without target; say where the links shall lead")
    if module.params["former"]:
        target = former(directory, module.params["former"]) or target
    before = links(directory)
    after = dict(before)
    for name in names:
        certificate = os.path.join(directory, name, "fullchain.pem")
        if module.params["replace"] or not os.path.exists(certificate):
            source = module.params["formers"].get(name, "")
            there = os.path.exists(os.path.join(directory, source, "fullchain.pem"))
            after[name] = before[source] if source in before and there else target
    if module.params["prune"]:
        pattern = re.compile(re.escape(module.params["prune"]) + r"(-\d+)?")
        for name in before:
            if pattern.fullmatch(name) and name not in names:
                del after[name]
    if not module.check_mode:
        for name in after:
            if after[name] != before.get(name):
                lead(directory, name, after[name])
        for name in before:
            if name not in after:
                os.unlink(os.path.join(directory, name))
    differing = {name for name in {**before, **after} if before.get(name) != after.get(name)}
    module.exit_json(
        changed=bool(differing),
        diff={
            "before": {name: before[name] for name in sorted(differing) if name in before},
            "after": {name: after[name] for name in sorted(differing) if name in after},
        },
    )


if __name__ == "__main__":
    main()
