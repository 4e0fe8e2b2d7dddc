from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mail_autoconfig.store.file import StoreError
from mail_autoconfig.store.read import Store
from mail_autoconfig.store.write import write

from .samples import PROVIDERS, entry

A, B = entry("a.example", logins={"camille.doe": "camille"}), entry("b.example")
STAYS = "; what was read last stays in force"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "domains.store"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    """A store that looks for a new file before each answer."""
    with closing(Store(path, pause=0)) as store:
        yield store


def put(path: Path, content: bytes) -> None:
    new = path.with_suffix(".other")
    new.write_bytes(content)
    new.replace(path)


def test_missing_file_is_an_empty_store(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    assert store.find("a.example") is None
    assert [*store.names(), *store.entries()] == []
    assert store.content is None
    assert (store.problem, caplog.messages) == ("", [])


def test_file_that_comes_later_is_seen(path: Path, store: Store) -> None:
    assert store.find("a.example") is None
    write(path, PROVIDERS, [A])
    assert store.find("a.example")


def test_log_in_in_any_case(path: Path, store: Store) -> None:
    write(path, PROVIDERS, [A])
    found = store.find("a.example", "Camille.Doe")
    assert found
    assert found.login == "camille"


def test_new_file_is_seen(path: Path, store: Store) -> None:
    write(path, PROVIDERS, [A])
    assert store.find("a.example")
    write(path, PROVIDERS, [B])
    assert store.find("a.example") is None
    assert store.find("b.example")


def test_looks_for_a_new_file_from_time_to_time_alone(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    with closing(Store(path, pause=0.5)) as store:
        assert store.find("a.example") is None
        write(path, PROVIDERS, [A])
        now = 100.4
        assert store.find("a.example") is None
        now = 100.5
        assert store.find("a.example")


@pytest.mark.parametrize("content", [b"", b"no database at all", b"SQLite format 3\0" * 300])
def test_broken_file_leaves_the_old_one(
    path: Path, store: Store, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    write(path, PROVIDERS, [A])
    assert store.find("a.example")
    put(path, content)
    for _ in range(3):
        assert store.find("a.example")
    assert store.problem
    assert caplog.messages == [f"domains.store: {store.problem}{STAYS}"]
    write(path, PROVIDERS, [B])
    assert store.find("b.example")
    assert store.problem == ""


def test_broken_file_at_the_start(
    path: Path, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    path.write_bytes(b"no database at all")
    assert store.find("a.example") is None
    assert caplog.messages == ["domains.store: not a store"]
    with pytest.raises(StoreError):
        list(store.names())


def test_file_that_goes_leaves_the_old_one(
    path: Path, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    write(path, PROVIDERS, [A])
    assert store.find("a.example")
    path.unlink()
    assert store.find("a.example")
    assert caplog.messages == [f"domains.store: there is none any more{STAYS}"]


def test_file_that_breaks_in_its_place(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Before the next look for a new one."""
    many = [entry(f"{number}.example") for number in range(3000)]
    write(path, PROVIDERS, many)
    with closing(Store(path, pause=60)) as store:
        assert store.find("1.example")
        os.truncate(path, 8192)
        found = [store.find(each.name) for each in many]
        assert None in found
        assert store.problem.startswith("can't be read: ")
        assert len(caplog.messages) == 1


def test_directory_that_may_not_be_read(path: Path, store: Store) -> None:
    path.mkdir()
    assert store.find("a.example") is None
    assert store.problem


def test_closed_store_opens_again(path: Path, store: Store) -> None:
    write(path, PROVIDERS, [A])
    assert store.find("a.example")
    store.close()
    assert store.find("a.example")


def test_all_that_it_has(path: Path, store: Store) -> None:
    write(path, PROVIDERS, [B, A])
    assert list(store.names()) == ["a.example", "b.example"]
    assert list(store.entries()) == [A, B]


def test_list_of_a_broken_file(path: Path, store: Store) -> None:
    write(path, PROVIDERS, [entry(f"{number}.example") for number in range(3000)])
    octets = path.read_bytes()
    at = octets.index(b"2999.example") & ~4095
    put(path, octets[:at] + bytes(4096) + octets[at + 4096 :])
    with pytest.raises(StoreError, match="can't be read: damaged"):
        list(store.entries())
