"""Write docs/variables.md from the roles' argument_specs; with --check, compare."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/variables.md"
HEAD = "# The roles' variables\n\nMade from the roles' `argument_specs` by `make docs`.\n\n"


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


def table(role: str) -> str:
    """Return a role's title and the table of its variables."""
    specs = yaml.safe_load((ROOT / "roles" / role / "meta/argument_specs.yml").read_text("utf-8"))
    spec = specs["argument_specs"]["main"]
    rows = [
        f"| `{name}` | `{shown(option['default'])}` | {text(option['description'])} |"
        for name, option in spec["options"].items()
    ]
    head = [
        f"## {role}: {spec['short_description']}",
        "",
        "| variable | default | |",
        "|---|---|---|",
    ]
    return "\n".join([*head, *rows]) + "\n"


def main() -> int:
    """Return 1, with --check, if the page differs."""
    roles = sorted(path.name for path in (ROOT / "roles").iterdir())
    new = HEAD + "\n".join(map(table, roles))
    if sys.argv[1:] == ["--check"]:
        if new != PAGE.read_text("utf-8"):
            print(f"{PAGE} is not what argument_specs say; run: make docs", file=sys.stderr)
            return 1
        return 0
    PAGE.write_text(new, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
