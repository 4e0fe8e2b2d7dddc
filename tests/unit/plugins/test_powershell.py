"""The PowerShell of the project: what its text tells. molecule/windows runs it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import tree_sitter_powershell
import yaml
from tree_sitter import Language, Node, Parser

from mail_autoconfig.outlook.files import powershell
from mail_autoconfig.outlook.values import Value

ROOT = Path(__file__).parents[3]
ROLE = ROOT / "roles/outlook"
SCRIPTS = {
    path.relative_to(ROOT).as_posix(): path.read_bytes()
    for path in [*ROLE.rglob("*.ps1"), *(ROOT / "tests").rglob("*.ps*1")]
}
SCRIPTS["outlook.ps1"] = powershell([Value(r"A\B", "One", 1), Value("A", "x.test", "")])
USERS = SCRIPTS["roles/outlook/files/users.ps1"].decode()
POLICY = SCRIPTS["roles/outlook/files/policy.ps1"].decode()
PARSER = Parser(Language(tree_sitter_powershell.language()))
# Methods of .NET's registry and cmdlets that change something.
CHANGES = re.compile(
    r"\.(?:CreateSubKey|DeleteSubKey|DeleteSubKeyTree|DeleteValue|SetValue)\(|"
    r"\b(?:New-GP|Set-GP|Remove-GP)\w+"
)


def nodes(node: Node, kind: str) -> Iterator[Node]:
    if node.type == kind:
        yield node
    for child in node.children:
        yield from nodes(child, kind)


def functions(script: str) -> Iterator[str]:
    for node in nodes(PARSER.parse(script.encode()).root_node, "function_statement"):
        assert node.text
        yield node.text.decode()


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


@pytest.mark.parametrize(("tasks", "script"), [("client", USERS), ("controller", POLICY)])
def test_role_passes_what_the_script_takes(tasks: str, script: str) -> None:
    task = yaml.safe_load((ROLE / f"tasks/{tasks}.yml").read_text())[0]
    arguments = task["ansible.windows.win_powershell"]
    assert (ROLE / "files" / arguments["path"]).read_text() == script
    head = script[: script.index("\n)\n")]
    assert set(arguments["parameters"]) == set(re.findall(r"^    \[\w+\] \$(\w+)", head, re.M))


@pytest.mark.parametrize("script", [USERS, POLICY], ids=["users", "policy"])
def test_check_mode_runs_the_script_and_stops_each_change(script: str) -> None:
    assert re.search(r"^\[CmdletBinding\(SupportsShouldProcess\)\]\nparam\(", script, re.M)
    changing = [text for text in functions(script) if CHANGES.search(text)]
    assert changing
    for text in changing:
        assert "$Ansible.CheckMode" in text or "if (Test-Change " in text
    outside = script
    for text in functions(script):
        outside = outside.replace(text, "")
    for line in filter(CHANGES.search, outside.splitlines()):
        assert "(Test-Change " in line


def test_no_user_is_taken_for_another() -> None:
    """Neither the hive of the account that connects nor that of SYSTEM is written to."""
    assert not re.search(r"HKCU|CurrentUser|\.DEFAULT", USERS)


@pytest.mark.parametrize(
    ("sid", "person"),
    [
        ("S-1-5-21-1004336348-1177238915-682003330-1001", True),
        ("S-1-12-1-3535151835-1200512317-2145235617-1234567890", True),
        ("S-1-5-21-1004336348-1177238915-682003330-1001.bak", False),
        ("S-1-5-21-1004336348-1177238915-682003330-1001_Classes", False),
        ("S-1-5-18", False),
        ("S-1-5-80-3139157870-2983391045-3678747466-658725712-1809340420", False),
        ("S-1-12-2-1", False),
    ],
)
def test_profiles_of_people(sid: str, *, person: bool) -> None:
    (pattern,) = re.findall(r"\$sid -notmatch '(.+)'", USERS)
    assert bool(re.search(pattern, sid)) is person


def test_each_type_is_known() -> None:
    types = {Value("k", "n", 1).type, Value("k", "n", "").type}
    for script in (USERS, POLICY):
        (kinds,) = re.findall(r"^\$kinds = @\{(.+)\}", script, re.M)
        assert set(re.findall(r"(REG_\w+) =", kinds)) == types
