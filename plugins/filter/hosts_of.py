# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The hosts of a group that a play can't do without."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ansible.errors import AnsibleFilterError
from ansible_collections.mailhost.autoconfig.plugins.plugin_utils.variables import unknown_groups

DOCUMENTATION = r"""
name: hosts_of
short_description: The hosts of groups that a play can't do without
version_added: 0.1.0
description:
  - Returns the hosts of groups. Fails where there are none.
  - Without this, a play for a group that nobody has ends as a success that did nothing.
options:
  _input:
    description: The groups of the inventory, as in C(groups).
    type: dict
    required: true
  names:
    description: Names of groups; one host in one of them is enough.
    type: str
    required: true
author:
  - The mailhost.autoconfig authors (@mailhost)
"""

EXAMPLES = r"""
- name: Do something on all servers
  hosts: "{{ groups | mailhost.autoconfig.hosts_of('autoconfig_servers') }}"
"""

RETURN = r"""
_value:
  description: The hosts.
  type: list
  elements: str
"""


def hosts_of(groups: Mapping[str, Sequence[str]], *names: str) -> list[str]:
    """Return the hosts of groups, each once. Raises AnsibleFilterError where there are none."""
    found = dict.fromkeys(host for name in names for host in groups.get(name, ()))
    if not found:
        meant = " ".join(f" {said}." for said in unknown_groups(groups))
        wanted = " or ".join(names)
        raise AnsibleFilterError(
            f"No host in the group {wanted}, so there is nothing to do; put your hosts into it, "
            f"as in inventory/hosts.yml, or name your inventory by -i.{meant}"
        )
    return [str(host) for host in found]


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., list[str]]]:
        """Return them by name."""
        return {"hosts_of": hosts_of}
