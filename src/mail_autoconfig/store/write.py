"""Writes the store: all at once, and only what changes anything."""

from __future__ import annotations

import hashlib
import json
import os
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from zlib import crc32

from ..host import locked
from .entry import Entry
from .file import HEAD, PROVIDERS, digest_of, head, packed, part, part_of

_MODE = 0o640  # the responder's group reads it; log-in names are nobody else's business
_PART = 32  # log-in names that are kept together, about


def write(path: Path, providers: Mapping[str, Any], entries: Iterable[Entry]) -> bool:
    """Put these entries in place of all that the store has; whether that changed anything.

    `providers` are the inventory's own, raw. A reader has the old file or the new one. Where
    nothing changed the file stays as it is, whatever the order of the entries. Raises OSError, and
    ValueError for a name that comes twice: the old file stays then.
    """
    new = path.with_name(f".{path.name}.new")
    with locked(path.parent):
        new.unlink(missing_ok=True)  # of a run that was killed
        lines = _Lines(providers, entries)
        said, octets = lines.said, lines.octets()
        said["digest"] = _digest(octets)
        if said["digest"] == digest_of(path):
            return False
        try:
            with os.fdopen(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _MODE), "wb") as file:
                file.write(head(**said, size=HEAD + sum(map(len, octets))))
                file.writelines(octets)
            new.chmod(_MODE)
            _keep(new)
            new.replace(path)
            _keep(path.parent)
        finally:
            new.unlink(missing_ok=True)
    return True


def _keep(path: Path) -> None:
    """Wait until a file or directory is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _digest(octets: Iterable[bytes]) -> str:
    found = hashlib.sha256()
    for each in octets:
        found.update(each)
    return found.hexdigest()


class _Lines:
    """The lines of a file, by the hash of their key."""

    def __init__(self, providers: Mapping[str, Any], entries: Iterable[Entry]) -> None:
        self.said: dict[str, Any] = {"domains": 0, "logins": 0, "buckets": 0}
        self._definitions: dict[bytes, bytes] = {}
        # Four octets of the hash, then the line: what takes least room.
        self._found = [_hashed(PROVIDERS, _json(providers))]
        self._found += self._of(entries)
        self._found += [_hashed(word, raw) for word, raw in self._definitions.items()]

    def octets(self) -> list[bytes]:
        """What follows the head; it is the same for the same content."""
        # Most lines are alone in their bucket then.
        count = self.said["buckets"] = 2 * len(self._found)
        buckets: list[list[bytes]] = [[] for _number in range(count)]
        for each in self._found:
            buckets[int.from_bytes(each[:4], "big") % count].append(each[4:])
        self._found.clear()
        texts = [b"".join([b"\n", *sorted(each)]) if each else b"" for each in buckets]
        places, at = array("I", [0]), 0
        for each in texts:
            at += len(each)
            places.append(at)
        return [packed(places), *texts]

    def _of(self, entries: Iterable[Entry]) -> Iterator[bytes]:
        names: set[str] = set()
        definition, word = None, b""
        for entry in entries:
            if entry.name in names:
                raise ValueError(f"{entry.name} comes twice")
            names.add(entry.name)
            if entry.definition is not definition:  # a source has one for most of its domains
                definition = entry.definition
                word = self._word(_json(definition))
            self.said["domains"] += 1
            self.said["logins"] += len(entry.logins)
            yield from _of_domain(entry, word)

    def _word(self, raw: bytes) -> bytes:
        """What a definition is known by."""
        word = hashlib.sha256(raw).hexdigest()[:32].encode()
        self._definitions[b"#" + word] = raw
        return word


def _of_domain(entry: Entry, word: bytes) -> Iterator[bytes]:
    name = entry.name.encode()
    count = -(-len(entry.logins) // _PART)
    parts: list[list[str]] = [[] for _number in range(count)]
    for local, login in sorted(entry.logins.items()):
        parts[part_of(local.encode(), count)].append(f"\t\t@{local}\t{login}")
    value = b"%b %d %b" % (word, count, entry.source.encode())
    yield _hashed(name, value, parts[0] if count == 1 else ())
    for number, names in enumerate(parts if count > 1 else ()):
        yield _hashed(part(number, name), b"", names)


def _hashed(key: bytes, value: bytes, names: Sequence[str] = ()) -> bytes:
    text = "".join([*names, "\t"]) if names else ""
    line = b"%b\t%b\t%b\n" % (key, value, text.encode())
    if (line.count(b"\n"), line.count(b"\t")) != (1, 2 + 3 * len(names) + bool(names)):
        raise ValueError("a name has a control character in it")
    return crc32(key).to_bytes(4, "big") + line


def _json(raw: Mapping[str, Any]) -> bytes:
    return json.dumps(raw, ensure_ascii=False).encode()
