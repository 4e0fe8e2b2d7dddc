"""One file of the store, opened: what it has of a domain, a mailbox, of all."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from ..inventory.fields import ConfigurationError
from ..inventory.model import Domain
from ..inventory.names import written
from .definitions import Definitions
from .entry import Entry
from .file import StoreError, connect, meta

_CACHE = 512  # KiB of pages in each process; the rest is in the kernel's cache
_MOST_KNOWN = 4096  # definitions

_FIND = """
SELECT definition, domains.mailboxes, login FROM domains LEFT JOIN logins
ON logins.mailboxes = domains.mailboxes AND localpart = ? WHERE name = ?
"""
_ENTRIES = """
SELECT name, source, raw, mailboxes FROM domains JOIN definitions ON id = definition ORDER BY name
"""


class Content:
    """An open file. `find` raises sqlite3.Error where it is broken."""

    def __init__(self, path: Path, definitions: Definitions) -> None:
        """Raises StoreError, OSError. `definitions` are those of the file before."""
        self._connection = connect(path)
        try:
            said = meta(self._connection)
            providers = str(said["providers"])
            same = providers == definitions.providers
            self.definitions = definitions if same else Definitions(providers)
            self._connection.execute(f"PRAGMA cache_size = -{_CACHE}")
        except (ConfigurationError, ValueError, sqlite3.Error) as error:
            self._connection.close()
            raise StoreError(f"can't be read: {error}") from None
        self.domains, self.digest = int(said["domains"]), str(said["digest"])
        self._ask = self._connection.cursor().execute
        self._known: dict[int, Domain | None] = {}

    def close(self) -> None:
        """Let the file go."""
        self._connection.close()

    def find(self, name: str, localpart: str) -> Domain | None:
        """The domain, with the log-in of a mailbox: one question, the same for each mailbox."""
        row = self._ask(_FIND, (localpart, name)).fetchone()
        if row is None:
            return None
        definition, mailboxes, login = row
        like = self._like(definition)
        if like is None:
            return None
        rest = like.settings, like.discovery, like.apex, like.pacc, like.mailconf
        return Domain(name, written(name), *rest, mailboxes != 0, login)

    def _like(self, definition: int) -> Domain | None:
        """A domain with this definition and no name of its own."""
        if definition not in self._known:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            found = self._connection.execute(
                "SELECT raw FROM definitions WHERE id = ?", (definition,)
            ).fetchone()
            self._known[definition] = self.definitions.pattern(found[0]) if found else None
        return self._known[definition]


def read_names(connection: sqlite3.Connection) -> Iterator[str]:
    """The names of all domains, sorted."""
    return (name for (name,) in connection.execute("SELECT name FROM domains ORDER BY name"))


def read_entries(connection: sqlite3.Connection) -> Iterator[Entry]:
    """All that a file has, sorted by name."""
    for name, source, raw, mailboxes in connection.execute(_ENTRIES):
        logins = connection.execute(
            "SELECT localpart, login FROM logins WHERE mailboxes = ?", (mailboxes,)
        )
        yield Entry(name, source, json.loads(raw), dict(logins.fetchall()))
