# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A variable's value in its type. `-e name=value`, INI files and environments have text alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import yaml

CONVERTED = ("bool", "int", "list", "dict")
"""The types that a text can be meant for; all others are text themselves."""
_WORDS = {
    **dict.fromkeys(("true", "yes", "on", "1", "y", "t"), True),
    **dict.fromkeys(("false", "no", "off", "0", "n", "f"), False),
}


def convert(value: Any, kind: str) -> Any:
    """Return a value as one of :data:`CONVERTED`, or as it is where it is to be a text.

    Raises ValueError, which says what the value is not, and what to write.
    """
    if value is None:
        raise ValueError("has no value; give one, or remove the line")
    return _KINDS.get(kind, _text)(value)


def _text(value: Any) -> Any:
    if isinstance(value, list | tuple | Mapping):
        raise ValueError(f"is {named(value)}, not a text; write one")
    return value


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str | int | float) and str(value).strip().lower() in _WORDS:
        return _WORDS[str(value).strip().lower()]
    raise ValueError(f"{short(value)} is neither true nor false; use one of the two")


def _number(value: Any) -> int:
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,18}", value.strip()):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():  # not so .inf and .nan
        return int(value)
    raise ValueError(f"{short(value)} is not a whole number; write one, such as 10")


def _list(value: Any) -> list[Any]:
    if isinstance(value, str):
        if value.strip().startswith("["):
            return _list(_flow(value, "list"))
        return [each.strip() for each in value.split(",") if each.strip()]
    if isinstance(value, Sequence):
        return list(value)
    raise ValueError(f"is {named(value)}, not a list; write [one, two], or lines that begin with -")


def _mapping(value: Any) -> dict[Any, Any]:
    if isinstance(value, str) and value.strip().startswith("{"):
        value = _flow(value, "mapping")
    if isinstance(value, Mapping):
        return dict(value)
    raise ValueError(f"is {named(value)}, not a mapping; write {{key: value}}")


_KINDS: dict[str, Callable[[Any], Any]] = {
    "bool": _flag,
    "int": _number,
    "list": _list,
    "dict": _mapping,
}


def _flow(text: str, kind: str) -> Any:
    """Read JSON or YAML in one line."""
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        raise ValueError(f"is a text that begins like a {kind} and is no YAML; mend it") from None


def short(value: Any) -> str:
    """Return a value for a message, in one line; a list or mapping may have secrets."""
    if isinstance(value, list | tuple | Mapping):
        return named(value)
    text = repr(str(value)) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def named(value: Any) -> str:
    """Return what a value is, in words."""
    kinds = {bool: "true or false", int: "a number", float: "a number", str: "a text"}
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    return next((word for kind, word in kinds.items() if isinstance(value, kind)), "nothing")
