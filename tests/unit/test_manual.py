"""The man page and bash's completion, made from the program's parser."""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from mail_autoconfig.cli import parser

ROOT = Path(__file__).parents[2]
ROLE = "roles/responder/files"


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("manual", ROOT / "docs/manual.py")
    assert spec
    assert spec.loader
    module = sys.modules["manual"] = importlib.util.module_from_spec(spec)  # for its dataclass
    spec.loader.exec_module(module)
    return module


MANUAL = load()


def parsers(of: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    yield of
    for action in of._actions:
        if isinstance(action, argparse._SubParsersAction):
            for each in action.choices.values():
                yield from parsers(each)


def test_page_has_each_command_and_each_option() -> None:
    page = MANUAL.manual().replace("\\-", "-")
    for each in parsers(parser()):
        assert f"\n.SS {each.prog}\n" in page or each.prog == "mail-autoconfig"
        for action in each._actions:
            for name in action.option_strings:
                assert f"\\fB{name}\\fR" in page or name in ("-h", "--help", "--version"), name


def test_page_is_troff_that_says_what_the_help_says() -> None:
    """No line begins by chance with a request; a hyphen that is typed is one that can be copied."""
    known = (".TH ", ".SH ", ".SS ", ".TP", ".B ", ".BR ", ".I ", ".RI ", '.\\"')
    lines = MANUAL.manual().splitlines()
    assert [
        line for line in lines if line.startswith((".", "'")) and not line.startswith(known)
    ] == []
    assert "" not in lines
    assert "\\fB\\-\\-at\\-once\\fR \\fIN\\fR\ndomains at a time [32]" in MANUAL.manual()
    assert MANUAL.text(".hidden -x \\") == "\\&.hidden \\-x \\e"


def completed(directory: Path, *words: str) -> list[str]:
    """What bash offers for the last of these words, in a directory."""
    script = (
        f'{MANUAL.completion()}\nCOMP_WORDS=(mail-autoconfig "$@")\nCOMP_CWORD=$#\n'
        '_mail_autoconfig\nprintf "%s\\n" "${COMPREPLY[@]}"'
    )
    command = ["bash", "-u", "-c", script, "bash", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=directory)
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["d"], ["dns", "doctor"]),
        (["share", "f"], ["fetch"]),
        (["share", "fetch", "--d"], ["--dry-run"]),
        (["doctor", "--js"], ["--json"]),
        (["doctor", "--json", "--ht"], ["--html"]),
        (["doctor", "--inventory", "do"], ["domains.yml"]),
        (["doctor", "--domain", ""], []),
        (["snippet", "ap"], ["apache"]),
        (["check", "do"], ["domains.yml"]),
        (["nothing", "--x"], []),
    ],
)
def test_completion(words: list[str], offered: list[str], tmp_path: Path) -> None:
    (tmp_path / "domains.yml").touch()
    assert completed(tmp_path, *words) == offered


def test_first_word_is_a_command(tmp_path: Path) -> None:
    (commands,) = (
        list(action.choices)
        for action in parser()._actions
        if isinstance(action, argparse._SubParsersAction)
    )
    assert completed(tmp_path, "") == [*commands, "-h", "--help", "--version"]


def test_package_has_both() -> None:
    """Where pipx and pip put what is for man and bash."""
    hatch = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]
    targets = hatch["build"]["targets"]
    assert targets["wheel"]["shared-data"] == {
        f"{ROLE}/mail-autoconfig.1": "share/man/man1/mail-autoconfig.1",
        f"{ROLE}/mail-autoconfig.bash": "share/bash-completion/completions/mail-autoconfig",
    }
    assert ROLE in targets["sdist"]["only-include"]
