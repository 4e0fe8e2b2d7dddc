from __future__ import annotations

from pathlib import Path

import pytest

from mail_autoconfig.sources.names import METRICS, Names, load, metrics, save

MANY = {f"{number}.test": "no" for number in range(1500)}


def test_saved_and_loaded(tmp_path: Path) -> None:
    found = Names(5, changed=True, names=2, certificates=1, problem="p")
    found.leave_out(MANY)
    save(found, tmp_path, tmp_path)
    assert load(tmp_path) == found
    assert (len(found.left_out), found.left_out_count) == (1000, 1500)
    assert (tmp_path / METRICS).read_text() == "".join(f"{line}\n" for line in metrics(found))
    assert "mail_autoconfig_names_problem 1" in [*metrics(found)]


@pytest.mark.parametrize("content", ["", "[]", "5", '{"a": 1}'])
def test_what_is_no_report(content: str, tmp_path: Path) -> None:
    assert load(tmp_path) is None
    (tmp_path / "report.json").write_text(content)
    assert load(tmp_path) is None


def test_lines_for_people() -> None:
    found = Names(names=4, certificates=2, problem="nginx: broken")
    found.leave_out(MANY)
    lines = [*found.details()]
    assert lines[:3] == [
        "names: nginx: broken",
        "names: 4 names in nginx, 2 certificates for them",
        "names: left out: 0.test: no",
    ]
    assert lines[-1] == "names: left out: 1480 more names"
    found.leave_out({"a\x1b[2J\n.test": "no"})
    assert [*found.lines()][-1] == "left out: a?[2J?.test: no"
