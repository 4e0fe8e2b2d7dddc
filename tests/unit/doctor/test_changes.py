from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mail_autoconfig.doctor.changes import Former, FormerError, changes

from .samples import ERROR, WARNING, document, report

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def test_new_and_gone(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text(document([report("a.test", WARNING)], NOW))
    former = Former(file)
    found = changes(former, [report("a.test", ERROR), report("other.test", ERROR)])
    assert list(found.lines()) == [
        "new since 2026-11-25T00:00:00+00:00: a.test: tls-expired at https://a.test",
        "gone since 2026-11-25T00:00:00+00:00: a.test: dns-no-mx at a.test",
    ]
    again = changes(former, [report("a.test", WARNING)])
    assert list(again.lines()) == ["since 2026-11-25T00:00:00+00:00: nothing changed"]


@pytest.mark.parametrize("indent", [None, 1])
def test_when_each_was_examined(tmp_path: Path, indent: int | None) -> None:
    """Of a file of an earlier version too, whose domains have no time of their own."""
    file = tmp_path / "a.json"
    text = document([report("a.test"), report("b.test")], NOW)
    if indent:
        old = json.loads(text)
        for each in old["domains"]:
            del each["time"]
        text = json.dumps(old, indent=indent)
    file.write_text(text)
    former = Former(file)
    assert former.examined == dict.fromkeys(["u@a.test", "u@b.test"], NOW.isoformat())
    assert [each["domain"] for each in former.entries()] == ["a.test", "b.test"]


CUT = document([report("a.test"), report("b.test")], NOW)[:-4]


@pytest.mark.parametrize("text", ["", "[]", '{"domains": [1]}', "{", CUT])
def test_file_of_something_else(text: str, tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text(text)
    with pytest.raises(FormerError, match="no JSON of the doctor"):
        Former(file)
