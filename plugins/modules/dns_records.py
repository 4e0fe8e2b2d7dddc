#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: dns_records
short_description: Show, write, push and check the DNS records of mail domains
version_added: 0.1.0
description:
  - Computes the records that the domains need, and updates each zone of O(servers).
  - Changes no record that it did not make.
  - Marks in the zone what it made, at C(_mail-autoconfig.DOMAIN).
  - A zone that fails does not stop the others. The task fails at its end and names the zone.
  - Runs on the controller and needs no connection to the host.
  - To push, the controller needs dnspython; for a provider's API also octoDNS, for an Active
    Directory also Kerberos.
options:
  state:
    description: C(absent) removes from the zones of O(servers) all that O(owner) made.
    type: str
    choices: [present, absent]
    default: present
  domains:
    description: List of domains, as in C(autoconfig_domains). At least one for O(state=present).
    type: raw
    default: []
  sourced:
    description: More domains, as C(mail-autoconfig sources list --json) has them. O(domains) wins.
    type: raw
    default: []
  complete:
    description: Whether these are all. With C(false) what was pushed for other domains stays.
    type: bool
    default: true
  providers:
    description: Mapping of providers that are not built in, as in C(autoconfig_providers).
    type: raw
    default: {}
  generic_host:
    description: The one host name that serves all domains with C(discovery=srv).
    type: str
    default: ""
  addresses:
    description: Addresses of the server.
    type: list
    elements: str
    default: []
  caa:
    description:
      - Authorities that may certify the names, such as C(letsencrypt.org).
      - If empty, no CAA record is made.
    type: list
    elements: str
    default: []
  ttl:
    description: Seconds that resolvers may keep a record.
    type: int
    default: 3600
  files_path:
    description:
      - Directory on the controller for the records as Markdown, as CSV, and as one file a zone.
      - If empty, no file is written.
    type: str
    default: ""
  servers:
    description:
      - List of servers, each with its C(zones), and the keys for one of three ways to change them.
      - Dynamic update, with C(address), C(port), C(key_name), C(key_secret), C(key_algorithm).
      - Dynamic update of an Active Directory's zones, with C(address), C(kerberos_account),
        C(kerberos_password).
      - A provider's API, with C(provider) and C(settings), the arguments of octoDNS's provider.
    type: list
    elements: dict
    default: []
  owner:
    description: Name of this inventory in the markers, which say who made a record.
    type: str
    default: mail-autoconfig
  replace:
    description: Names whose records are replaced even if somebody else made them; C(*) means all.
    type: list
    elements: str
    default: []
  keep:
    description: Names whose records are left alone.
    type: list
    elements: str
    default: []
  wait:
    description:
      - How many seconds to wait until each name server has the records.
      - With 0, none is asked.
    type: int
    default: 60
  resolvers:
    description:
      - Addresses of resolvers that are asked what they see.
      - If empty, those of the controller are asked.
    type: list
    elements: str
    default: []
attributes:
  action:
    description: Runs on the controller.
    support: full
  check_mode:
    description: Reads the zones and shows the plan.
    support: full
  diff_mode:
    description: Shows records and files before and after, and never a secret.
    support: full
author:
  - The mailhost.autoconfig authors (@mailhost)
"""

EXAMPLES = r"""
- name: Push the records
  mailhost.autoconfig.dns_records:
    domains: "{{ autoconfig_domains }}"
    addresses: [192.0.2.1]
    servers:
      - address: 192.0.2.53
        key_name: autoconfig
        key_secret: "{{ vault_dns_key }}"
        zones: [example.com]
      - provider: gandi
        settings:
          token: "{{ vault_gandi_token }}"
        zones: [example.org]
"""

RETURN = r"""
table:
  description: The records of the zones that are not in O(servers), to paste.
  type: list
  elements: str
  returned: success
zones:
  description: For each zone of O(servers), the number of record sets that changed or would change.
  type: dict
  returned: when something is pushed
left:
  description: A line for each record that was made, edited since, and is not wanted any more.
  type: list
  elements: str
  returned: when something is pushed
resolvers:
  description: A line for each host name that resolvers do not know as wanted yet.
  type: list
  elements: str
  returned: when something is pushed
problems:
  description:
    - A line for each zone that failed, each record in the way, and each name server that lacks
      records.
  type: list
  elements: str
  returned: failure
"""
