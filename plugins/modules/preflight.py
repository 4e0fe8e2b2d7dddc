#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: preflight
short_description: Check what the inventory asks for before a host changes
version_added: 0.1.0
description:
  - Reads the variables of the play by itself, and converts those that are text for something else.
  - Refuses what it can't convert, and variables C(autoconfig_) that the collection does not have.
  - Refuses a release of ansible-core or a distribution that the collection does not support.
  - Looks for files, collections and Python libraries that the play needs on the controller.
  - Validates domains and providers on the controller, with the code of the program on the host.
  - Checks what the roles of the play need. Fails with a line for each problem.
  - Returns what the roles derive from the domains, so that each of them has the same names.
  - Looks at the host by M(mailhost.autoconfig.preflight_host), where a role of the play changes one
    and each variable can be read.
  - Changes nothing. The tasks C(check.yml) of the role C(preflight) run it once a host and play.
options: {}
attributes:
  action:
    description: Runs on the controller, and looks at the host.
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
  register: preflight
"""

RETURN = r"""
roles:
  description: The collection's roles in the play, without the collection's name; they were checked.
  type: list
  elements: str
  returned: success
there:
  description: Of what the roles look for, the paths that are on the host.
  type: list
  elements: str
  returned: where a role of the play changes the host
bare:
  description: Whether the host has no configuration of the collection yet.
  type: bool
  returned: where a role of the play changes the host
addresses:
  description: Name to address, of front ends, balancers and the host that orders certificates.
  type: dict
  returned: success
united:
  description: C(domains), C(providers) and C(generic_host) of all servers.
  type: dict
  returned: when the role C(dns) is in the play, or the doctor
nginx:
  description:
    - Of the nginx that is there, or of Debian's, C(directory) for a site, C(user), C(group).
    - C(error_log) is its file, C(listens) has each place where our servers listen.
    - C(bucket_size) and C(hash_size) are what names need, where nobody else sets them.
    - C(longest) is the longest name that fits.
  type: dict
  returned: when the role C(nginx) is in the play
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
  description: The generic host in A-label form.
  type: str
  returned: when one of the roles needs the domains
fingerprint:
  description: Another one where a cached answer may have changed.
  type: str
  returned: when one of the roles needs the domains
"""
