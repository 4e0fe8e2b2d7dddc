from __future__ import annotations

import json
import math
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mail_autoconfig.sources import report
from mail_autoconfig.sources.report import Report, State

MANY = {f"x{number:02}": "no" for number in range(30)}


def test_saved_and_loaded(tmp_path: Path) -> None:
    found = Report(5, "x", ["p"], {"customers": State(1, 2, "down", 3, left_out={"ü": "no"})})
    report.save(found, tmp_path, None, begun=0)
    assert report.load(tmp_path) == found
    assert report.load(tmp_path / "none") == Report()


@pytest.mark.parametrize(
    "content", ["", "[]", "5", '{"sources": []}', '{"sources": {"a": {"b": 1}}}']
)
def test_what_is_no_report(content: str, tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(content)
    assert report.load(tmp_path) == Report()


@pytest.mark.parametrize(
    "wrong",
    [
        {"time": "now"},
        {"time": math.nan},
        {"time": 1e300},
        {"time": -1},
        {"pause": None},
        {"problems": "p"},
        {"problems": [5]},
        {"sources": {"a": {"problem": 5}}},
        {"sources": {"a": {"read": "x"}}},
        {"sources": {"a": {"left_out": {"x": []}}}},
    ],
)
def test_report_of_another_account_is_not_trusted(wrong: dict[str, Any], tmp_path: Path) -> None:
    """Root reads it, and goes on with what it says."""
    (tmp_path / "report.json").write_text(json.dumps({"sources": {}, **wrong}))
    assert report.load(tmp_path) == Report()


def test_report_that_is_no_file_keeps_nobody_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "report.json")
    assert report.load(tmp_path) == Report()


def test_metrics_only_where_somebody_reads_them(tmp_path: Path) -> None:
    report.save(Report(), tmp_path, tmp_path / "none", begun=5)
    (file,) = tmp_path.iterdir()
    assert (file.name, file.stat().st_mtime) == ("report.json", 5)


def test_very_many_names_are_few_lines() -> None:
    state = State(left_out=MANY, left_out_count=50)
    _summary, *lines = said(Report(sources={"a": state}), Report())
    assert len(lines) == 21
    assert lines[0] == "a: left out: x00: no"
    assert lines[-1] == "a: left out: 30 more; mail-autoconfig sources status"


def test_what_was_said_is_not_said_again() -> None:
    state = State(lines=["one"], left_out={"x": "no"}, refused={"y": "no"}, twice={"z": "no"})
    before = Report(sources={"a": state})
    assert said(before, before) == ["a: 0 domains, never read"]
    after = Report(sources={"a": replace(state, refused={"y": "why"}, lines=["two"])})
    assert said(after, before)[1:] == ["a: two", "a: left out: y: why"]


def test_what_is_read_anew_is_no_news() -> None:
    bad = State(problem="down", lines=["one"])
    last = Report(sources={"a": bad, "b": State()}, problems=["x"])
    now = Report(sources={"a": bad, "b": State()}, problems=["x", "y"])
    assert [line.text for line in now.lines(last, ["a"]) if line.is_old] == [
        "a: down; nothing was read from it yet",
        "x",
    ]
    assert not any(line.is_old for line in now.lines(last))


def test_line_is_known_whenever_it_was_read() -> None:
    states = State(), State(read=1), State(read=2), State(read=2, domains=1)
    never, first, second, more = (
        next(Report(sources={"a": state}).lines(Report())).key for state in states
    )
    assert first == second
    assert len({"", never, first, more}) == 4


def said(found: Report, before: Report) -> list[str]:
    return [line.text for line in found.lines(before)]


def test_summary() -> None:
    assert report.summary("a", State()) == "a: 0 domains, never read"
    assert report.summary("a", State(read=60, domains=2, logins=3)) == (
        "a: 2 domains, 3 log-in names, read 1970-01-01 00:01:00 UTC"
    )
