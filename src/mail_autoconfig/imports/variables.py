"""Variables of an environment: a file of KEY=value, or docker-compose's `environment`."""

from __future__ import annotations

import re

_ITEM = re.compile(r"\s*(?:-\s+)?(?:export\s+)?(.*?)\s*")
_LINE = re.compile(r"([A-Z][A-Z0-9_]*)\s*[=:]\s*(.*)")
_COMMENT = re.compile(r"\s#.*$")


def read(text: str) -> dict[str, str]:
    """The variables with their values; what is empty is as if it were not there."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        item = _ITEM.fullmatch(line)
        whole = _unquoted(item[1]) if item else None
        match = _LINE.fullmatch(whole if whole is not None else item[1] if item else "")
        if match is None:
            continue
        inner = match[2] if whole is not None else _unquoted(match[2])
        value = inner if inner is not None else _COMMENT.sub("", match[2]).strip()
        if value and not value.startswith("#"):
            found[match[1]] = value
    return found


def _unquoted(text: str) -> str | None:
    """What quotes around the whole text contain; None if there are none."""
    is_quoted = len(text) > 1 and text[0] in "\"'" and text[-1] == text[0]
    return text[1:-1] if is_quoted else None


def port_of(text: str, usual: int) -> int:
    """The port of `PORT` or `ADDRESS:PORT`, as docker publishes it; `usual` if there is none."""
    number = text.rpartition(":")[2]
    is_port = number.isdecimal() and len(number) < 6 and 0 < int(number) < 65536
    return int(number) if is_port else usual
