from __future__ import annotations

import json
import multiprocessing
import os
import struct
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import pytest

from mail_autoconfig.sources import reading, snapshot
from mail_autoconfig.sources.reading import Readers, Reading, one_line
from mail_autoconfig.sources.settings import Source

from .samples import TABLES, database, read_all, source

SECRET = 'hün ter/2"'


def fails(error: BaseException, monkeypatch: pytest.MonkeyPatch, state: Path) -> str:
    """What is said of a reader that fails."""

    def opened(*_arguments: object) -> Any:
        raise error

    monkeypatch.setattr(reading, "import_module", lambda *_name: SimpleNamespace(opened=opened))
    return read_all([source()], {"customers": {"password": SECRET}}, state)["customers"].problem


def test_sources_are_read_side_by_side(tmp_path: Path) -> None:
    first = source(name="first", url=database(tmp_path / "a.db", TABLES, ["a.example"], ["x"]))
    second = source(name="second", url="sqlite:////nowhere")
    assert read_all([first, second], {}, tmp_path) == {
        "first": Reading(
            domains=1,
            left_out={"x": "not a domain such as example.com"},
            left_out_count=1,
            lines=[],
        ),
        "second": Reading(problem="unable to open database file"),
    }
    snapshot.believe(tmp_path, "first")
    assert [given.name for given in snapshot.read(tmp_path, "first")] == ["a.example"]


@pytest.mark.parametrize(
    ("types", "loaded"),
    [
        (["sql", "ldap"], []),
        (["sql", "ldap", "sql", "http", "http", "file", "file"], ["sqlalchemy", "httpx"]),
    ],
)
def test_library_that_several_need_is_loaded_once(
    types: list[str], loaded: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the process that they come from. One that can't be loaded is said by the readers."""
    found = []

    def load(name: str, *_package: str) -> Any:
        found.append(name)  # what a reader's process appends stays there
        raise ImportError("broken")

    monkeypatch.setattr(reading, "import_module", load)
    sources = [replace(source(), name=str(at), type=kind) for at, kind in enumerate(types)]
    said = read_all(sources, {}, tmp_path)
    assert found == loaded
    assert {each.problem for each in said.values()} == {"ImportError: broken"}


def test_one_that_hangs_ends_and_keeps_no_other_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_GRACE", 0)
    monkeypatch.setattr(reading, "_read", hang_if("slow"))
    slow = source(name="slow", timeout=3)
    with closing(Readers({}, tmp_path)) as readers:
        readers.begin([slow, source(name="b"), source(name="c")])
        readers.wait(60)
        readers.wait(2, for_all=True)
        assert {*readers.running} == {"slow", "b", "c"}  # until they are asked for
        assert {*readers.results()} == {"b", "c"}
        assert {*readers.running} == {"slow"}
        assert readers.results() == {}
        readers.wait(60)
        assert readers.results() == {"slow": Reading(problem="not done within 3 seconds")}
        assert not readers.running


def test_waits_no_longer_than_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_read", hang_if("slow"))
    begun = time.monotonic()
    with closing(Readers({}, tmp_path)) as readers:
        readers.begin([source(name="slow")])
        for for_all in (False, True):
            readers.wait(0.1, for_all=for_all)
        readers.wait(-1)
        (reader,) = multiprocessing.active_children()
    assert 0.2 <= time.monotonic() - begun < 30
    assert not reader.is_alive()


def hang_if(name: str) -> Callable[..., Mapping[str, Any]]:
    """A reading that does not end for the source of this name."""

    def read(source: Source, *_more: Any) -> Mapping[str, Any]:
        if source.name == name:
            time.sleep(60)
        return {}

    return read


def test_one_that_dies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_read", lambda *_arguments: os._exit(3))
    assert read_all([source()], {}, tmp_path)["customers"].problem == "the reader ended with 3"


def test_one_that_dies_while_it_speaks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def child(_source: Source, _secret: Any, _state: Path, theirs: Connection) -> None:
        os.write(theirs.fileno(), struct.pack("!i", 100) + b"half")
        os._exit(4)

    monkeypatch.setattr(reading, "_child", child)
    assert read_all([source()], {}, tmp_path)["customers"].problem == "the reader ended with 4"


def test_one_that_is_stopped_is_as_if_it_had_not_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_read", hang_if("slow"))
    with closing(Readers({}, tmp_path)) as readers:
        readers.begin([source(name="slow"), source(name="b")])
        readers.wait(60)
        readers.stop()
        assert {*readers.results()} == {"b"}
        assert not readers.running
        assert multiprocessing.active_children() == []


def test_nothing_of_one_that_is_stopped_stays(tmp_path: Path) -> None:
    """Neither a part of what it gave, nor a program that it has started, and what that started."""
    ran = tmp_path / "ran"
    script = f"sleep 60 & echo $! > {ran}.new; mv {ran}.new {ran}; wait"
    query = {"command": ["/bin/sh", "-c", script], "pattern": "(?P<domain>.+)"}
    with closing(Readers({}, tmp_path)) as readers:
        readers.begin([source(name="a", type="command", url=None, domains=query)])
        for _attempt in range(600):
            if ran.exists():
                break
            time.sleep(0.1)
        (tmp_path / ".a.new").write_text("a part")
        readers.stop()
    assert not (tmp_path / ".a.new").exists()
    for _attempt in range(50):
        if not Path(f"/proc/{int(ran.read_text())}").exists():
            return
        time.sleep(0.1)
    pytest.fail("what it has started goes on")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError(f"cannot use {SECRET} here\nand more"), "ValueError: cannot use *** here"),
        (
            RuntimeError(json.dumps({"pw": SECRET}, ensure_ascii=False)),
            'RuntimeError: {"pw": "***"}',
        ),
        (RuntimeError(json.dumps({"pw": SECRET})), 'RuntimeError: {"pw": "***"}'),
        (RuntimeError(repr(SECRET)), "RuntimeError: '***'"),
        (RuntimeError(f"mysql://u:{quote(SECRET, safe='')}@h"), "RuntimeError: mysql://u:***@h"),
        (RuntimeError(f"mysql://u:{quote(SECRET)}@h"), "RuntimeError: mysql://u:***@h"),
        (
            RuntimeError("certificate verify failed: unable to get local issuer certificate"),
            "RuntimeError: certificate verify failed: unable to get local issuer certificate; if "
            "its authority is your own, name the authority's file in tls_ca",
        ),
        (
            RuntimeError("certificate verify failed: certificate has expired"),
            "RuntimeError: certificate verify failed: certificate has expired",
        ),
        (MemoryError(), "more than the memory holds; set limit to less"),
        (
            UnicodeDecodeError("utf-8", b"\xff", 0, 1, "x"),
            "text that is not UTF-8; let the source give UTF-8",
        ),
    ],
)
def test_what_a_library_says(
    error: BaseException, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert fails(error, monkeypatch, tmp_path) == said


def test_disk_that_is_full_is_no_fault_of_the_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(snapshot, "write_new", full)
    read = source(url=database(tmp_path / "a.db", TABLES, ["a.example"]))
    assert read_all([read], {}, tmp_path)["customers"].problem == (
        f"{tmp_path}: can't be written: No space left on device"
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("\n  FATAL: no\n\nmore", "FATAL: no"),
        ("a\x1b[2Jb\u202e", "a?[2Jb?"),
        ("x" * 400, "x" * 299 + "…"),
        ("", "no reason given"),
    ],
)
def test_one_line(text: str, line: str) -> None:
    assert one_line(text, {"password": ""}) == line
