"""The pages have one style, and the check finds what has not."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.markdown import problems

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
GOOD = """# Title

Text with a [link](https://example.com), `https://autoconfig.example.com/…` and <https://example.org>.

    $ code  # of any kind, https://example.com

    more code

```nginx
# comment


|	*
```

## Table

| a | b |
|---|---|
| x \\| y | z |

- item
"""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_page(page: Path) -> None:
    assert problems(page.read_text("utf-8")) == []


def test_good_page() -> None:
    assert problems(GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("# Title", "Title", "not one title, in the first line"),
        ("## Table", "# Table", "not one title, in the first line"),
        ("## Table", "### Table", "a heading of level 3 below one of level 1"),
        ("## Table\n", "## Table", "no blank line around a heading"),
        ("\n## Table", "## Table", "no blank line around a heading"),
        ("## Table", "##Table", "no space after #"),
        ("- item", "* item", "a list of * or +; use -"),
        ("- item", "- item ", "white space at the end"),
        ("- item", "- it\tem", "a tab"),
        ("- item\n", "- item", "the page does not end with one line end"),
        ("- item\n", "- item\n\n", "the page does not end with one line end"),
        ("- item", "\n- item", "two blank lines"),
        ("- item", "```\nx", "a fence that does not end, or one of ~~~; use ``` twice"),
        ("- item", "see https://example.com/x", "a bare URL; name what it leads to"),
        ("| z |", "| z | 2 |", "3 cells in a table of 2 columns"),
        ("x \\| y", "x | y", "3 cells in a table of 2 columns"),
        ("- item", "text\n| a |\n|---|", "no blank line before a table"),
    ],
)
def test_what_is_not_in_the_style_is_found(old: str, new: str, found: str) -> None:
    assert old in GOOD
    said = problems(GOOD.replace(old, new, 1))
    assert found in {each.partition(": ")[2] for each in said}, said
