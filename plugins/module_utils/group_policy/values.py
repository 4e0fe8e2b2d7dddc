# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Registry values, and Registry.pol, the file of an object's values (MS-GPREG, section 2.2.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

try:
    from samba.dcerpc import misc, preg
    from samba.ndr import ndr_pack, ndr_unpack
except ImportError:
    pass  # the module says so

_LONGEST = 255  # characters of a key, and of a name


class PolicyValue(NamedTuple):
    """A registry value; the key is below the root of the hive."""

    key: str
    name: str
    type: str
    data: int | str | bytes | None

    def shown(self) -> str:
        """The value on one line."""
        data: Any = self.data
        if isinstance(data, str):
            data = f'"{data}"'
        elif isinstance(data, bytes):
            data = data.hex()
        return f"{self.key}\\{self.name} = {self.type} {data}"


def checked(given: Mapping[str, Any]) -> PolicyValue:
    """Return a value of the module's parameters; the type is REG_DWORD or REG_SZ.

    :raises ValueError: says what is wrong with it.
    """
    value = PolicyValue(given["key"], given["name"], given["type"], given["data"])
    where = f"{value.key}\\{value.name}"
    if not all(0 < len(part) <= _LONGEST and "\0" not in part for part in value[:2]):
        raise ValueError(f"{where}: key and name must have 1 to {_LONGEST} characters")
    if value.type == "REG_SZ":
        if "\0" in str(value.data):
            raise ValueError(f"{where}: a text with a NUL")
        return value._replace(data=str(value.data))
    try:
        number = int(given["data"])
    except (TypeError, ValueError):
        number = -1
    if not 0 <= number < 1 << 32:
        raise ValueError(f"{where}: {value.data!r} is not a number of 32 bits")
    return value._replace(data=number)


def pack(values: Sequence[PolicyValue]) -> bytes:
    """Return the bytes of the file that sets ``values``, in their order."""
    file = preg.file()
    file.header.signature = "PReg"
    file.header.version = 1
    entries = [_entry(value) for value in values]
    file.num_entries = len(entries)
    file.entries = entries
    return bytes(ndr_pack(file))


def _entry(value: PolicyValue) -> Any:
    entry = preg.entry()
    entry.keyname = value.key
    entry.valuename = value.name
    entry.type = getattr(misc, value.type)
    entry.data = value.data
    return entry


def parse(content: bytes) -> list[PolicyValue]:
    """Return the values that a file sets.

    :raises ValueError: the file is none, or not as ``pack`` writes one.
    """
    try:
        file = ndr_unpack(preg.file, content)
    except RuntimeError as error:
        raise ValueError(error.args[-1]) from None
    if (file.header.signature, file.header.version) != ("PReg", 1):
        raise ValueError("no header of a Registry.pol")
    if ndr_pack(file) != content:
        raise ValueError("lengths that do not fit the data")
    names = {number: name for name, number in vars(misc).items() if name.startswith("REG_")}
    return [
        PolicyValue(each.keyname, each.valuename, names.get(each.type, str(each.type)), each.data)
        for each in file.entries
    ]
