"""The style of the Markdown pages: one way to write each thing, for all that read them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

HEADING = re.compile(r"(#+) \S")
CELL = re.compile(r"(?<!\\)\|")
URL = re.compile(r"(?<![\w(\"'`<=/])https?://[\w.-]+\.\w+(?![^`]*`)")


def problems(page: str) -> list[str]:
    """What is not in this style, each with its line's number."""
    lines = page.split("\n")
    fences = [number for number, line in enumerate(lines) if line.startswith("```")]
    # What is in a fence is code, as what is indented.
    for first, last in zip(fences[::2], fences[1::2], strict=False):
        lines[first : last + 1] = ["    code"] * (last + 1 - first)
    found = [*whole(lines), *headings(lines)]
    for number, line in enumerate(lines, 1):
        found += [f"{number}: {problem}" for problem in of_a_line(line)]
    return found + [f"{number}: {problem}" for number, problem in tables(lines)]


def is_code(line: str) -> bool:
    return line.startswith("    ")


def whole(lines: Sequence[str]) -> Iterator[str]:
    if not lines[0].startswith("# ") or sum(line.startswith("# ") for line in lines) != 1:
        yield "1: not one title, in the first line"
    if lines[-1] or not "".join(lines[-2:]):
        yield f"{len(lines)}: the page does not end with one line end"
    for number, (line, following) in enumerate(pairwise(lines[:-1]), 1):
        if not line and not following:
            yield f"{number}: two blank lines"


def headings(lines: Sequence[str]) -> Iterator[str]:
    level = 0
    for number, line in enumerate(lines, 1):
        if match := HEADING.match(line):
            if len(match[1]) > level + 1:
                yield f"{number}: a heading of level {len(match[1])} below one of level {level}"
            level = len(match[1])
            before = lines[number - 2] if number > 1 else ""
            if before or lines[number]:
                yield f"{number}: no blank line around a heading"


def of_a_line(line: str) -> Iterator[str]:
    if line != line.rstrip():
        yield "white space at the end"
    if "\t" in line:
        yield "a tab"
    if line.startswith(("```", "~~~")):
        yield "a fence that does not end, or one of ~~~; use ``` twice"
    if line.startswith(("* ", "+ ")):
        yield "a list of * or +; use -"
    if line.startswith("#") and not HEADING.match(line):
        yield "no space after #"
    if not is_code(line) and URL.search(line):
        yield "a bare URL; name what it leads to"


def tables(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    columns = 0
    for number, line in enumerate(lines, 1):
        if not line.startswith("|"):
            columns = 0
            continue
        count = len(CELL.findall(line)) - 1
        if not columns:
            columns = count
            if number > 1 and lines[number - 2] and not lines[number - 2].startswith("<!--"):
                yield number, "no blank line before a table"
        elif count != columns:
            yield number, f"{count} cells in a table of {columns} columns"
