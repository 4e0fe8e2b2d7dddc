#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: certificate_groups
short_description: Assign the domains' names to certificates
version_added: 0.1.0
description:
  - Packs domains into certificates of at most O(size) names. A domain stays where an earlier run
    put it, so that adding or removing one changes one certificate.
  - Keeps the assignment in a file on the host. Where that is lost, it is made again from the names
    on certbot's certificates.
options:
  domains:
    description: Domain to host names, as RV(mailhost.autoconfig.preflight#module:by_domain).
    type: dict
    required: true
  size:
    description: How many names are on a certificate at most; 1 to 100.
    type: int
    required: true
  path:
    description: File on the host that keeps the assignment.
    type: path
    required: true
  live:
    description: Directory of certbot's certificates.
    type: path
    required: true
attributes:
  action:
    description: Computes on the controller.
    support: full
  check_mode:
    description: Says what the assignment would be.
    support: full
  diff_mode:
    description: Shows the file before and after.
    support: full
author:
  - The mailhost.autoconfig authors (@mailhost)
"""

EXAMPLES = r"""
- name: Assign the names to certificates
  mailhost.autoconfig.certificate_groups:
    domains: "{{ preflight.by_domain }}"
    size: 50
    path: /etc/mail-autoconfig/certificates.json
    live: /etc/mail-autoconfig/certbot/live
  register: groups_of_names
"""

RETURN = r"""
assignment:
  description: Certificate to domain to names.
  type: dict
  returned: success
certificates:
  description: A C(name) and all C(names) for each certificate.
  type: list
  elements: dict
  returned: success
moved_from:
  description: New certificate to the one from which its domains move, if they do.
  type: dict
  returned: success
primary:
  description: The certificate with the generic host, else with the first domain.
  type: str
  returned: success
"""
