# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The variables that a user may set: those of the roles' argument_specs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from ansible.errors import AnsibleActionFail, AnsibleError
from ansible_collections.mailhost.autoconfig.plugins.plugin_utils import forms, values
from ansible_collections.mailhost.autoconfig.plugins.plugin_utils.program import COLLECTION

PREFIX = "autoconfig_"
GROUPS = frozenset(
    {
        "autoconfig_servers",
        "autoconfig_load_balancers",
        "autoconfig_outlook_clients",
        "autoconfig_outlook_samba_controllers",
        "autoconfig_outlook_windows_controllers",
    }
)
"""The groups of the inventory that the playbooks know."""


@cache
def specifications(roles: Path = COLLECTION / "roles") -> Mapping[str, Mapping[str, Any]]:
    """Return the variables of all roles below a directory, as their argument_specs have them."""
    return {
        name: option
        for path in sorted(roles.glob("*/meta/argument_specs.yml"))
        for point in yaml.safe_load(path.read_text("utf-8"))["argument_specs"].values()
        for name, option in point.get("options", {}).items()
    }


def documented(roles: Path = COLLECTION / "roles") -> frozenset[str]:
    """Return the names of :func:`specifications`."""
    return frozenset(specifications(roles))


def unknown(variables: Iterable[str], known: Collection[str]) -> list[str]:
    """Say which variables have the collection's prefix and are none of its own.

    :arg variables: names of all variables of a host
    :returns: one line a problem
    """
    problems = []
    for name in sorted(variables):
        if name.startswith(PREFIX) and name not in known:
            cure = _meant(name, known) or "docs/variables.md has all"
            problems.append(f"{name}: there is no such variable; {cure}")
    return problems


def unknown_groups(groups: Mapping[str, Collection[str]]) -> list[str]:
    """Say which groups look like one of the playbooks' that has no hosts."""
    empty = [name for name in GROUPS if not groups.get(name)]
    return [
        f"group {name}: no playbook uses it; {meant}"
        for name in sorted(groups)
        if name.startswith(PREFIX) and name not in GROUPS and (meant := _meant(name, empty))
    ]


def _meant(name: str, known: Collection[str]) -> str:
    """Return a question: which of the known ones was meant; nothing if none is like it."""
    # Without the prefix, by which any two would resemble each other.
    others = [each.removeprefix(PREFIX) for each in sorted(known)]
    close = get_close_matches(name.removeprefix(PREFIX), others, 1)
    return f'did you mean "{PREFIX}{close[0]}"?' if close else ""


def refuse_unknown(variables: Iterable[str]) -> None:
    """Raise AnsibleActionFail if :func:`unknown` finds something."""
    if problems := unknown(variables, documented()):
        raise AnsibleActionFail("\n".join(problems))


def read(
    names: Iterable[str], value_of: Callable[[str], Any], problems: list[str]
) -> dict[str, Any]:
    """Return the values of variables in their types; say what is wrong with the others.

    :arg value_of: returns a variable's value without templates, or raises AnsibleError
    :arg problems: gets a line for each
    """
    found = {}
    for name in sorted(names):
        option = specifications()[name]
        try:
            value = value_of(name)
            found[name] = values.convert(value, option["type"])
        except AnsibleError as error:
            problems.append(f"{name}: {' '.join(str(error).split())}")
            continue
        except ValueError as error:
            problems.append(f"{name}: {error}")
            continue
        problems += (f"{name}: {said}" for said in _wrong(name, found[name], option))
    return found


def _wrong(name: str, value: Any, option: Mapping[str, Any]) -> Iterator[str]:
    """Say what is wrong with a value of the right type."""
    choices = option.get("choices")
    if choices and value not in choices:
        listed = [each for each in map(str, choices) if each]
        close = get_close_matches(str(value), listed, 1, 0.5)
        meant = f'; did you mean "{close[0]}"?' if close else ";"
        yield f"no {values.short(value)}{meant} Use {', '.join(listed)}"
        return
    elements = value if isinstance(value, list) else [value]
    for each in elements:
        if option.get("elements", "raw") == "str" and isinstance(each, list | dict | type(None)):
            yield f"one of its entries is {values.named(each)}; write texts alone"
        elif option.get("elements") == "dict" and not isinstance(each, dict):
            yield f"{values.short(each)} is not a mapping; write {{key: value}}"
        elif said := forms.wrong(name, each):
            yield said
