"""What the files of Outlook's registry values do, read as Windows reads each of them."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator

Effect = dict[tuple[str, str], int | str]
"""(key below HKEY_CURRENT_USER, name) -> data."""

POLICIES = "{http://schemas.microsoft.com/GroupPolicy/2006/07/PolicyDefinitions}"


def reg_effect(content: bytes) -> Effect:
    """What regedit imports; a line that it would skip is an error here."""
    lines = content.decode("utf-16").split("\r\n")
    assert lines.pop(0) == "Windows Registry Editor Version 5.00"
    key, effect = "", Effect()
    for line in filter(None, lines):
        if match := re.fullmatch(r"\[HKEY_CURRENT_USER\\(.+)\]", line):
            key = match[1]
        elif match := re.fullmatch(rf"{_TEXT}=dword:([0-9a-f]{{8}})", line):
            effect[key, _unescaped(match[1])] = int(match[2], 16)
        else:
            match = re.fullmatch(f"{_TEXT}={_TEXT}", line)
            assert match, line
            effect[key, _unescaped(match[1])] = _unescaped(match[2])
    return effect


_TEXT = r'"((?:[^"\\]|\\["\\])*)"'


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def admx_effect(content: bytes) -> Effect:
    """What Windows sets when each policy is enabled."""
    return dict(_enabled(ET.fromstring(content)))


def _enabled(root: ET.Element) -> Iterator[tuple[tuple[str, str], int | str]]:
    for policy in root.iter(f"{POLICIES}policy"):
        (data,) = policy.findall(f"{POLICIES}enabledValue/*")
        decimal = data.get("value")
        where = policy.attrib["key"], policy.attrib["valueName"]
        yield where, (data.text or "") if decimal is None else int(decimal)


def powershell_effect(content: bytes) -> Effect:
    """What the script's table holds."""
    rows = re.findall(
        r"@\{ Key = 'HKCU:\\((?:[^']|'')+)'; Name = '((?:[^']|'')+)'; Type = '(\w+)'; "
        r"Data = (\d+|'(?:[^']|'')*') \}",
        content.decode("ascii"),
    )
    assert rows
    return {
        (key.replace("''", "'"), name.replace("''", "'")): (
            int(data) if kind == "DWord" else data[1:-1].replace("''", "'")
        )
        for key, name, kind, data in rows
    }
