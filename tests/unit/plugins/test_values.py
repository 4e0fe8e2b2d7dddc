"""Each variable in its type, whatever wrote it: YAML, `-e name=value`, INI, an environment."""

from __future__ import annotations

import importlib
import math
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from support import role_rules

ROOT = Path(__file__).parents[3]
OPTIONS = {
    name: option
    for role in role_rules.roles(ROOT)
    for name, option in role_rules.options(ROOT, role).items()
}


def plugin(name: str) -> ModuleType:
    return importlib.import_module(f"ansible_collections.mailhost.autoconfig.plugins.{name}")


def convert(value: Any, kind: str) -> Any:
    return plugin("plugin_utils.values").convert(value, kind)


@pytest.mark.parametrize(
    ("value", "kind", "converted"),
    [
        *((text, "bool", True) for text in ("true", "True", "yes", "on", "1", 1, True, " y ")),
        *((text, "bool", False) for text in ("false", "FALSE", "no", "off", "0", 0, False, "n")),
        ("443", "int", 443), (" 443 ", "int", 443), ("-1", "int", -1), (443.0, "int", 443),
        ("a,b", "list", ["a", "b"]), ("a, b,", "list", ["a", "b"]), ("a", "list", ["a"]),
        ("", "list", []), ('["a", "b"]', "list", ["a", "b"]),
        ("[a, {b: c}]", "list", ["a", {"b": "c"}]),
        (("a",), "list", ["a"]),
        ("{a: 1}", "dict", {"a": 1}), ('{"a": 1}', "dict", {"a": 1}), ({}, "dict", {}),
        ("x", "str", "x"), (5, "str", 5),
    ],
)  # fmt: skip
def test_value(value: Any, kind: str, converted: Any) -> None:
    found = convert(value, kind)
    assert found == converted
    assert type(found) is type(converted)


@pytest.mark.parametrize(
    ("value", "kind", "problem"),
    [
        ("maybe", "bool", "'maybe' is neither true nor false; use one of the two"),
        (2, "bool", "2 is neither true nor false; use one of the two"),
        ([], "bool", "a list is neither true nor false; use one of the two"),
        ("", "bool", "'' is neither true nor false; use one of the two"),
        ("10s", "int", "'10s' is not a whole number; write one, such as 10"),
        (True, "int", "True is not a whole number; write one, such as 10"),
        (1.5, "int", "1.5 is not a whole number; write one, such as 10"),
        (math.inf, "int", "inf is not a whole number; write one, such as 10"),
        (math.nan, "int", "nan is not a whole number; write one, such as 10"),
        ("", "int", "'' is not a whole number; write one, such as 10"),
        ({}, "list", "is a mapping, not a list; write [one, two], or lines that begin with -"),
        (5, "list", "is a number, not a list; write [one, two], or lines that begin with -"),
        ("[a", "list", "is a text that begins like a list and is no YAML; mend it"),
        ("a", "dict", "is a text, not a mapping; write {key: value}"),
        ([1], "str", "is a list, not a text; write one"),
        *((None, kind, "has no value; give one, or remove the line")
          for kind in ("bool", "int", "list", "dict", "str")),
    ],
)  # fmt: skip
def test_no_value(value: Any, kind: str, problem: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        convert(value, kind)
    assert str(caught.value) == problem


def test_filter() -> None:
    typed = plugin("filter.typed").FilterModule().filters()["typed"]
    assert typed("443", "int") == 443
    with pytest.raises(AnsibleFilterError, match="'x' is not a whole number"):
        typed("x", "int")
    with pytest.raises(AnsibleFilterError, match="no type 'str'; use bool, int, list, dict"):
        typed("x", "str")


def texts(name: str) -> list[tuple[str, Any]]:
    """What a user may write as text for a variable, and its value."""
    choices = [each for each in OPTIONS[name].get("choices", []) if each]
    least, _greatest = plugin("plugin_utils.forms").NUMBERS.get(name, (0, 0))
    return {
        "bool": [("false", False), ("no", False), ("0", False), ("true", True), ("yes", True)],
        "int": [(str(least + 1), least + 1)],
        "list": [("[]", []), ("", [])],
        "dict": [("{}", {})],
    }.get(OPTIONS[name]["type"], [(each, each) for each in choices or [""]])


WRONG = {"bool": "maybe", "int": "10s", "list": 5, "dict": "x", "str": [1], "path": [1]}


@pytest.mark.parametrize("name", OPTIONS)
def test_each_variable_is_converted_or_refused(name: str) -> None:
    read = plugin("plugin_utils.variables").read
    for text, value in texts(name):
        problems: list[str] = []
        assert read([name], {name: text}.__getitem__, problems) == {name: value}
        assert problems == []
    for wrong in (WRONG[OPTIONS[name]["type"]], None):
        problems = []
        assert read([name], {name: wrong}.__getitem__, problems) == {}
        (problem,) = problems
        assert problem.startswith(f"{name}: ")
        assert "\n" not in problem
