"""The file of the store: lines in buckets, by a hash, so that what is asked for is one read away.

    head      what the file says of itself: JSON in so many octets
    places    where each bucket begins, and where the last one ends; 32 bits each
    buckets   lines of a key, a tab and a value

| key | value |
|---|---|
| a domain | its definition; in how many parts its log-in names are; its source |
| an address | the log-in name of that mailbox |
| # and a word | a definition; `#providers`: the inventory's providers; both as JSON |

A line is in the bucket of its key, log-in names in that of their domain, so that one read gives
both. Those of a large domain are in parts, so that none has to be searched for among many.

Who reads it has other rights than who writes it: whatever the octets are, a read ends in an error.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from array import array
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from operator import lt
from pathlib import Path
from typing import Any
from zlib import crc32

from ..host import open_regular

FORMAT = 2
"""How the lines are laid out; a program reads no file of another one."""
HEAD = 512
PROVIDERS = b"#providers"

_KIND = "mail-autoconfig store"
_NUMBERS = "domains", "logins", "buckets", "size"
_PIECE = 1 << 20  # octets
_END = ord("\n")
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
            self._places = _places(self._read(HEAD, self._start), size - self._start)
        except (OSError, ValueError) as error:
            self._file.close()
            raise StoreError(f"can't be read: {error}") from None
        except StoreError:
            self._file.close()
            raise

    def bucket(self, key: bytes) -> bytes:
        """The lines that are kept together with this key."""
        number = crc32(key) % self._buckets
        begin = self._places[number]
        length = self._places[number + 1] - begin
        found = _pread(self._descriptor, length, self._start + begin)
        if len(found) != length or found[-1] != _END:
            raise ValueError("damaged")
        return found

    def lines(self) -> Iterator[tuple[bytes, bytes]]:
        """All keys and values, once it is sure that none is damaged."""
        if self.digest() != self.says["digest"]:
            raise ValueError("damaged")
        self._file.seek(self._start)
        rest = b""
        while piece := self._file.read(_PIECE):
            *lines, rest = (rest + piece).split(b"\n")
            for line in filter(None, lines):
                key, _tab, value = line.partition(b"\t")
                yield key, value

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


def value(bucket: bytes, key: bytes) -> bytes | None:
    """The value of a key among the lines of a bucket."""
    wanted = b"\n" + key + b"\t"  # sooner than by %
    begin = bucket.find(wanted)
    if begin < 0:
        return None
    begin += len(wanted)
    return bucket[begin : bucket.index(b"\n", begin)]


def part(domain: bytes, localpart: bytes, parts: int) -> bytes:
    """The key whose bucket has the log-in names of a domain that has more than one part."""
    return b"%d/%b" % (crc32(localpart) % parts, domain)


def packed(places: array[int]) -> bytes:
    """Numbers of 32 bits, the lower octets first."""
    return _swapped(places).tobytes()


def _places(octets: bytes, length: int) -> array[int]:
    """What `packed` made for buckets of this length together. Raises StoreError."""
    found = array("I")
    found.frombytes(octets)
    found = _swapped(found)
    ascending = all(map(lt, found, islice(found, 1, None)))
    if not ascending or (found[0], found[-1]) != (0, length):
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
    numbers = [said.get(name) for name in _NUMBERS]
    if not isinstance(said.get("digest"), str) or not all(isinstance(each, int) for each in numbers):
        raise StoreError("not complete")
    # A bucket is four octets of its place, and one at least of its own.
    if said["size"] != size or not 0 < said["buckets"] <= (size - HEAD) // 5:
        raise StoreError("not complete")
    return said


def head(**said: Any) -> bytes:
    """The head of a file that says this of itself."""
    return json.dumps({"kind": _KIND, "format": FORMAT, **said}).encode().ljust(HEAD - 1) + b"\n"


def digest_of(path: Path) -> str:
    """What the content of a file is known by; empty if there is no file, or not a whole one."""
    try:
        with closing(File(path)) as file:
            found = file.digest()
            return found if found == file.says["digest"] else ""
    except (StoreError, OSError):
        return ""
