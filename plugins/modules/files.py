#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: files
short_description: Have several files and directories as they should be, in one call
version_added: 0.1.0
description:
  - As M(ansible.builtin.copy) and M(ansible.builtin.file) in a loop, which ask the host once or
    twice for each item.
  - A file is replaced as a whole and atomically.
options:
  entries:
    description: The files and directories. A directory comes before what is in it.
    type: list
    elements: dict
    required: true
    suboptions:
      path:
        description: Where it is.
        type: path
        required: true
      state:
        description: What it is to be. V(absent) removes a directory with all that is in it.
        type: str
        choices: [file, directory, absent]
        default: file
      content:
        description: The text of a file.
        type: str
        default: ""
      owner:
        description: Its owner.
        type: str
      group:
        description: Its group.
        type: str
      mode:
        description: Its mode, as M(ansible.builtin.file) takes it.
        type: raw
attributes:
  check_mode:
    description: Says what would change.
    support: full
  diff_mode:
    description: Shows each file that changes.
    support: full
  platform:
    description: Any.
    support: full
    platforms: posix
author:
  - The mailhost.autoconfig authors (@mailhost)
"""

EXAMPLES = r"""
- name: Have a directory with a file
  mailhost.autoconfig.files:
    entries:
      - {path: /etc/mail-autoconfig, state: directory, owner: root, group: root, mode: "0755"}
      - {path: /etc/mail-autoconfig/authority.json, content: "{}", owner: root, mode: "0644"}
"""

RETURN = r"""
paths:
  description: What was changed.
  type: list
  elements: str
  returned: success
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.placing import place

ENTRY = {
    "path": {"type": "path", "required": True},
    "state": {"type": "str", "choices": ["file", "directory", "absent"], "default": "file"},
    "content": {"type": "str", "default": ""},
    "owner": {"type": "str"},
    "group": {"type": "str"},
    "mode": {"type": "raw"},
}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "entries": {"type": "list", "elements": "dict", "required": True, "options": ENTRY}
        },
        supports_check_mode=True,
    )
    done = place(module, module.params["entries"])
    module.exit_json(changed=bool(done.paths), paths=done.paths, diff=done.diff)


if __name__ == "__main__":
    main()
