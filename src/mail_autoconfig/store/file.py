"""The file of the store: lines in buckets, by a hash, so that what is asked for is one read away.

    head      what the file says of itself: JSON in so many octets
    places    where each bucket begins, and where the last one ends; 32 bits each
    buckets   a line feed, then lines; or nothing

A line is a key, a tab, a value, a tab; and, if it has log-in names, each of them as two tabs, @,
the local part, a tab and the name, and a tab after the last one.

| key | value |
|---|---|
| a domain | its definition; in how many parts its log-in names are; its source |
| #, a number, / and a domain | nothing: it has one part of many log-in names |
| # and a word | a definition; `#providers`: the inventory's providers; both as JSON |

One part is in the line of its domain. Those of a large domain are in lines of their own, so that
none has to be searched for among many.

Who reads it has other rights than who writes it: whatever the octets are, a read gives something
that may stand there or ends in an error.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from array import array
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from zlib import crc32

from ..host import open_regular

FORMAT = 3
"""How the lines are laid out; a program reads no file of another one."""
HEAD = 512
PROVIDERS = b"#providers"

_KIND = "mail-autoconfig store"
_NUMBERS = "domains", "logins", "buckets", "size"
_PIECE = 1 << 20  # octets
_pread = os.pread  # looked up once


class StoreError(Exception):
    """A file that can't be read as a store; the text says why."""


class File:
    """An open file, which is never changed in its place. A read raises ValueError, OSError."""

    def __init__(self, path: Path) -> None:
        """Raises StoreError."""
        try:
            self._file = open_regular(path)
        except OSError as error:
            raise StoreError(f"can't be read: {error.strerror}") from None
        try:
            self._descriptor = self._file.fileno()
            size = os.fstat(self._descriptor).st_size
            self.says = _says(self._read(0, HEAD), size)
            """Its `digest`, and its numbers of `domains`, `logins`, `buckets` and octets."""
            self._buckets: int = self.says["buckets"]
            self._start = HEAD + 4 * (self._buckets + 1)
            self._longest = size - self._start
            self._places = _places(self._read(HEAD, self._start), self._longest)
        except (OSError, ValueError) as error:
            self._file.close()
            raise StoreError(f"can't be read: {error}") from None
        except StoreError:
            self._file.close()
            raise

    def line(self, key: bytes) -> tuple[bytes, bytes] | None:
        """The value of a key, and its log-in names as `login_in` reads them."""
        number = crc32(key) % self._buckets
        begin = self._places[number]
        length = self._places[number + 1] - begin
        if not 0 <= length <= self._longest:  # it would be asked for as memory
            raise ValueError("damaged")
        bucket = _pread(self._descriptor, length, self._start + begin)
        # Most of what a domain of a source adds to an answer is what follows. `partition`, as
        # `find` and `index` take twice as long to be called.
        _before, found, rest = bucket.partition(b"\n" + key + b"\t")
        if not found and len(bucket) == length:
            return None
        line, end, _rest = rest.partition(b"\n")
        value, tab, names = line.partition(b"\t")
        if not end or not tab:
            raise ValueError("damaged")
        return value, names

    def lines(self) -> Iterator[tuple[bytes, bytes, bytes]]:
        """All keys, values and log-in names, once it is sure that none is damaged."""
        if self.digest() != self.says["digest"]:
            raise ValueError("damaged")
        self._file.seek(self._start)
        rest = b""
        while piece := self._file.read(_PIECE):
            *lines, rest = (rest + piece).split(b"\n")
            for line in filter(None, lines):
                parts = line.split(b"\t", 2)
                if len(parts) != 3:
                    raise ValueError("damaged")
                yield parts[0], parts[1], parts[2]

    def digest(self) -> str:
        """SHA-256 of all that is in the file, in hexadecimal."""
        found = hashlib.sha256()
        self._file.seek(HEAD)
        while piece := self._file.read(_PIECE):
            found.update(piece)
        return found.hexdigest()

    def close(self) -> None:
        """Let the file go."""
        self._file.close()

    def _read(self, begin: int, end: int) -> bytes:
        return os.pread(self._descriptor, end - begin, begin)


def login_in(names: bytes, localpart: bytes) -> bytes | None:
    """The log-in name of a mailbox among those of a line."""
    _before, found, rest = names.partition(b"\t\t@" + localpart + b"\t")
    return rest.partition(b"\t")[0] if found else None


def logins_in(names: bytes) -> Iterator[tuple[str, str]]:
    """All log-in names of a line, each with its local part."""
    for each in names.decode().removesuffix("\t").split("\t\t@")[1:]:
        local, _tab, login = each.partition("\t")
        yield local, login


def part_of(localpart: bytes, parts: int) -> int:
    """In which of so many parts the log-in name of a mailbox is."""
    return crc32(localpart) % parts


def part(number: int, domain: bytes) -> bytes:
    """The key of a part of the log-in names of a domain that has more than one."""
    return b"#%d/%b" % (number, domain)


def domain_of(key: bytes) -> bytes:
    """The domain of such a key."""
    return key.partition(b"/")[2]


def packed(places: array[int]) -> bytes:
    """Numbers of 32 bits, the lower octets first."""
    return _swapped(places).tobytes()


def _places(octets: bytes, length: int) -> array[int]:
    """What `packed` made for buckets of this length together. Raises StoreError."""
    found = array("I")
    found.frombytes(octets)
    found = _swapped(found)
    if (found[0], found[-1]) != (0, length):
        raise StoreError("not complete")
    return found


def _swapped(numbers: array[int]) -> array[int]:
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def _says(head: bytes, size: int) -> dict[str, Any]:
    if not head.startswith(b'{"kind": "%b"' % _KIND.encode()):
        raise StoreError("not a store")
    said: dict[str, Any] = json.loads(head)
    if said.get("format") != FORMAT:
        raise StoreError(f"format {said.get('format')}; this program reads format {FORMAT}")
    kinds = [("digest", str), *((name, int) for name in _NUMBERS)]
    if not all(isinstance(said.get(name), kind) for name, kind in kinds):
        raise StoreError("not complete")
    # There are four octets for the place of each bucket.
    if said["size"] != size or not 0 < said["buckets"] < (size - HEAD) // 4:
        raise StoreError("not complete")
    return said


def head(**said: Any) -> bytes:
    """The head of a file that says this of itself."""
    return json.dumps({"kind": _KIND, "format": FORMAT, **said}).encode().ljust(HEAD - 1) + b"\n"


def is_readable(path: Path) -> bool:
    """Whether a file is a store of this format and size; what is in its lines is not looked at."""
    try:
        File(path).close()
    except StoreError:
        return False
    return True


def digest_of(path: Path) -> str:
    """What the content of a file is known by; empty if there is no file, or not a whole one."""
    try:
        with closing(File(path)) as file:
            found = file.digest()
            return found if found == file.says["digest"] else ""
    except (StoreError, OSError):
        return ""
