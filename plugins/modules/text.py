#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: text
short_description: Put a text on a host, and show what changes in one that is large
version_added: 0.1.0
description:
  - As M(ansible.builtin.copy), whose C(--diff) shows nothing of a file over 104,448 bytes.
  - Of such a file it shows in a few lines what goes and what comes. Of JSON these are keys, and
    names in place of all that is new with them.
  - The file is root's, and everybody may read it.
options:
  content:
    description: The text.
    type: str
    required: true
  dest:
    description: Where it is.
    type: path
    required: true
  digest:
    description: A word of the text that stands for the SHA-256 of the text with this word.
    type: str
    default: ""
  validate:
    description: As that of M(ansible.builtin.copy).
    type: str
  backup:
    description: As that of M(ansible.builtin.copy).
    type: bool
    default: false
attributes:
  action:
    description: Compares on the controller.
    support: full
  check_mode:
    description: Says whether the file would change.
    support: full
  diff_mode:
    description: Shows the file before and after; of a large one what is different.
    support: full
author:
  - The mailhost.autoconfig authors (@mailhost)
"""

EXAMPLES = r"""
- name: Write a file
  mailhost.autoconfig.text:
    content: "{{ {'domains': domains} | to_nice_json }}"
    dest: /etc/mail-autoconfig/config.json
"""

RETURN = r"""
backup_file:
  description: The file as it was before, if that is asked for and it changes.
  type: str
  returned: changed
"""
