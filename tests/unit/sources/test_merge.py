from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from mail_autoconfig.sources import merge as module
from mail_autoconfig.sources import snapshot
from mail_autoconfig.sources.collect import Collected
from mail_autoconfig.sources.inventory import load
from mail_autoconfig.sources.merge import Merged, merge, summary
from mail_autoconfig.sources.settings import Source
from mail_autoconfig.store.entry import Entry

from .samples import ACME, SRV, source
from .test_definitions import configuration

LOGINS = ["a.example\tinfo\tm0815", "a.example\tmax\tmax@a.example", "a.example\tanna\tanna"]


def give(state: Path, name: str, *names: str, **keys: Any) -> None:
    domains: dict[str, Any] = {each: {} for each in names} | keys.pop("domains", {})
    keys["logins"] = sorted(keys.get("logins", []))
    snapshot.write_new(state, name, Collected(domains=domains, **keys))
    snapshot.believe(state, name)


def merged(state: Path, *sources: Source, **keys: Any) -> tuple[list[Entry], Merged]:
    found = Merged()
    inventory = load(configuration(state, generic_host="h.example", **keys))
    return list(merge(sources, inventory, state, found)), found


def names(entries: Sequence[Entry]) -> dict[str, str]:
    return {entry.name: entry.source for entry in entries}


def test_inventory_wins_then_the_first_source(tmp_path: Path) -> None:
    give(tmp_path, "second", "a.example", "b.example", "c.example", "i.example")
    give(tmp_path, "first", "b.example", "d.example")
    sources = source(name="first"), source(name="second")
    entries, found = merged(tmp_path, *sources, domains=[{"name": "I.example"}])
    assert names(entries) == {
        "a.example": "second",
        "b.example": "first",
        "c.example": "second",
        "d.example": "first",
    }
    assert [entry.name for entry in entries] == sorted(names(entries))
    assert summary(found, "second") == {
        "served": 2,
        "served_logins": 0,
        "in_inventory": 1,
        "refused_count": 0,
        "refused": {},
        "twice_count": 1,
        "twice": {"b.example": "first has it"},
    }


def test_what_the_validator_refuses_is_left_out_and_the_others_go_on(tmp_path: Path) -> None:
    give(
        tmp_path,
        "customers",
        "a.example",
        domains={"b.example": {"provider": "no"}, "c.example": {}},
    )
    entries, found = merged(tmp_path, source())
    assert [entry.name for entry in entries] == ["a.example", "c.example"]
    assert found.refusals == {"customers": 1}
    assert found.refused["customers"]["b.example"].startswith('provider: no provider "no"')


def test_domain_that_a_second_source_has_right(tmp_path: Path) -> None:
    """The first wins even so: which one it is must not depend on a mistake."""
    give(tmp_path, "first", domains={"a.example": {"provider": "no"}})
    give(tmp_path, "second", "a.example")
    entries, _found = merged(tmp_path, source(name="first"), source(name="second"))
    assert entries == []


def test_very_many_names_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "NAMED", 2)
    give(tmp_path, "customers", *(f"d{number}.example" for number in range(5)))
    _entries, found = merged(tmp_path, source(domain={}))
    assert (found.refusals["customers"], len(found.refused["customers"])) == (5, 2)


def test_entries_share_a_definition(tmp_path: Path) -> None:
    give(tmp_path, "customers", "a.example", "b.example")
    (one, two), _found = merged(tmp_path, source())
    assert one.definition is two.definition
    assert one.definition == SRV | ACME


@pytest.mark.parametrize(
    ("keys", "logins"),
    [
        ({}, {"info": "m0815", "anna": "anna"}),
        ({"username": "{localpart}"}, {"info": "m0815", "max": "max@a.example"}),
        ({"username": "{ask}"}, {"info": "m0815", "max": "max@a.example", "anna": "anna"}),
    ],
)
def test_log_in_names_only_where_they_differ(
    keys: dict[str, str], logins: dict[str, str], tmp_path: Path
) -> None:
    give(tmp_path, "customers", "a.example", logins=LOGINS)
    query = {"logins": "SELECT a, b FROM c"}
    (entry,), found = merged(tmp_path, source(domain={**ACME, **keys}, **query))
    assert entry.logins == logins
    assert found.logins == {"customers": len(logins)}
    # Not wanted any more: none, though the last reading has them.
    (entry,), _found = merged(tmp_path, source(domain={**ACME, **keys}))
    assert entry.logins == {}


def test_alias_domain_logs_in_as_its_target(tmp_path: Path) -> None:
    given = {"alias_of": {"z.example": "a.example"}, "logins": LOGINS}
    give(tmp_path, "customers", "a.example", "z.example", **given)
    (_one, alias), _found = merged(tmp_path, source(logins="SELECT a, b FROM c"))
    assert alias.definition == {**SRV, **ACME, "username": "{localpart}@a.example"}
    assert alias.logins == {"info": "m0815", "anna": "anna"}


def test_file_that_is_broken_is_said(tmp_path: Path) -> None:
    snapshot.path_of(tmp_path, "customers").write_text("[1]\n")
    with pytest.raises(TypeError):
        merged(tmp_path, source())
