#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: preflight
short_description: Check what the inventory asks for before a host changes
version_added: 0.1.0
description:
  - Validates domains and providers on the controller, with the code of the program on the host.
  - Refuses a release of ansible-core or a distribution that the collection does not support.
  - Returns what the roles derive from the domains, so that each of them sees the same names.
  - Changes nothing.
options:
  domains:
    description: List of domains, as in C(autoconfig_domains).
    type: raw
    required: true
  providers:
    description: Mapping of providers that are not built in, as in C(autoconfig_providers).
    type: raw
    required: true
  generic_host:
    description: The one host name that serves all domains with C(discovery=srv).
    type: str
    default: ""
  page_logo:
    description: An image on the controller for the page for people; SVG, PNG, JPEG or WebP.
    type: path
    default: ""
  page_texts:
    description: Texts of the page for people in place of the usual ones, by language and key.
    type: raw
    default: {}
attributes:
  action:
    description: Runs on the controller.
    support: full
  check_mode:
    description: Does the same in check mode.
    support: full
author:
  - The mailhost.autoconfig authors (@mailhost)
"""

EXAMPLES = r"""
- name: Check what was asked for before anything changes
  mailhost.autoconfig.preflight:
    domains: "{{ autoconfig_domains }}"
    providers: "{{ autoconfig_providers | default({}) }}"
  register: preflight
"""

RETURN = r"""
configuration:
  description: What the program on the host reads.
  type: dict
  returned: success
names:
  description: Host names that the certificate holds and nginx serves over TLS.
  type: list
  elements: str
  returned: success
by_domain:
  description: The same names by domain; the generic host is a domain of its own.
  type: dict
  returned: success
plain_names:
  description: Host names that nginx serves over plain http alone.
  type: list
  elements: str
  returned: success
generic_host:
  description: O(generic_host) in A-label form.
  type: str
  returned: success
fingerprint:
  description: Changes when an answer can change.
  type: str
  returned: success
"""
