#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: packages
short_description: Install Debian's packages, without recommended ones
version_added: 0.1.0
description:
  - Asks the package sources for news only where a package is missing. A source that does not answer
    then stops nothing that another source has.
  - Where a package can't be installed, says what apt says of the sources too.
options:
  name:
    description: The packages.
    type: list
    elements: str
    required: true
attributes:
  action:
    description: Runs on the controller, and apt on the host.
    support: full
  check_mode:
    description: Says whether a package would be installed, by the lists that are on the host.
    support: full
  diff_mode:
    description: As M(ansible.builtin.apt) shows it.
    support: full
author:
  - The mailhost.autoconfig authors (@mailhost)
"""

EXAMPLES = r"""
- name: Install nginx
  mailhost.autoconfig.packages:
    name: [nginx, openssl]
"""

RETURN = r"""
versions:
  description: Of each package that is installed, its version.
  type: dict
  returned: success
msg:
  description: What can't be installed, and why, in one line.
  type: str
  returned: failure
"""
