from __future__ import annotations

import json
import os
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import pytest

from mail_autoconfig.sources import reading, snapshot
from mail_autoconfig.sources.reading import Reading, one_line, read_all

from .samples import TABLES, database, source

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
    query = {"command": ["/bin/sleep", "30"], "pattern": "(?P<domain>.)"}
    hanging = source(type="command", url=None, timeout=1, domains=query)
    monkeypatch.setattr(reading, "_read", lambda *_arguments: time.sleep(30))
    begun = time.monotonic()
    found = read_all([hanging, source(name="b", timeout=1)], {}, tmp_path)
    assert {each.problem for each in found.values()} == {"not done within 1 seconds"}
    assert time.monotonic() - begun < 5


def test_one_that_dies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_read", lambda *_arguments: os._exit(3))
    assert read_all([source()], {}, tmp_path)["customers"].problem == "the reader ended with 3"


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
