#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: samba_gpo
short_description: Keep a Group Policy object of a user's registry values on a Samba controller
version_added: 0.1.0
description:
  - Makes a Group Policy object that sets registry values for users, links it, and limits it to
    groups; or removes all of that.
  - Runs on a domain controller as root, with the libraries of its Samba, and needs no password.
  - Marks its object by a description, and changes no other object.
  - Other settings of the object, of computers or by other extensions, stay.
options:
  name:
    description: Name of the object, as Group Policy Management shows it.
    type: str
    required: true
  state:
    description: C(absent) removes the object with its links and files.
    type: str
    choices: [present, absent]
    default: present
  values:
    description: The registry values. Other values of the object are removed.
    type: list
    elements: dict
    default: []
    suboptions:
      key:
        description: Key below C(HKEY_CURRENT_USER).
        type: str
        required: true
      name:
        description: Name of the value.
        type: str
        required: true
      type:
        description: Type of the value.
        type: str
        choices: [REG_DWORD, REG_SZ]
        required: true
      data:
        description: A number of 32 bits, or a text.
        type: raw
        required: true
  links:
    description:
      - Distinguished names of the organizational units to which the object is linked, and of no
        others.
      - If empty, it is linked to the domain.
    type: list
    elements: str
    default: []
  security_filter:
    description:
      - Groups to which the object applies.
      - If empty, it applies to Authenticated Users.
    type: list
    elements: str
    default: []
attributes:
  check_mode:
    description: Compares, and changes nothing.
    support: full
  diff_mode:
    description: Shows values, links, groups and access rights before and after.
    support: full
  platform:
    description: The Samba of Debian 12 and 13.
    support: full
    platforms: Debian
author:
  - The mailhost.autoconfig authors (@mailhost)
"""

EXAMPLES = r"""
- name: Let Outlook ask the mail domain
  mailhost.autoconfig.samba_gpo:
    name: Outlook asks the mail domain
    values:
      - key: Software\Policies\Microsoft\Office\16.0\Outlook\setup
        name: DisableOffice365SimplifiedAccountCreation
        type: REG_DWORD
        data: 1
    links: ["OU=Staff,DC=ad,DC=example,DC=com"]
"""

RETURN = r"""
guid:
  description: Name of the object in the directory; empty if there is none.
  type: str
  returned: success
"""

from collections.abc import Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ..module_utils.group_policy.domain import Domain
from ..module_utils.group_policy.errors import RefusedError
from ..module_utils.group_policy.policy import MARK, Policy
from ..module_utils.group_policy.rights import EVERYONE
from ..module_utils.group_policy.state import State
from ..module_utils.group_policy.values import PolicyValue, checked

try:
    import ldb
    from samba import NTSTATUSError

    HAS_SAMBA = True
except ImportError:
    HAS_SAMBA = False

ARGUMENTS: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "values": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "key": {"type": "str", "required": True, "no_log": False},
            "name": {"type": "str", "required": True},
            "type": {"type": "str", "choices": ["REG_DWORD", "REG_SZ"], "required": True},
            "data": {"type": "raw", "required": True},
        },
    },
    "links": {"type": "list", "elements": "str", "default": []},
    "security_filter": {"type": "list", "elements": "str", "default": []},
}


def values_of(parameters: Mapping[str, Any]) -> list[PolicyValue]:
    """Return the values of the parameters.

    :raises RefusedError: one of them is wrong.
    """
    try:
        return [checked(each) for each in parameters["values"]]
    except ValueError as error:
        raise RefusedError(f"values: {error}") from None


def wanted_of(
    domain: Domain, parameters: Mapping[str, Any], values: list[PolicyValue]
) -> tuple[State, list[str]]:
    """Return what the object shall be, and the trustees to whom it shall apply.

    :raises RefusedError: the domain has no such group or container.
    """
    trustees = {domain.group(each): each for each in parameters["security_filter"]}
    trustees = trustees or {EVERYONE: "Authenticated Users"}
    links = dict.fromkeys(map(domain.container, parameters["links"]))
    wanted = State(
        name=parameters["name"],
        values=[each.shown() for each in values],
        groups=[domain.called(each) for each in trustees],
        links=list(links) or [domain.dn],
    )
    return wanted, list(trustees)


def run(parameters: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
    """Bring the object to what is wanted; return the module's result.

    :raises RefusedError: what is wanted can't be.
    """
    values = values_of(parameters)
    domain = Domain()
    policy = Policy(domain, parameters["name"])
    before, wanted = policy.state(), State()
    if parameters["state"] == "present":
        if policy.foreign:
            raise RefusedError(
                f'name: "{policy.name}" is the name of an object of somebody else; choose another, '
                f"or let its description begin with: {MARK}"
            )
        wanted, trustees = wanted_of(domain, parameters, values)
        if before.lines() != wanted.lines() and not check_mode:
            if not policy.guid:
                policy.create()
            policy.apply_to(trustees)
            policy.set(values)
            policy.link(wanted.links)
    elif policy.guid and not check_mode:
        policy.remove()
    sides = ["".join(f"{line}\n" for line in each.lines()) for each in (before, wanted)]
    return {
        "changed": sides[0] != sides[1],
        "guid": policy.guid if wanted.name else "",
        "diff": {"before": sides[0], "after": sides[1]},
    }


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    if not HAS_SAMBA:
        module.fail_json(msg=missing_required_lib("samba", reason="to keep Group Policy objects"))
    try:
        module.exit_json(**run(module.params, module.check_mode))
    except RefusedError as error:
        module.fail_json(msg=str(error))
    except (ldb.LdbError, NTSTATUSError, OSError) as error:
        module.fail_json(msg=f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
