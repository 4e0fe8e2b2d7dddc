# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The variables that a user may set: those of the roles' argument_specs."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from difflib import get_close_matches
from pathlib import Path

import yaml
from ansible.errors import AnsibleActionFail
from ansible_collections.mailhost.autoconfig.plugins.plugin_utils.program import COLLECTION

PREFIX = "autoconfig_"


def documented(roles: Path = COLLECTION / "roles") -> frozenset[str]:
    """Return the variables of all roles below a directory."""
    return frozenset(
        name
        for path in roles.glob("*/meta/argument_specs.yml")
        for point in yaml.safe_load(path.read_text("utf-8"))["argument_specs"].values()
        for name in point.get("options", {})
    )


def unknown(variables: Iterable[str], known: Collection[str]) -> list[str]:
    """Say which variables have the collection's prefix and are none of its own.

    :arg variables: names of all variables of a host
    :returns: one line a problem
    """
    problems = []
    for name in sorted(variables):
        if name.startswith(PREFIX) and name not in known:
            # Without the prefix, by which any two would resemble each other.
            others = [each.removeprefix(PREFIX) for each in sorted(known)]
            close = get_close_matches(name.removeprefix(PREFIX), others, 1)
            cure = f'did you mean "{PREFIX}{close[0]}"?' if close else "docs/variables.md has all"
            problems.append(f"{name}: there is no such variable; {cure}")
    return problems


def refuse_unknown(variables: Iterable[str]) -> None:
    """Raise AnsibleActionFail if :func:`unknown` finds something."""
    if problems := unknown(variables, documented()):
        raise AnsibleActionFail("\n".join(problems))
