#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: verify_summary
short_description: Sum up a run over all hosts, and say what to do next
version_added: 0.1.0
description:
  - Says which domains are right, which names were left out, each cause with its remedy, the DNS
    records to add, and the next step.
  - Fails if an answer is wrong, or if a name that has a DNS record has no certificate. A name
    without a record only waits for it.
options:
  hosts:
    description: The hosts. Those that were not asked are left out.
    type: list
    elements: str
    required: true
  answers:
    description: Name of the variable of a host with the result of C(mail-autoconfig verify --json),
      in a loop over the addresses where nginx listens.
    type: str
    required: true
  reports:
    description: Name of the variable of a host with the C(report.json) of its certificates, as
      M(ansible.builtin.slurp) returns it.
    type: str
    required: true
  rehearsal:
    description: Whether the certificates are those of a staging environment.
    type: bool
    default: false
  left_out_fails:
    description: Whether a name fails the run that has a record and no certificate.
    type: bool
    default: true
  only_failure:
    description: Say nothing unless the run fails.
    type: bool
    default: false
attributes:
  action:
    description: Computes on the controller.
    support: full
  check_mode:
    description: Changes nothing anyway.
    support: full
  diff_mode:
    description: Changes nothing.
    support: none
author:
  - The mailhost.autoconfig authors (@mailhost)
"""

EXAMPLES = r"""
- name: Sum up the run
  mailhost.autoconfig.verify_summary:
    hosts: "{{ ansible_play_hosts }}"
    answers: asked
    reports: certificates
  run_once: true
"""

RETURN = r"""
summary:
  description: The lines.
  type: list
  elements: str
  returned: if it says something
"""
