from __future__ import annotations

from pathlib import Path
from typing import Any

from mail_autoconfig.sources import snapshot
from mail_autoconfig.sources.collect import Collected
from mail_autoconfig.sources.snapshot import Given

FOUND = Collected(
    domains={"b.example": {}, "a.example": {"provider": "acme"}, "z.example": {}},
    alias_of={"z.example": "a.example"},
    logins=["a.example\tinfo\tm0815"],
)


def give(state: Path, *names: str) -> bool:
    """Give names and believe them; whether that changed the file."""
    before = snapshot.mark(state, "customers")
    snapshot.write_new(state, "customers", Collected(domains={name: {} for name in names}))
    snapshot.believe(state, "customers")
    return snapshot.mark(state, "customers") != before


def test_what_is_believed_is_read_in_order(tmp_path: Path) -> None:
    assert snapshot.write_new(tmp_path, "customers", FOUND) == 2
    assert list(snapshot.read(tmp_path, "customers")) == []
    snapshot.believe(tmp_path, "customers")
    assert list(snapshot.read(tmp_path, "customers")) == [
        Given("a.example", {"provider": "acme"}, "", {"info": "m0815"}),
        Given("b.example", {}, "", {}),
        Given("z.example", {}, "a.example", {"info": "m0815"}),
    ]


def test_same_again_is_left_alone(tmp_path: Path) -> None:
    assert give(tmp_path, "a.example")
    mark = snapshot.mark(tmp_path, "customers")
    assert not give(tmp_path, "a.example")
    assert snapshot.mark(tmp_path, "customers") == mark
    assert give(tmp_path, "b.example")
    assert snapshot.mark(tmp_path, "customers") != mark


def test_what_is_not_believed_goes(tmp_path: Path) -> None:
    give(tmp_path, "a.example")
    snapshot.write_new(tmp_path, "customers", Collected())
    snapshot.forget(tmp_path, "customers")
    snapshot.forget(tmp_path, "customers")
    assert [path.name for path in tmp_path.iterdir()] == ["customers.jsonl"]


def test_sources_that_there_are_no_more(tmp_path: Path) -> None:
    give(tmp_path, "a.example")
    (tmp_path / "report.json").write_text("{}")
    snapshot.forget_others(tmp_path, frozenset({"customers"}))
    assert snapshot.path_of(tmp_path, "customers").exists()
    snapshot.forget_others(tmp_path, frozenset())
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]


def test_no_mark_without_a_file(tmp_path: Path) -> None:
    assert snapshot.mark(tmp_path, "customers") == ()


def test_domains_that_were_not_read_this_time(tmp_path: Path) -> None:
    assert snapshot.lost(tmp_path, "customers") == (0, 0)
    give(tmp_path, "a.example", "b.example", "c.example")
    for names, lost in (("abc", (0, 0)), ("bcde", (3, 1)), ("", (3, 3))):
        domains: dict[str, Any] = {f"{name}.example": {} for name in names}
        snapshot.write_new(tmp_path, "customers", Collected(domains=domains))
        assert snapshot.lost(tmp_path, "customers") == lost
