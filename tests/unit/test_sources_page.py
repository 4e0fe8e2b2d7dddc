"""docs/sources.md has each key, each preset, and examples that are right."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from mail_autoconfig.sources import keys
from mail_autoconfig.sources.preset import Preset, presets
from mail_autoconfig.sources.rows import COLUMNS
from mail_autoconfig.sources.settings import parse

PAGE = (Path(__file__).parents[2] / "docs/sources.md").read_text("utf-8")
EXAMPLES = [
    textwrap.dedent(block)
    for block in re.findall(r"(?:^    .*\n)+", PAGE, re.MULTILINE)
    if block.lstrip().startswith("- name:")
]


def rows_of_keys() -> list[str]:
    return [
        f"| `{name}` | {', '.join(keys.FOR.get(name, ['all']))} | {key.description} |"
        for name, key in keys.SOURCE.items()
    ]


def rows_of_presets() -> list[str]:
    return [
        f"| `{name}` | [{preset.title}]({preset.source}), {preset.version} "
        f"| {', '.join(preset.queries)} | {aliases(preset)} | {logins(preset)} |"
        for name, preset in presets().items()
    ]


def aliases(preset: Preset) -> str:
    return "yes" if any("alias_domains" in each for each in preset.queries.values()) else "–"


def logins(preset: Preset) -> str:
    return "yes" if all("logins" in each for each in preset.queries.values()) else "the addresses"


@pytest.mark.parametrize("rows", [rows_of_keys, rows_of_presets])
def test_table_is_what_the_program_has(rows: Callable[[], list[str]]) -> None:
    expected = rows()
    table = next(t for t in re.findall(r"(?:^\| .*\n)+", PAGE, re.MULTILINE) if expected[0] in t)
    assert table.splitlines() == expected, "\n".join(expected)


def test_columns_of_queries_are_all_there() -> None:
    for kind, columns in COLUMNS.items():
        listed = ", ".join(f"`{column}`" for column in columns)
        assert f"| `{kind}` | {listed} |" in PAGE


@pytest.mark.parametrize("example", EXAMPLES)
def test_example_is_right(example: str) -> None:
    assert parse(yaml.safe_load(example))


def test_there_is_an_example_of_each_type() -> None:
    types = {source.type for example in EXAMPLES for source in parse(yaml.safe_load(example))}
    assert types == set(keys.TYPES)
