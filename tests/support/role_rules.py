"""What is so for the variables of all roles. Each rule returns what breaks it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

CONVERTED = "bool", "int", "list", "dict"
"""The types of variables that a user may write as text for something else."""
SHARED = "preflight"
"""The role that all others depend on; its variables are theirs too."""
GROUPS = {
    "autoconfig_servers",
    "autoconfig_load_balancers",
    "autoconfig_outlook_clients",
    "autoconfig_outlook_samba_controllers",
    "autoconfig_outlook_windows_controllers",
}
"""Groups of the inventory, which look like variables."""
VARIABLE = re.compile(r"(?<![\w.])autoconfig_\w+")
REGISTERED = re.compile(r"^\s+register: (\S+)", re.MULTILINE)


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8")) if path.exists() else {}


def roles(root: Path) -> list[str]:
    return sorted(path.name for path in (root / "roles").iterdir())


def points(root: Path, role: str) -> Mapping[str, Mapping[str, Any]]:
    """The entry points of a role, as its argument_specs have them."""
    found: Mapping[str, Mapping[str, Any]] = read(
        root / "roles" / role / "meta/argument_specs.yml"
    )["argument_specs"]
    return found


def options(root: Path, role: str) -> Mapping[str, Mapping[str, Any]]:
    """What a user may set, as the role documents it."""
    return {
        name: option
        for point in points(root, role).values()
        for name, option in point.get("options", {}).items()
    }


def defaults(root: Path, role: str) -> Mapping[str, Any]:
    content: Mapping[str, Any] = read(root / "roles" / role / "defaults/main.yml")
    return content


def texts(directory: Path) -> Iterator[tuple[str, str]]:
    """The path and the text of each file below a directory, documentation apart."""
    for path in sorted(directory.rglob("*")):
        if path.suffix in (".yml", ".j2") and path.name != "argument_specs.yml":
            yield str(path), path.read_text("utf-8")


def not_as_the_defaults(root: Path) -> set[str]:
    """The variables whose documented default is not the one in force."""
    wrong = set()
    for role in roles(root):
        documented = {name: each.get("default") for name, each in options(root, role).items()}
        real = defaults(root, role)
        wrong |= {
            f"{role}: {name}"
            for name in {*documented, *real}
            if name not in real or name not in documented or documented[name] != real[name]
        }
    return wrong


def without_prefix(root: Path) -> set[str]:
    """The variables that a user may set and that do not begin with `autoconfig_`."""
    return {
        f"{role}: {name}"
        for role in roles(root)
        for name in {*defaults(root, role), *options(root, role)}
        if not VARIABLE.fullmatch(name)
    }


def documented_twice(root: Path) -> set[str]:
    """The variables that two roles have; their defaults and texts would drift apart."""
    of: dict[str, list[str]] = {}
    for role in roles(root):
        for name in {*defaults(root, role), *options(root, role)}:
            of.setdefault(name, []).append(role)
    return {f"{name}: {', '.join(found)}" for name, found in of.items() if len(found) > 1}


def undocumented(root: Path) -> set[str]:
    """The variables that a role reads and that neither it nor the shared role documents.

    A playbook may read those of all roles.
    """
    everywhere = {name for role in roles(root) for name in options(root, role)} | GROUPS
    wrong = {
        f"{path}: {name}"
        for path, text in texts(root / "playbooks")
        for name in VARIABLE.findall(text)
        if name not in everywhere
    }
    for role in roles(root):
        known = {*options(root, role), *options(root, SHARED)} | GROUPS
        wrong |= {
            f"{path}: {name}"
            for path, text in texts(root / "roles" / role)
            for name in VARIABLE.findall(text)
            if name not in known
        }
    return {each.removeprefix(f"{root}/") for each in wrong}


def read_as_written(root: Path) -> set[str]:
    """The variables that may be text for something else, and that are read without conversion.

    One line of their role's vars converts each; a default may ask for `| bool`.
    """
    wrong = set()
    for role in roles(root):
        variables = read(root / "roles" / role / "vars/main.yml") or {}
        for name, option in options(root, role).items():
            if option["type"] not in CONVERTED:
                continue
            typed = f"{{{{ {name} | mailhost.autoconfig.typed('{option['type']}') }}}}"
            if [*variables.values()].count(typed) != 1:
                wrong.add(f"roles/{role}/vars/main.yml: no line {typed}")
            use = re.compile(
                rf"(?<![\w.]){name}\b(?! \| (?:bool|mailhost\.autoconfig\.typed|"
                rf"default\(\[\]\) \| mailhost\.autoconfig\.typed))(?!:)"
            )
            wrong |= {
                f"{path}: {name}"
                for directory in ("roles", "playbooks")
                for path, text in texts(root / directory)
                if use.search(text)
            }
    return {each.removeprefix(f"{root}/") for each in wrong}


def not_internal(root: Path) -> set[str]:
    """The names that nobody sets and that do not look so: `__role_…`, shared `__autoconfig…`."""
    wrong = set()
    for role in roles(root):
        names = set(read(root / "roles" / role / "vars/main.yml"))
        names |= {
            name for _, text in texts(root / "roles" / role) for name in REGISTERED.findall(text)
        }
        ours = rf"__{role}_\w+" + (r"|__autoconfig\w*" if role == SHARED else "")
        wrong |= {f"{role}: {name}" for name in names if not re.fullmatch(ours, name)}
    for path, text in texts(root / "playbooks"):
        wrong |= {f"{Path(path).name}: {name}" for name in REGISTERED.findall(text)}
    return wrong


def paths_written_again(root: Path) -> set[str]:
    """The paths on a host that the shared role names and that another file writes out."""
    shared = read(root / "roles" / SHARED / "vars/main.yml")
    written = (value for value in shared.values() if isinstance(value, str))
    paths = [value for value in written if re.fullmatch(r"(?:/[\w.-]+)+", value)]
    return {
        f"{path.removeprefix(f'{root}/')}: {line.strip()}"
        for path, text in texts(root / "roles")
        if not path.endswith(f"{SHARED}/vars/main.yml")
        for line in text.splitlines()
        for value in paths
        if re.search(rf"(?<![\w.-]){re.escape(value)}(?![\w.-])", line)
    }


def without_the_shared_role(root: Path) -> set[str]:
    """The roles that do not depend on the shared one."""
    return {
        role
        for role in roles(root)
        if role != SHARED
        and not any(
            each["role"].rpartition(".")[2] == SHARED
            for each in read(root / "roles" / role / "meta/main.yml")["dependencies"]
        )
    }
