"""Write docs/variables.md from the roles' argument_specs; with --check, compare."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/variables.md"
HEAD = """# Variables

Set them in the inventory, as in
[inventory/group_vars/all/domains.yml](../inventory/group_vars/all/domains.yml). A variable that
begins with `autoconfig_` and is not on this page is refused. `make docs` makes this page from the
roles' `argument_specs`.
"""
# Subject -> how its variables' names begin after autoconfig_. The first subject that fits counts.
SUBJECTS = {
    "The mail domains": ("domains", "providers", "generic_host"),
    "Domains from where they live": ("sources",),
    "Several servers": (
        "address",
        "front_ends",
        "certificates_host",
        "share_",
        "nginx_balancer",
    ),
    "Certificates": ("certificates_",),
    "DNS": ("dns_",),
    "nginx": ("nginx_",),
    "The program that answers": (
        "page_",
        "responder_",
        "sign_profiles",
        "snippets_path",
        "isolate_services",
    ),
    "Outlook": ("outlook_",),
    "Checks of the server, and monitoring": ("verify_", "monitor_", "doctor_", "metrics_directory"),
}


def variables() -> dict[str, Mapping[str, Any]]:
    """Return each role's variables, those that all roles share first."""
    paths = sorted((ROOT / "roles").glob("*/meta/argument_specs.yml"))
    paths.sort(key=lambda path: path.parts[-3] != "preflight")
    specs = (yaml.safe_load(path.read_text("utf-8"))["argument_specs"] for path in paths)
    points = (point for spec in specs for point in spec.values())
    return {name: option for point in points for name, option in point["options"].items()}


def subject(name: str) -> str:
    """Return the subject of a variable. Raises LookupError where it has none."""
    for title, beginnings in SUBJECTS.items():
        if name.removeprefix("autoconfig_").startswith(beginnings):
            return title
    raise LookupError(f"{name}: no subject; give it one in {__file__}")


def text(description: str | list[str]) -> str:
    """Return an option's description as Markdown in one line."""
    lines = [description] if isinstance(description, str) else description
    return re.sub(r"\b[CO]\(([^)]*)\)", r"`\1`", " ".join(lines)).replace("|", "\\|")


def shown(default: Any) -> str:
    """Return a default as the inventory would have it."""
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, list):
        return f"[{', '.join(map(str, default))}]"
    return str(default).replace("|", "\\|") or '""'


def table(title: str, options: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the heading and the table of a subject."""
    rows = [
        f"| `{name}` | `{shown(option['default'])}` | {text(option['description'])} |"
        for name, option in options.items()
    ]
    return "\n".join([f"\n## {title}\n", "| variable | default | |", "|---|---|---|", *rows]) + "\n"


def page() -> str:
    """Return the page: one table a subject, each variable once."""
    found = variables()
    subjects = {name: subject(name) for name in found}
    return HEAD + "".join(
        table(title, {name: found[name] for name in found if subjects[name] == title})
        for title in SUBJECTS
    )


def main() -> int:
    """Return 1, with --check, if the page differs."""
    new = page()
    if sys.argv[1:] == ["--check"]:
        if new != PAGE.read_text("utf-8"):
            print(f"{PAGE} is not what argument_specs say; run: make docs", file=sys.stderr)
            return 1
        return 0
    PAGE.write_text(new, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
