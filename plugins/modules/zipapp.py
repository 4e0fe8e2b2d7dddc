#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: zipapp
short_description: Install the program mail-autoconfig as one executable file
version_added: 0.1.0
description:
  - Packs the Python package of this collection into a zipapp and copies it to the host.
  - The same sources give the same bytes, so that a second run changes nothing.
options:
  dest:
    description: Path of the program on the host.
    type: path
    required: true
  interpreter:
    description: What is after C(#!) in the first line of the file.
    type: str
    default: /usr/bin/python3 -I
attributes:
  action:
    description: Packs on the controller.
    support: full
  check_mode:
    description: Says whether the file would change.
    support: full
  diff_mode:
    description: As M(ansible.builtin.copy) shows a binary file.
    support: full
author:
  - The mailhost.autoconfig authors (@mailhost)
"""

EXAMPLES = r"""
- name: Install the program
  mailhost.autoconfig.zipapp:
    dest: /usr/local/bin/mail-autoconfig
"""

RETURN = r"""
sha256:
  description: SHA-256 of the file, as the program tells its own at C(/healthz).
  type: str
  returned: success
checksum:
  description: SHA-1 of the file.
  type: str
  returned: success
"""
