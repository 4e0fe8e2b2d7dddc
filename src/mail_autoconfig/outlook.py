"""What makes classic Outlook ask at all: registry values -> bytes of a .reg file.

Source: Microsoft KB3189194.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable
from dataclasses import dataclass

MEDIA_TYPE = "application/octet-stream"  # a text type would be sent with a character set
PATH = "/outlook.reg"


@dataclass(frozen=True, slots=True)
class Value:
    """A REG_DWORD: `key` stands below HKEY_CURRENT_USER; `data` has 32 bits."""

    key: str
    name: str
    data: int


# Since 16.0.6769.2015 a new account goes through a wizard that asks Microsoft 365 alone.
VALUES = (
    Value(
        r"SOFTWARE\Microsoft\Office\16.0\Outlook\setup",
        "DisableOffice365SimplifiedAccountCreation",
        1,
    ),
)


def reg_file(values: Iterable[Value] = VALUES) -> bytes:
    """Return a file that sets `values` for the user who opens it, in the form regedit writes."""
    lines = ["Windows Registry Editor Version 5.00"]
    for value in values:
        lines += ["", f"[HKEY_CURRENT_USER\\{value.key}]", f'"{value.name}"=dword:{value.data:08x}']
    return codecs.BOM_UTF16_LE + "\r\n".join([*lines, "", ""]).encode("utf-16-le")
