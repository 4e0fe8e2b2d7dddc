"""What the documentation names is there: tests, rows of tables, files, variables, commands."""

from __future__ import annotations

import re
import struct
import textwrap
from pathlib import Path
from typing import Any

import pytest
import yaml

from mail_autoconfig.inventory.read import ConfigurationError, built_in_providers, parse
from support.answers import cases

ROOT = Path(__file__).parents[2]
CLIENTS = (ROOT / "docs/clients.md").read_text("utf-8")
README = (ROOT / "README.md").read_text("utf-8")
PAGES = {
    str(path.relative_to(ROOT)): path.read_text("utf-8")
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
}
LONGEST_README = 129  # lines of 100 columns: two screens
LARGEST_PICTURE = 120 * 1024  # octets
# A variable of a host, and a key of a domain.
NO_ROLES_VARIABLES = {"autoconfig_address", "autoconfig_xml"}


def test_tests_that_the_clients_table_names_exist() -> None:
    """Also each case of one, which is its id in the same file."""
    named = re.findall(r"`(tests/\S+\.py)(?:::(\w+))?((?:`?(?:, `)?\[[\w-]+\])*)`", CLIENTS)
    assert named
    for path, function, cases_named in named:
        text = (ROOT / path).read_text("utf-8")
        assert f"def {function}" in text, (path, function)
        for case in re.findall(r"\[([\w-]+)\]", cases_named):
            assert f'id="{case}"' in text, (path, case)


def test_rows_that_the_clients_table_names_exist() -> None:
    _, _, requests = CLIENTS.partition("## Requests")
    rows = {
        row
        for line in requests.splitlines()
        for row in re.findall('"([^"]+)"', line.rpartition(" | ")[2])
    }
    assert rows
    assert rows <= {case.name for case in cases()}


def anchors(page: str) -> set[str]:
    """The names that GitHub gives to a page's headings."""
    titles = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title).lower().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_to_what_is_there(name: str) -> None:
    links = re.findall(r'\]\(([^)\s]+)\)|(?:src|href)="([^"]+)"', PAGES[name])
    for link in (markdown or html for markdown, html in links):
        target, _, anchor = link.partition("#")
        if target.startswith("https:"):
            continue
        path = (ROOT / name).parent / target if target else ROOT / name
        assert path.exists(), link
        if anchor:
            assert anchor in anchors(path.read_text("utf-8")), link


@pytest.mark.parametrize("name", PAGES)
def test_files_that_a_page_names_exist(name: str) -> None:
    """From the root of the repository or of the package."""
    tops = "src|plugins|roles|tests|molecule|playbooks|docs|demo|inventory|answers|zones|outlook"
    for path in re.findall(rf"`((?:{tops})/[\w./-]*)(?:::\S*)?`", PAGES[name]):
        assert any((ROOT / top / path).exists() for top in ("", "src/mail_autoconfig")), path


@pytest.mark.parametrize("name", PAGES)
def test_variables_that_a_page_names_exist(name: str) -> None:
    specs = (ROOT / "roles").glob("*/meta/argument_specs.yml")
    known = {
        option
        for path in specs
        for point in yaml.safe_load(path.read_text("utf-8"))["argument_specs"].values()
        for option in point.get("options", {})
    }
    known |= {
        group
        for path in (ROOT / "playbooks").glob("*.yml")
        for group in re.findall(r"\bautoconfig_\w+", path.read_text("utf-8"))
    }
    named = set(re.findall(r"(?<![-\w.])autoconfig_\w+", PAGES[name]))
    assert named - known - NO_ROLES_VARIABLES == set()


@pytest.mark.parametrize("name", PAGES)
def test_commands_that_a_page_names_exist(name: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"(?:^    |`)make ([a-z-]+)", PAGES[name], re.MULTILINE)) <= targets
    for playbook in re.findall(r"\bplaybooks/(\w+)\.yml", PAGES[name]):
        assert (ROOT / "playbooks" / f"{playbook}.yml").exists(), playbook
    for entry in re.findall(r"\bmailhost\.autoconfig\.(\w+)", PAGES[name]):
        places = (
            f"playbooks/{entry}.yml",
            f"roles/{entry}",
            f"plugins/modules/{entry}.py",
            f"plugins/filter/{entry}.py",
        )
        assert any((ROOT / place).exists() for place in places), entry
    for scenario in re.findall(r"molecule test -s (\w+)", PAGES[name]):
        assert (ROOT / "molecule" / scenario / "molecule.yml").exists(), scenario


def test_readme_fits_two_screens() -> None:
    lines = README.splitlines()
    assert len(lines) <= LONGEST_README
    assert [line for line in lines if len(line) > 100] == []


def example(page: str) -> dict[str, Any]:
    """The page's example of an inventory, as the validator reads it."""
    block = re.search(r"^( +)autoconfig_domains:\n(?:\1.*\n|\n)+", page, re.MULTILINE)
    assert block
    raw = yaml.safe_load(textwrap.dedent(block[0]))
    return {key: raw[f"autoconfig_{key}"] for key in ("domains", "providers")}


@pytest.mark.parametrize("name", ["README.md", "docs/inventory.md"])
def test_example_is_right_and_its_mistake_is_said_so(name: str) -> None:
    raw = example(PAGES[name])
    assert len(parse(raw)) == 2
    raw["domains"][0]["provider"] = "gandy"
    with pytest.raises(ConfigurationError) as caught:
        parse(raw)
    (problem,) = caught.value.problems
    shown = re.search(r"^ +(domain example\.com, provider: .*)…$", PAGES[name], re.MULTILINE)
    assert shown
    assert problem.startswith(shown[1])


@pytest.mark.parametrize("name", ["README.md", "docs/inventory.md"])
def test_pages_name_the_built_in_providers(name: str) -> None:
    listed = re.search(r"Built(?: |-)in (?:are|providers:) ([\w, ]+?)\.\s", PAGES[name])
    assert listed
    assert set(re.split(r", | and ", listed[1])) == set(built_in_providers())


def test_picture_is_sharp_and_small() -> None:
    """As docs/pictures.py makes it: a PNG of two dots for each pixel that the README gives it."""
    (path, width) = re.findall(r'<img src="(\S+)" width="(\d+)"', README)[0]
    picture = (ROOT / path).read_bytes()
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    assert len(picture) <= LARGEST_PICTURE
    assert struct.unpack(">I", picture[16:20])[0] >= 2 * int(width)
