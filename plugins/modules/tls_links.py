#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: tls_links
short_description: Point the links of many certificates to a directory
version_added: 0.1.0
description:
  - nginx finds each certificate behind a link in O(directory). This module makes or changes many of
    them in one call.
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
    description: Directory with C(fullchain.pem) and C(privkey.pem). Needed for O(names).
    type: path
  moved_from:
    description:
      - New link to the link whose certificate has its names until it has one of its own, as
        M(mailhost.autoconfig.certificate_groups) returns it.
      - Where there is such a certificate, it takes the place of O(target).
    type: dict
    default: {}
  replace:
    description: Whether links that point to a certificate are pointed to O(target) too.
    type: bool
    default: false
  links:
    description: Further links, and where they point whatever they pointed to before.
    type: dict
    default: {}
  prune:
    description: Remove each other link whose whole name matches this regular expression.
    type: str
  sweep:
    description: Directory of certificates, from which what no link points to is removed.
    type: path
attributes:
  check_mode:
    description: Says which links would change.
    support: full
  diff_mode:
    description: Shows where the links point, before and after.
    support: full
  platform:
    description: Any with symbolic links.
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
import shutil
from typing import Any, Dict, Iterable, List

from ansible.module_utils.basic import AnsibleModule


def links(directory: str) -> Dict[str, str]:
    """Return the links of a directory and where they point; none if there is no directory."""
    if not os.path.isdir(directory):
        return {}
    paths = {name: os.path.join(directory, name) for name in sorted(os.listdir(directory))}
    return {name: os.readlink(path) for name, path in paths.items() if os.path.islink(path)}


def point(directory: str, name: str, target: str) -> None:
    """Point one link to ``target``; at no moment is there none.

    ``AnsibleModule.atomic_move`` would change the mode of what a link points to.
    """
    new = os.path.join(directory, f".{name}.new")
    if os.path.lexists(new):
        os.unlink(new)
    os.symlink(target, new)
    os.replace(new, os.path.join(directory, name))


def wanted(directory: str, before: Dict[str, str], parameters: Dict[str, Any]) -> Dict[str, str]:
    """Return the links as they should be, from those ``before``."""
    after = dict(before)
    for name in parameters["names"]:
        if parameters["replace"] or not has_certificate(directory, name):
            source = parameters["moved_from"].get(name, "")
            shared = source in before and has_certificate(directory, source)
            after[name] = before[source] if shared else parameters["target"]
    after.update(parameters["links"])
    if parameters["prune"]:
        pattern = re.compile(parameters["prune"])
        for name in before:
            kept = name in parameters["names"] or name in parameters["links"]
            if pattern.fullmatch(name) and not kept:
                del after[name]
    return after


def change(directory: str, before: Dict[str, str], after: Dict[str, str]) -> None:
    """Make the links as they should be; they are known as they were before."""
    for name in after:
        if after[name] != before.get(name):
            point(directory, name, after[name])
    for name in before:
        if name not in after:
            os.unlink(os.path.join(directory, name))


def unused(directory: str, targets: Iterable[str]) -> List[str]:
    """Return what is in a directory and is none of these."""
    listed = sorted(os.listdir(directory)) if os.path.isdir(directory) else []
    return sorted({os.path.join(directory, name) for name in listed}.difference(targets))


def remove(path: str) -> None:
    """Remove a file, or a directory with all that is in it."""
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    else:
        os.unlink(path)


def has_certificate(directory: str, name: str) -> bool:
    """Return whether a link points to a certificate."""
    return os.path.exists(os.path.join(directory, name, "fullchain.pem"))


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "directory": {"type": "path", "required": True},
            "names": {"type": "list", "elements": "str", "required": True},
            "target": {"type": "path"},
            "moved_from": {"type": "dict", "default": {}},
            "replace": {"type": "bool", "default": False},
            "links": {"type": "dict", "default": {}},
            "prune": {"type": "str"},
            "sweep": {"type": "path"},
        },
        supports_check_mode=True,
    )
    directory = module.params["directory"]
    if module.params["names"] and not module.params["target"]:
        module.fail_json(msg="names without target; say where the links should point")
    before = links(directory)
    after = wanted(directory, before, module.params)
    sweep = module.params["sweep"]
    swept = unused(sweep, after.values()) if sweep else []
    if not module.check_mode:
        change(directory, before, after)
        for path in swept:
            remove(path)
    differing = {name for name in {**before, **after} if before.get(name) != after.get(name)}
    module.exit_json(
        changed=bool(differing or swept),
        diff={
            "before": {
                **{name: before[name] for name in sorted(differing) if name in before},
                **dict.fromkeys(swept, "unused"),
            },
            "after": {name: after[name] for name in sorted(differing) if name in after},
        },
    )


if __name__ == "__main__":
    main()
