"""Make the sources of the web site: ``python -m docs.website DIRECTORY``, from the clone's root.

The pages are README.md, docs/*.md, and one for each role, from its argument_specs. `make site` has
Sphinx turn them into HTML, which fails where a link or its anchor leads nowhere.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from docs.variables import table, text

ROOT = Path(__file__).parents[1]
CHAPTERS: Mapping[str, Sequence[str]] = {
    "The first hour": ("ways", "inventory", "import", "variables", "controller"),
    "Running it": (
        "certificates",
        "dns",
        "server",
        "behind-a-proxy",
        "image",
        "frontends",
        "kubernetes",
        "scale",
        "doctor",
        "outlook",
    ),
    "How it works": ("clients", "architecture", "testing"),
}
"""The navigation: the pages of docs/, each once; those that are not listed come after them."""
LINK = re.compile(r"(!?)\[([^]]+)\]\(([^)\s]+)\)")


def pages() -> dict[str, str]:
    """Return each page's text in Markdown, by its path below the site's root."""
    names = [path.name for path in sorted((ROOT / "docs").glob("*.md"))]
    made = {name: linked((ROOT / "docs" / name).read_text("utf-8"), names) for name in names}
    front = (ROOT / "README.md").read_text("utf-8").replace('src="docs/', 'src="')
    front = re.sub(r"\]\(docs/", "](", front)
    roles = {f"roles/{path.name}.md": role(path) for path in sorted((ROOT / "roles").iterdir())}
    made["index.md"] = linked(front, names) + contents(names, list(roles))
    return made | roles


def linked(page: str, names: list[str]) -> str:
    """Return a page with the links to other pages alone: files of the clone are not on the site."""

    def kept(match: re.Match[str]) -> str:
        target = match[3].partition("#")[0]
        outside = match[3].startswith(("http", "mailto:"))
        if outside or match[1] or target in ("", *names):
            return match[0]
        return match[2]

    return LINK.sub(kept, page)


def contents(names: list[str], roles: list[str]) -> str:
    """Return the navigation, as MyST writes Sphinx's toctree."""
    listed = {name for chapter in CHAPTERS.values() for name in chapter}
    more = [name for name in (name.removesuffix(".md") for name in names) if name not in listed]
    chapters = {**CHAPTERS} | ({"More": more} if more else {}) | {"Roles": roles}
    return "".join(
        f"\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n" + "\n".join(each) + "\n```\n"
        for caption, each in chapters.items()
    )


def role(directory: Path) -> str:
    """Return the page of a role: what it does, its variables, an example."""
    specs = yaml.safe_load((directory / "meta/argument_specs.yml").read_text("utf-8"))
    spec: Mapping[str, Any]
    (spec,) = specs["argument_specs"].values()
    does = "\n".join(f"- {text(line)}" for line in spec["description"])
    options = spec["options"]
    variables = table("Variables", options) if options else ""
    example = "\n".join(f"    {line}".rstrip() for line in spec["examples"].splitlines())
    head = f"# Role {directory.name}\n\n{spec['short_description']}.\n\n{does}\n"
    return f"{head}{variables}\n## Example\n\n{example}\n"


def main(directory: Path) -> None:
    """Write the sources, and nothing else, to a directory."""
    shutil.rmtree(directory, ignore_errors=True)
    for name, page in pages().items():
        file = directory / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(page, "utf-8")
    shutil.copytree(ROOT / "docs/pictures", directory / "pictures")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
