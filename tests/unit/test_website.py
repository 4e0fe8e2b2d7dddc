"""The sources of the web site; that its links lead somewhere, `make site` has Sphinx say."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def website() -> Iterator[ModuleType]:
    """From the clone's root, as `make site` runs it."""
    sys.path.insert(0, str(ROOT))
    yield importlib.import_module("docs.website")
    sys.path.remove(str(ROOT))


@pytest.fixture(scope="module")
def pages(website: ModuleType) -> dict[str, str]:
    found = website.pages()
    assert isinstance(found, dict)
    return found


def test_each_page_and_each_role_is_there_once(pages: dict[str, str]) -> None:
    docs = {path.name for path in (ROOT / "docs").glob("*.md")}
    roles = {f"roles/{path.name}.md" for path in (ROOT / "roles").iterdir()}
    assert set(pages) == {"index.md"} | docs | roles
    trees = re.findall(r"^```\{toctree\}\n((?:.+\n|\n)+?)```$", pages["index.md"], re.MULTILINE)
    listed = [
        line.removesuffix(".md")
        for tree in trees
        for line in tree.splitlines()
        if line and not line.startswith(":")
    ]
    assert sorted(listed) == sorted(
        page.removesuffix(".md") for page in pages if page != "index.md"
    )


def test_page_that_nobody_listed_comes_last(website: ModuleType) -> None:
    made = website.contents(["ways.md", "new.md"], ["roles/dns.md"])
    assert ":caption: More\n\nnew\n```" in made


@pytest.mark.parametrize(
    ("link", "linked"),
    [
        ("[dns](dns.md#push)", "[dns](dns.md#push)"),
        ("[here](#below)", "[here](#below)"),
        ("[there](https://example.com/a.py)", "[there](https://example.com/a.py)"),
        ("see [keys.py](../src/keys.py).", "see keys.py."),
        ("[`site.yml`](../site.yml)", "`site.yml`"),
        ("![a picture](pictures/a.png)", "![a picture](pictures/a.png)"),
    ],
)
def test_link(link: str, linked: str, website: ModuleType) -> None:
    assert website.linked(link, ["dns.md"]) == linked


def test_front_page_is_the_readme(pages: dict[str, str]) -> None:
    assert pages["index.md"].startswith("# Autodiscover and Autoconfig")
    assert 'src="pictures/page.png"' in pages["index.md"]
    assert "](ways.md)" in pages["index.md"]


def test_page_of_a_role(pages: dict[str, str]) -> None:
    page = pages["roles/monitor.md"]
    assert page.startswith("# Role monitor\n\nThe doctor on a timer")
    assert "\n- Runs `mail-autoconfig doctor` for all domains" in page
    assert "\n| `autoconfig_monitor_schedule` | `hourly` | When the doctor runs" in page
    assert "\n## Example\n\n    - name: " in page
    assert "## Variables" not in pages["roles/haproxy.md"]


def test_sources_are_written_and_old_ones_go(website: ModuleType, tmp_path: Path) -> None:
    directory = tmp_path / "site"
    directory.mkdir()
    (directory / "old.md").touch()
    website.main(directory)
    assert not (directory / "old.md").exists()
    assert (directory / "roles/dns.md").exists()
    assert (directory / "pictures/page.png").exists()


def test_what_the_site_is_built_with_is_pinned() -> None:
    """Apart from what the tests run with, and not another version of the same."""

    def pins(path: str) -> dict[str, str]:
        text = (ROOT / path).read_text("utf-8")
        lines = [line for line in text.splitlines() if not line.startswith("#")]
        return {name.lower(): version for name, _, version in (x.partition("==") for x in lines)}

    site, tests = pins("docs/site/requirements.txt"), pins("tests/requirements.txt")
    assert "" not in site.values()
    assert {"sphinx", "myst-parser", "furo"} <= set(site) - set(tests)
    assert {name: tests[name] for name in site.keys() & tests.keys()} == {
        name: site[name] for name in site.keys() & tests.keys()
    }
