"""The file of the store: its tables, and how it is opened. SQLite 3."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

FORMAT = 1
"""Which tables there are; a program reads no file of another one."""

_APPLICATION = 0x4D414344  # who made the file (SQLite's application_id)

# `mailboxes` is the number of a domain in `logins`, and 0 where that has nothing of it.
TABLES = f"""
PRAGMA application_id = {_APPLICATION};
PRAGMA user_version = {FORMAT};
CREATE TABLE meta (key TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
CREATE TABLE definitions (id INTEGER PRIMARY KEY, raw TEXT NOT NULL);
CREATE TABLE domains (
    name TEXT PRIMARY KEY, definition INTEGER NOT NULL, mailboxes INTEGER NOT NULL,
    source TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE logins (
    mailboxes INTEGER, localpart TEXT, login TEXT NOT NULL, PRIMARY KEY (mailboxes, localpart)
) WITHOUT ROWID;
"""
"""Makes the tables."""


class StoreError(Exception):
    """A file that can't be read as a store; the text says why."""


def connect(path: Path) -> sqlite3.Connection:
    """Open the file for reading. Raises StoreError.

    It is never changed in its place, so neither locks nor a journal are looked for.
    """
    where = f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1"
    try:
        connection = sqlite3.connect(where, uri=True)
    except sqlite3.Error as error:
        raise StoreError(f"can't be read: {error}") from None
    try:
        _check(connection, path)
    except sqlite3.Error as error:
        connection.close()
        raise StoreError(f"can't be read: {error}") from None
    except (StoreError, OSError):
        connection.close()
        raise
    return connection


def _check(connection: sqlite3.Connection, path: Path) -> None:
    def pragma(name: str) -> int:
        return int(connection.execute(f"PRAGMA {name}").fetchone()[0])

    if pragma("application_id") != _APPLICATION:
        raise StoreError("not a store")
    if (found := pragma("user_version")) != FORMAT:
        raise StoreError(f"format {found}; this program reads format {FORMAT}")
    if path.stat().st_size != pragma("page_count") * pragma("page_size"):
        raise StoreError("not complete")
    meta(connection)


def meta(connection: sqlite3.Connection) -> dict[str, str | int]:
    """What the file says of itself: `digest`, `domains`, `logins`, and `providers` as JSON."""
    found = dict(connection.execute("SELECT key, value FROM meta").fetchall())
    if not found.keys() >= {"digest", "domains", "logins", "providers"}:
        raise StoreError("not complete")
    return found


def digest_of(path: Path) -> str:
    """What the content of a file is known by; empty if there is no file, or not a whole one."""
    try:
        with closing(connect(path)) as connection:
            whole = connection.execute("PRAGMA quick_check").fetchone() == ("ok",)
            return str(meta(connection)["digest"]) if whole else ""
    except (StoreError, sqlite3.Error, OSError):
        return ""
