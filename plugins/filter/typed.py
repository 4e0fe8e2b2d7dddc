# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A variable's value in its type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.mailhost.autoconfig.plugins.plugin_utils.values import CONVERTED, convert

DOCUMENTATION = r"""
name: typed
short_description: A variable's value in its type
version_added: 0.1.0
description:
  - C(-e name=value), INI files and environments have text alone, which this converts.
  - The collection's roles read all their booleans, numbers, lists and mappings through it.
  - The role C(preflight) refuses beforehand what it can't convert.
options:
  _input:
    description: The value as it is written.
    type: raw
    required: true
  type:
    description:
      - The type.
      - C(list) is read from C(a,b) or C([a, b]), C(dict) from JSON or from YAML in one line.
    type: str
    choices: [bool, int, list, dict]
    required: true
author:
  - The mailhost.autoconfig authors (@mailhost)
"""

EXAMPLES = r"""
- name: Show a number that may be text
  ansible.builtin.debug:
    msg: "{{ autoconfig_dns_ttl | mailhost.autoconfig.typed('int') }}"
"""

RETURN = r"""
_value:
  description: The value.
  type: raw
"""


def typed(value: Any, kind: str) -> Any:
    """Return the value in its type. Raises AnsibleFilterError where it has none."""
    if kind not in CONVERTED:
        raise AnsibleFilterError(f"typed: no type {kind!r}; use {', '.join(CONVERTED)}")
    try:
        return convert(value, kind)
    except ValueError as error:
        raise AnsibleFilterError(f"typed: {error}") from None


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return them by name."""
        return {"typed": typed}
