#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: preflight
short_description: Check what the inventory asks for before a host changes
version_added: 0.1.0
description:
  - Refuses variables that begin with C(autoconfig_) and are none of the collection's.
  - Refuses a release of ansible-core or a distribution that the collection does not support.
  - Validates domains and providers on the controller, with the code of the program on the host.
  - Checks what the roles of the play need. Fails with a line for each problem.
  - Returns what the roles derive from the domains, so that each of them has the same names.
  - Changes nothing. The tasks C(check.yml) of the role C(preflight) run it once a host and play.
options:
  roles:
    description: The collection's roles in the play, without the collection's name.
    type: list
    elements: str
    required: true
  domains:
    description:
      - List of domains, as in C(autoconfig_domains).
      - The roles C(responder), C(nginx) and C(certificates) need it.
    type: raw
    default: []
  providers:
    description: Mapping of providers that are not built in, as in C(autoconfig_providers).
    type: raw
    default: {}
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
  page_contact:
    description: Who helps people, on the page for them.
    type: raw
    default: {}
  front_ends:
    description: The servers that answer clients, as hosts of the inventory or as addresses.
    type: list
    elements: str
    default: []
  balancers:
    description: The load balancers in front of them, as hosts of the inventory or as addresses.
    type: list
    elements: str
    default: []
  certificates_host:
    description: The host of the inventory that orders the certificates.
    type: str
    default: ""
  certificates_max_names:
    description: How many names a certificate has at most.
    type: int
    default: 50
  certificates:
    description: What the role C(certificates) is to do. Empty, this is not checked.
    type: dict
    default: {}
  web_servers:
    description: Results of the tests of the web servers' present configurations.
    type: list
    elements: dict
    default: []
  listeners:
    description: What C(ss) printed of the ports at which programs listen.
    type: str
    default: ""
  isolation:
    description: The exit status of a service that is isolated as those of the roles.
    type: int
    default: 0
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
- name: Check what the inventory asks for before anything changes
  mailhost.autoconfig.preflight:
    roles: [responder]
    domains: "{{ autoconfig_domains }}"
    providers: "{{ autoconfig_providers }}"
  register: preflight
"""

RETURN = r"""
roles:
  description: The roles that were checked.
  type: list
  elements: str
  returned: success
addresses:
  description: Name to address, of O(front_ends), O(balancers) and O(certificates_host).
  type: dict
  returned: success
configuration:
  description: What the program on the host reads.
  type: dict
  returned: when one of the roles needs the domains
names:
  description: Host names that are on the certificates and that nginx serves over TLS.
  type: list
  elements: str
  returned: when one of the roles needs the domains
by_domain:
  description: The same names by domain; the generic host is a domain of its own.
  type: dict
  returned: when one of the roles needs the domains
plain_names:
  description: Host names that nginx serves over plain http alone.
  type: list
  elements: str
  returned: when one of the roles needs the domains
generic_host:
  description: O(generic_host) in A-label form.
  type: str
  returned: when one of the roles needs the domains
fingerprint:
  description: Another one where a cached answer may have changed.
  type: str
  returned: when one of the roles needs the domains
"""
