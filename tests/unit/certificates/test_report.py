from __future__ import annotations

import json
import re
from pathlib import Path

from mail_autoconfig.certificates.orders import Decision, Lineage, Order
from mail_autoconfig.certificates.report import METRICS, Report, metrics, write

DAY = 86400.0
BEFORE = Lineage(frozenset(["b.test", "a.test"]), "", 0.0, DAY)


def report() -> Report:
    found = Report()
    found.add_order(Order("one", ("a.test",), "due"), "ordered", BEFORE)
    found.add_wait(Order("two", ("c.test", "d.test"), "there is none"), DAY, "1 order")
    found.add_deletion("three", "deleted", BEFORE)
    awaited = {"f.test": "no record"}
    found.add_decision("four", ["e.test"], Decision(None, {"e.test": "no"}, awaited, 2 * DAY))
    found.problems.append("ill")
    return found


def test_lines_for_people() -> None:
    assert report().lines() == [
        "one: ordered, 1 name; due",
        "three: deleted; no domain has it",
        "two: waits until 1970-01-02 00:00 UTC; there is none; limit: 1 order",
        "left out: e.test: no",
        "waits for f.test: no record; four is renewed without it from 1970-01-03 00:00 UTC",
    ]


def test_for_programs() -> None:
    found = report().to_json()
    assert found["before"] == {"one": ["a.test", "b.test"], "three": ["a.test", "b.test"]}
    assert found["after"] == {"one": ["a.test"]}
    assert found["lines"] == report().lines()
    assert found["problems"] == ["ill"]
    assert found["changed"]


def test_later_decision_awaits_no_more() -> None:
    found = report()
    found.add_decision("four", ["f.test"], Decision(None, {"f.test": "no record"}))
    assert found.awaited == {}
    assert found.left_out == {"e.test": "no", "f.test": "no record"}


def test_each_metric_has_help_and_type() -> None:
    text = metrics(report(), {"one": DAY, "two": 2 * DAY}, 3 * DAY)
    samples = dict(re.findall(r"^(mail_autoconfig_\S+) (\d+)$", text, re.MULTILINE))
    prefix = "mail_autoconfig_certificate"
    assert samples == {
        f"{prefix}s_last_run_timestamp_seconds": "259200",
        f"{prefix}s_problems": "1",
        f"{prefix}s_names_left_out": "1",
        f"{prefix}s_names_awaited": "1",
        f"{prefix}s_orders_waiting": "1",
        f'{prefix}_expiry_timestamp_seconds{{name="one"}}': "86400",
        f'{prefix}_expiry_timestamp_seconds{{name="two"}}': "172800",
    }
    for name in {sample.partition("{")[0] for sample in samples}:
        assert f"# TYPE {name} gauge\n" in text
        assert re.search(rf"^# HELP {name} \S.*\.$", text, re.MULTILINE)


def test_written_where_others_look(tmp_path: Path) -> None:
    write(report(), {"one": DAY}, 0.0, tmp_path, tmp_path / "none")
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]
    found = json.loads((tmp_path / "report.json").read_text())
    assert (found["time"], found["ends"], found["left_out"]) == (
        0.0,
        {"one": DAY},
        {"e.test": "no"},
    )
    write(report(), {"one": DAY}, 0.0, tmp_path, tmp_path)
    assert (tmp_path / METRICS).read_text() == metrics(report(), {"one": DAY}, 0.0)


def test_very_many_names_of_one_cause_are_counted() -> None:
    """As before there are any DNS records."""
    found = Report(left_out={f"d{number}.test": "no record" for number in range(10000)})
    lines = found.lines()
    assert len(lines) == 21
    assert lines[-1] == "left out: 9980 more names, in the report: no record"
