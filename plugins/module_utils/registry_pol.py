# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Registry.pol, the file of a Group Policy object's registry values (MS-GPREG, section 2.2.1)."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import NamedTuple

REG_SZ = 1
REG_DWORD = 4
TYPES = {"REG_SZ": REG_SZ, "REG_DWORD": REG_DWORD}

_HEADER = b"PReg" + struct.pack("<I", 1)
_END = "\0".encode("utf-16-le")


class PolicyValue(NamedTuple):
    """A registry value; the key stands below the root of the hive."""

    key: str
    name: str
    type: int
    data: bytes

    def shown(self) -> str:
        """The value on one line."""
        names = {number: name for name, number in TYPES.items()}
        data: int | str = self.data.hex()
        if self.type == REG_DWORD and len(self.data) == 4:
            (data,) = struct.unpack("<I", self.data)
        elif self.type == REG_SZ and len(self.data) % 2 == 0:
            data = '"{}"'.format(self.data.decode("utf-16-le", "replace").rstrip("\0"))
        return f"{self.key}\\{self.name} = {names.get(self.type, self.type)} {data}"


def value(key: str, name: str, type_: str, data: int | str) -> PolicyValue:
    """Return the value of a type of ``TYPES``.

    :raises ValueError: says what is wrong with it.
    """
    where = f"{key}\\{name}"
    if not key or not name or "\0" in where or len(key) > 255 or len(name) > 255:
        raise ValueError(f"{where}: no key and name of up to 255 characters")
    if type_ == "REG_DWORD":
        try:
            return PolicyValue(key, name, REG_DWORD, struct.pack("<I", int(data)))
        except (struct.error, ValueError):
            raise ValueError(f"{where}: {data!r} is no number of 32 bits") from None
    if type_ != "REG_SZ":
        raise ValueError("{}: no type {}; use {}".format(where, type_, ", ".join(TYPES)))
    return PolicyValue(key, name, REG_SZ, str(data).encode("utf-16-le") + _END)


def pack(values: Sequence[PolicyValue]) -> bytes:
    """Return the bytes of the file that sets ``values``, in their order."""
    parts = [_HEADER]
    for each in values:
        fields = [
            each.key.encode("utf-16-le") + _END,
            each.name.encode("utf-16-le") + _END,
            struct.pack("<I", each.type),
            struct.pack("<I", len(each.data)),
            each.data,
        ]
        parts += ["[".encode("utf-16-le"), ";".encode("utf-16-le").join(fields)]
        parts.append("]".encode("utf-16-le"))
    return b"".join(parts)


def parse(content: bytes) -> list[PolicyValue]:
    """Return the values that a file sets.

    :raises ValueError: the file is none.
    """
    if not content.startswith(_HEADER):
        raise ValueError("no header of a Registry.pol")
    reader = _Reader(content)
    values = []
    while reader.position < len(content):
        values.append(reader.entry())
    return values


class _Reader:
    def __init__(self, content: bytes) -> None:
        self.content = content
        self.position = len(_HEADER)

    def take(self, size: int) -> bytes:
        found = self.content[self.position : self.position + size]
        if len(found) != size:
            raise ValueError("ends inside of a value")
        self.position += size
        return found

    def mark(self, text: str) -> None:
        if self.take(2).decode("utf-16-le", "replace") != text:
            raise ValueError(f"no {text} at octet {self.position - 2}")

    def text(self) -> str:
        start = self.position
        while self.take(2) != _END:
            pass
        return self.content[start : self.position - 2].decode("utf-16-le", "replace")

    def number(self) -> int:
        (found,) = struct.unpack("<I", self.take(4))
        return int(found)

    def entry(self) -> PolicyValue:
        self.mark("[")
        key = self.text()
        self.mark(";")
        name = self.text()
        self.mark(";")
        type_ = self.number()
        self.mark(";")
        size = self.number()
        self.mark(";")
        data = self.take(size)
        self.mark("]")
        return PolicyValue(key, name, type_, data)
