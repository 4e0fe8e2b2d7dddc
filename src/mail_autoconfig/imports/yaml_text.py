"""The variables of an inventory as YAML: JSON's texts, where a plain one could mean more.

Without a library: the controller may have none, and what is written is of a few kinds alone.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from .assemble import Inventory

# Words that YAML reads as texts and nothing else.
_PLAIN = re.compile(r"[a-z][a-z0-9_]*(?:[.-][a-z0-9_]+)*|\*")
_NO_TEXTS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"}
_WIDTH = 100  # characters of a line that a mapping may fill


def text(inventory: Inventory, head: str) -> str:
    """The file; `head` is a line of comment."""
    lines = [f"# {_printable(head)}", "---", "autoconfig_domains:"]
    for domain in inventory.domains:
        lines += _item(domain)
    if inventory.providers:
        lines += ["", "autoconfig_providers:"]
        for name, provider in inventory.providers.items():
            lines += [f"  {_scalar(name)}:", *_block(provider, "    ")]
    return "\n".join(lines) + "\n"


def _item(entry: Mapping[str, Any]) -> Iterator[str]:
    flow = f"  - {_flow(entry)}"
    if "servers" not in entry and len(flow) <= _WIDTH:
        yield flow
        return
    first, *rest = _block(entry, "    ")
    yield f"  - {first.lstrip()}"
    yield from rest


def _block(mapping: Mapping[str, Any], indent: str) -> Iterator[str]:
    for key, value in mapping.items():
        if key in ("servers", "documentation"):
            yield f"{indent}{key}:"
            yield from (f"{indent}  - {_flow(each)}" for each in value)
        else:
            yield f"{indent}{key}: {_flow(value)}"


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_scalar(k)}: {_flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value not in _NO_TEXTS | {"*"}:
        return value
    seen = isinstance(value, str) and _printable(value) == value
    return json.dumps(value, ensure_ascii=not seen)


def _printable(line: str) -> str:
    """Without what moves a terminal's cursor or turns its writing."""
    return "".join(
        "?" if unicodedata.category(each)[0] in "CZ" and each != " " else each for each in line
    )
