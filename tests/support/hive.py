"""An empty registry hive: a root key without subkeys and values.

After "Windows registry file format specification" by Maxim Suhanov.
"""

from __future__ import annotations

import struct
from functools import reduce
from operator import xor

_NONE = 0xFFFFFFFF
_BIN = 0x1000  # octets of a bin, and of the base block before it
_NAME = b"NTUSER"


def empty_hive() -> bytes:
    """Return the octets of a hive such as a user's NTUSER.DAT."""
    root_at = 32  # after the bin's header; offsets count from the first bin
    root_size = len(_cell(_root(0)))
    cells = _cell(_root(root_at + root_size)) + _cell(_security(root_at + root_size))
    header = struct.pack("<4sIIQQI", b"hbin", 0, _BIN, 0, 0, 0)
    free = _BIN - len(header) - len(cells)
    bin_ = header + cells + struct.pack("<i", free) + bytes(free - 4)
    # Sequence numbers, time; version 1.3 of a primary file; the root, the size of all bins.
    base = struct.pack("<4sIIQIIIIIII", b"regf", 1, 1, 0, 1, 3, 0, 1, root_at, _BIN, 1)
    base = base.ljust(508, b"\0")
    checksum = reduce(xor, (word for (word,) in struct.iter_unpack("<I", base)))
    return (base + struct.pack("<I", checksum)).ljust(_BIN, b"\0") + bin_


def _cell(content: bytes) -> bytes:
    size = -(-(len(content) + 4) // 8) * 8
    return struct.pack("<i", -size) + content.ljust(size - 4, b"\0")


def _root(security_at: int) -> bytes:
    flags = 0x04 | 0x08 | 0x20  # the root of a hive, not to be deleted, with a name in ASCII
    counts = 0, 0, _NONE, _NONE, 0, _NONE  # subkeys, volatile ones, their lists; values, their list
    sizes = 0, 0, 0, 0, 0
    lengths = len(_NAME), 0
    fields = struct.pack("<2sHQII6I", b"nk", flags, 0, 0, _NONE, *counts)
    return fields + struct.pack("<II5IHH", security_at, _NONE, *sizes, *lengths) + _NAME


def _security(at: int) -> bytes:
    """Everyone (S-1-1-0) may do everything, in a self-relative descriptor."""
    everyone = struct.pack(">BB6sI", 1, 1, (1).to_bytes(6), 0)
    entry = struct.pack("<BBHI", 0, 3, 8 + len(everyone), 0xF003F) + everyone
    acl = struct.pack("<BBHHH", 2, 0, 8 + len(entry), 1, 0) + entry
    owner = 20 + len(acl)
    descriptor = struct.pack("<BBHIIII", 1, 0, 0x8004, owner, owner, 0, 20) + acl + everyone
    return struct.pack("<2sHIIII", b"sk", 0, at, at, 1, len(descriptor)) + descriptor
