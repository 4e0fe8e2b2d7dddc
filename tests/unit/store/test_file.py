from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from mail_autoconfig.store.file import FORMAT, StoreError, connect, digest_of, meta
from mail_autoconfig.store.write import write

from .samples import PROVIDERS, entry


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "100% #1?.sqlite"
    write(path, PROVIDERS, [entry("a.example", logins={"u": "v"})])
    return path


def test_what_a_file_says_of_itself(path: Path) -> None:
    with closing(connect(path)) as connection:
        said = meta(connection)
    assert (said["domains"], said["logins"], said["digest"]) == (1, 1, digest_of(path))
    assert len(digest_of(path)) == 64


def test_nothing_can_be_written(path: Path) -> None:
    with closing(connect(path)) as connection, pytest.raises(sqlite3.OperationalError):
        connection.execute("DELETE FROM domains")


def change(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("PRAGMA application_id = 7", "not a store"),
        (f"PRAGMA user_version = {FORMAT + 1}", f"format {FORMAT + 1}; this program reads"),
        ("DELETE FROM meta WHERE key = 'digest'", "not complete"),
        ("DROP TABLE meta", "can't be read: no such table"),
    ],
)
def test_file_that_is_no_store_of_this_program(path: Path, statement: str, problem: str) -> None:
    change(path, statement)
    with pytest.raises(StoreError, match=problem):
        connect(path)
    assert digest_of(path) == ""


@pytest.mark.parametrize(
    ("content", "problem"),
    [(b"", "not a store"), (b"x" * 5000, "file is not a database"), (None, "not complete")],
)
def test_file_that_is_broken(path: Path, content: bytes | None, problem: str) -> None:
    path.write_bytes(path.read_bytes()[:-1] if content is None else content)
    with pytest.raises(StoreError, match=problem):
        connect(path)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="can't be read: unable to open"):
        connect(tmp_path / "none")
    assert digest_of(tmp_path / "none") == ""
