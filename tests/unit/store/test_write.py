from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mail_autoconfig.store.entry import Entry
from mail_autoconfig.store.file import File
from mail_autoconfig.store.read import Store
from mail_autoconfig.store.write import write

from .samples import PROVIDERS, SERVERS, entry

FIRST = entry("a.example", logins={"camille.doe": "camille", "info": "m0815"})
SECOND = entry("b.example")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "domains.store"


def marks(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_ino, found.st_mtime_ns


def test_what_is_written_is_read(path: Path) -> None:
    assert write(path, PROVIDERS, [SECOND, FIRST])
    assert list(Store(path).entries()) == [FIRST, SECOND]


def test_file_is_for_the_group_alone(path: Path) -> None:
    before = os.umask(0)
    try:
        write(path, {}, [])
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o640


def test_nothing_changed_leaves_the_file(path: Path) -> None:
    write(path, PROVIDERS, [FIRST, SECOND])
    before = marks(path)
    turned = replace(FIRST, logins=dict(reversed([*FIRST.logins.items()])))
    assert not write(path, PROVIDERS, iter([SECOND, turned]))
    assert marks(path) == before
    assert [each.name for each in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("providers", "entries"),
    [
        ({"acme": {"servers": SERVERS[::-1]}}, [FIRST, SECOND]),
        (PROVIDERS, [FIRST]),
        (PROVIDERS, [FIRST, SECOND, entry("c.example")]),
        (PROVIDERS, [FIRST, replace(SECOND, source="others")]),
        (PROVIDERS, [FIRST, entry("b.example", display_name="B")]),
        (PROVIDERS, [entry("a.example", logins={"camille.doe": "other", "info": "m0815"}), SECOND]),
        (PROVIDERS, [replace(FIRST, logins={}), replace(SECOND, logins=FIRST.logins)]),
    ],
)
def test_each_change_is_one(path: Path, providers: Any, entries: list[Entry]) -> None:
    write(path, PROVIDERS, [FIRST, SECOND])
    before = marks(path)
    assert write(path, providers, entries)
    assert marks(path) != before
    assert list(Store(path).entries()) == entries


@pytest.mark.parametrize("content", [b"", b"no database", None])
def test_file_that_is_not_right_is_replaced(path: Path, content: bytes | None) -> None:
    write(path, PROVIDERS, [FIRST])
    path.write_bytes(path.read_bytes()[:-4096] if content is None else content)
    assert write(path, PROVIDERS, [FIRST])
    assert list(Store(path).entries()) == [FIRST]


def test_broken_page_is_replaced(path: Path) -> None:
    """The digest is on another page."""
    entries = [entry(f"{number}.example") for number in range(3000)]
    write(path, PROVIDERS, entries)
    octets = bytearray(path.read_bytes())
    at = octets.index(b"2999.example") & ~4095
    octets[at : at + 4096] = bytes(4096)
    path.write_bytes(octets)
    assert write(path, PROVIDERS, entries)


def test_name_twice_leaves_the_old_file(path: Path) -> None:
    write(path, PROVIDERS, [FIRST])
    before = marks(path)
    with pytest.raises(ValueError, match=r"b\.example comes twice"):
        write(path, PROVIDERS, [SECOND, SECOND])
    assert marks(path) == before
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_source_that_fails_in_the_middle_leaves_the_old_file(path: Path) -> None:
    def failing() -> Iterator[Entry]:
        yield SECOND
        raise ConnectionError

    write(path, PROVIDERS, [FIRST])
    with pytest.raises(ConnectionError):
        write(path, PROVIDERS, failing())
    assert list(Store(path).names()) == ["a.example"]


def test_run_that_was_killed_is_tidied_up(path: Path) -> None:
    left = path.with_name(f".{path.name}.new")
    left.write_bytes(b"half")
    assert write(path, PROVIDERS, [FIRST])
    assert not left.exists()


def test_equal_definitions_are_kept_once(path: Path) -> None:
    write(path, PROVIDERS, (entry(f"{number}.example") for number in range(100)))
    with closing(File(path)) as file:
        definitions = [key for key, _value, _names in file.lines() if key.startswith(b"#")]
    assert len(definitions) == 2  # with the providers


@pytest.mark.parametrize("text", ["a\nb", "a\tb"])
@pytest.mark.parametrize("count", [1, 100])
def test_control_character_is_refused(path: Path, text: str, count: int) -> None:
    """It would end a line of the file; the sources have refused it before."""
    logins = {str(number): text for number in range(count)}
    for bad in (entry("a.example", logins=logins), entry(text), entry("a", logins={text: "b"})):
        with pytest.raises(ValueError, match="control character"):
            write(path, PROVIDERS, [bad])
    assert not path.exists()
