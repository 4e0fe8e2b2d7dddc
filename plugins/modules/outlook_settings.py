#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: outlook_settings
short_description: Compute the registry values that let classic Outlook ask, and write them to files
version_added: 0.1.0
description:
  - Computes from the domains the registry values that a user's classic Outlook needs.
  - Writes them to files, for those who set them without Ansible.
  - Runs on the controller and needs no connection to the host.
options:
  domains:
    description: List of domains, as in C(autoconfig_domains).
    type: raw
    required: true
  providers:
    description: Mapping of providers that are not built in, as in C(autoconfig_providers).
    type: raw
    default: {}
  generic_host:
    description: The one host name that serves all domains with C(discovery=srv).
    type: str
    default: ""
  autodiscover:
    description: Which ways Outlook takes, a mapping of names such as C(ExcludeScpLookup) to 0 or 1.
    type: raw
    default: {}
  keep_classic:
    description: Adds the values that keep users on classic Outlook.
    type: bool
    default: false
  return_to_classic:
    description: Adds the value that brings users of new Outlook back to classic Outlook.
    type: bool
    default: false
  files_path:
    description: Directory on the controller for the files. If empty, no file is written.
    type: str
    default: ""
attributes:
  action:
    description: Runs on the controller.
    support: full
  check_mode:
    description: Computes the same, and writes no file.
    support: full
  diff_mode:
    description: Shows the files before and after.
    support: full
author:
  - The mailhost.autoconfig authors (@mailhost)
"""

EXAMPLES = r"""
- name: Write the files
  mailhost.autoconfig.outlook_settings:
    domains: "{{ autoconfig_domains }}"
    files_path: outlook-files
"""

RETURN = r"""
preferences:
  description: The values below C(Software) of a user's hive, where the user can change them.
  type: list
  elements: dict
  returned: success
  contains:
    key:
      description: The key, seen from the root of the user's hive.
      type: str
      sample: Software\Microsoft\Office\16.0\Outlook\setup
    name:
      description: Name of the value.
      type: str
    type:
      description: C(REG_DWORD) or C(REG_SZ).
      type: str
    data:
      description: A number or a text.
      type: raw
policies:
  description: The same values as policies, below C(Software\\Policies).
  type: list
  elements: dict
  returned: success
oldest:
  description: The first version of Outlook that needs the values.
  type: str
  returned: success
  sample: 16.0.6769.2015
"""
