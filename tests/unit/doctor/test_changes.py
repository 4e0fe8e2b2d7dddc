from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mail_autoconfig.doctor.changes import FormerError, changes
from mail_autoconfig.doctor.output_json import document

from .samples import ERROR, WARNING, report

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def test_new_and_gone(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    assert changes(file, [report("a.test", ERROR)]) is None
    file.write_text(json.dumps(document([report("a.test", WARNING)], NOW)))
    found = changes(file, [report("a.test", ERROR), report("other.test", ERROR)])
    assert found
    assert list(found.lines()) == [
        "new since 2026-11-25T00:00:00+00:00: a.test: tls-expired at https://a.test",
        "gone since 2026-11-25T00:00:00+00:00: a.test: dns-no-mx at a.test",
    ]
    again = changes(file, [report("a.test", WARNING)])
    assert again
    assert list(again.lines()) == ["since 2026-11-25T00:00:00+00:00: nothing changed"]


@pytest.mark.parametrize("text", ["", "[]", '{"domains": [1]}', "{"])
def test_file_of_something_else(text: str, tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text(text)
    with pytest.raises(FormerError, match="no JSON of the doctor"):
        changes(file, [report()])
