"""The registry values of Outlook as files, to set without Ansible: values -> bytes."""

from __future__ import annotations

import codecs
from collections.abc import Iterable

from .outlook import Value

REG_MEDIA_TYPE = "application/octet-stream"  # a text type would be sent with a character set
REG_PATH = "/outlook.reg"


def reg_file(values: Iterable[Value]) -> bytes:
    """Return a file that sets `values` for the user who opens it, in the form regedit writes."""
    lines = ["Windows Registry Editor Version 5.00"]
    key = ""
    for value in values:
        if value.path() != key:
            key = value.path()
            lines += ["", f"[HKEY_CURRENT_USER\\{key}]"]
        data = f"dword:{value.data:08x}" if isinstance(value.data, int) else f'"{value.data}"'
        lines.append(f'"{value.name}"={data}')
    return codecs.BOM_UTF16_LE + "\r\n".join([*lines, "", ""]).encode("utf-16-le")
