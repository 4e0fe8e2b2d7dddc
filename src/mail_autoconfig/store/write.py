"""Writes the store: all at once, and only what changes anything."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from ..host import locked
from .entry import Entry
from .file import FORMAT, TABLES, digest_of

_MODE = 0o640  # the responder's group reads it; log-in names are nobody else's business
_CACHE = 32 * 1024  # KiB of pages in memory, since entries come in any order


def write(path: Path, providers: Mapping[str, Any], entries: Iterable[Entry]) -> bool:
    """Put these entries in place of all that the store has; whether that changed anything.

    `providers` are the inventory's own, raw. A reader has the old file or the new one. Where
    nothing changed the file stays as it is, whatever the order of the entries. Raises OSError, and
    sqlite3.Error for a name that comes twice: the old file stays then.
    """
    new = path.with_name(f".{path.name}.new")
    with locked(path.parent):
        new.unlink(missing_ok=True)  # of a run that was killed
        os.close(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _MODE))
        try:
            if _build(new, providers, entries) == digest_of(path):
                return False
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


def _build(path: Path, providers: Mapping[str, Any], entries: Iterable[Entry]) -> str:
    """Write a whole file; return the digest of its content."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(
            f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -{_CACHE};"
            f"PRAGMA locking_mode = EXCLUSIVE; {TABLES} BEGIN;"
        )
        content = _Content(connection)
        connection.executemany("INSERT INTO domains VALUES (?, ?, ?, ?)", content.rows(entries))
        raw = json.dumps(providers, ensure_ascii=False)
        digest = content.digest(raw)
        found = {"digest": digest, "providers": raw, **content.counts}
        connection.executemany("INSERT INTO meta VALUES (?, ?)", found.items())
        connection.execute("COMMIT")
    return digest


class _Content:
    """What goes into the file, entry by entry, and what it is known by."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._definitions: dict[bytes, int] = {}
        self._sum = 0
        self.counts = {"domains": 0, "logins": 0}

    def rows(self, entries: Iterable[Entry]) -> Iterator[tuple[str, int, int, str]]:
        definition, raw = None, ""
        for entry in entries:
            if entry.definition is not definition:  # a source has one for most of its domains
                definition = entry.definition
                raw = json.dumps(definition, ensure_ascii=False)
            logins = sorted(entry.logins.items())
            self.counts["domains"] += 1
            self.counts["logins"] += len(logins)
            number = self.counts["domains"] if logins else 0
            self._connection.executemany(
                "INSERT INTO logins VALUES (?, ?, ?)", ((number, *each) for each in logins)
            )
            # A sum, since it is the same in any order.
            self._sum += _number(f"{(entry.name, entry.source, raw, logins)}")
            yield entry.name, self._definition(raw), number, entry.source

    def _definition(self, raw: str) -> int:
        key = hashlib.sha256(raw.encode()).digest()  # the texts together may be large
        if key not in self._definitions:
            self._definitions[key] = number = len(self._definitions) + 1
            self._connection.execute("INSERT INTO definitions VALUES (?, ?)", (number, raw))
        return self._definitions[key]

    def digest(self, providers: str) -> str:
        """SHA-256 of the content, in hexadecimal."""
        return hashlib.sha256(f"{FORMAT} {providers} {self._sum:x}".encode()).hexdigest()


def _number(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")
