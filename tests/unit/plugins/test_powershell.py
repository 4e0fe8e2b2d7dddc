"""Every PowerShell script of the project against a grammar, as there is no Windows to run it."""

from __future__ import annotations

from pathlib import Path

import pytest
import tree_sitter_powershell
from tree_sitter import Language, Parser

from mail_autoconfig.outlook import Value
from mail_autoconfig.outlook_files import powershell

ROOT = Path(__file__).parents[3]
SCRIPTS = {
    path.relative_to(ROOT).as_posix(): path.read_bytes()
    for path in [*(ROOT / "roles").rglob("*.ps1"), *(ROOT / "tests").rglob("*.ps1")]
}
SCRIPTS["outlook.ps1"] = powershell([Value(r"A\B", "One", 1), Value("A", "x.test", "")])
PARSER = Parser(Language(tree_sitter_powershell.language()))


@pytest.mark.parametrize("script", SCRIPTS)
def test_syntax(script: str) -> None:
    assert not PARSER.parse(SCRIPTS[script]).root_node.has_error


@pytest.mark.parametrize("wrong", [b"if ($a { 1 }", b"$x = @{ a = 1", b"foreach ($a on $b) { }"])
def test_grammar_finds_errors(wrong: bytes) -> None:
    assert PARSER.parse(wrong).root_node.has_error


@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_are_ascii(script: str) -> None:
    """PowerShell 5.1 takes a file without a mark to be in the system's code page."""
    assert SCRIPTS[script].isascii()
