from __future__ import annotations

from collections.abc import Iterable

from mail_autoconfig.zones.changes import Change, Content, Key, Zone
from mail_autoconfig.zones.steps import steps
from support.planned import MARKER, NAME, SOA, after, applied, planned, record


def torn(zone: Zone, changes: Iterable[Change]) -> Iterable[dict[Key, Content]]:
    """The zone after each write of a server without transactions, which removes before it adds."""
    state = dict(zone)
    for step in steps(changes):
        for change in step:
            key = change.name, change.type
            assert state.pop(key, None) == change.before
            yield dict(state)
            values = change.after.values if change.after else ()
            for count in range(len(values)):
                assert change.after
                state[key] = Content(values[: count + 1], change.after.ttl)
                yield dict(state)


def test_push_without_transactions_goes_on_wherever_it_was_cut_off() -> None:
    """Twice even: each run that follows reaches the same zone, without a conflict."""
    old = record("192.0.2.5", name="autodiscover.example.com")
    new = record("192.0.2.3", "192.0.2.4", name="ua-auto-config.example.com")
    wanted = record("192.0.2.2"), new
    before = after(SOA, record("192.0.2.1"), old)
    changes = planned(before, *wanted).changes
    expected = applied(before, changes)
    states = list(torn(before, changes))
    assert len(states) > 10
    for state in states:
        assert after(state, *wanted) == expected
        for again in torn(state, planned(state, *wanted).changes):
            assert after(again, *wanted) == expected


def test_steps_of_a_first_push_and_of_a_removal_need_no_spare_marker() -> None:
    pushed = planned(SOA, record("192.0.2.1")).changes
    assert [[change.name for change in step] for step in steps(pushed)] == [[MARKER[0]], [NAME]]
    removed = planned(applied(SOA, pushed)).changes
    assert [[change.name for change in step] for step in steps(removed)] == [[NAME], [MARKER[0]]]


def test_steps_without_changes() -> None:
    assert list(steps(())) == []
