from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from mail_autoconfig.zones.plan import Change, Content, Key, Plan, Zone, difference, plan, steps
from mail_autoconfig.zones.records import RecordSet, Type

ZONE = "example.com"
NAME = "autoconfig.example.com"
MARKER = ("_mail-autoconfig.example.com", "TXT")
SOA = {
    (ZONE, "SOA"): Content(("ns.example.com. x.example.com. 1 2 3 4 5",), 60),
    ("www.example.com", "A"): Content(("192.0.2.9",), 60),
}


def record(
    *values: str, name: str = NAME, type_: Type = "A", domain: str = "example.com"
) -> RecordSet:
    return RecordSet(domain, name, type_, values)


def planned(zone: Zone, *wanted: RecordSet, **options: Any) -> Plan:
    defaults: dict[str, Any] = {"owner": "main", "ttl": 300}
    return plan(ZONE, zone, wanted, **defaults | options)


def applied(zone: Zone, changes: Iterable[Change]) -> dict[Key, Content]:
    result = dict(zone)
    for change in changes:
        key = change.name, change.type
        assert result.pop(key, None) == change.before
        if change.after:
            result[key] = change.after
    return result


def after(zone: Zone, *wanted: RecordSet, **options: Any) -> dict[Key, Content]:
    """The zone after a push, which must be without conflicts, and stay as it is at the next one."""
    first = planned(zone, *wanted, **options)
    assert not first.conflicts
    result = applied(zone, first.changes)
    assert planned(result, *wanted, **options).changes == ()
    return result


def test_new_record_and_its_marker() -> None:
    result = after(SOA, record("192.0.2.1", "192.0.2.2"))
    assert result.pop((NAME, "A")) == Content(("192.0.2.1", "192.0.2.2"), 300)
    (mark,) = result.pop(MARKER).values
    assert mark.startswith('"mail-autoconfig owner=main autoconfig/A/')
    assert result == SOA


def test_own_record_follows_the_inventory_and_goes_with_it() -> None:
    first = after(SOA, record("192.0.2.1"))
    moved = after(first, record("192.0.2.2"))
    assert moved[NAME, "A"].values == ("192.0.2.2",)
    slower = after(moved, record("192.0.2.2"), ttl=600)
    assert slower[NAME, "A"].ttl == 600
    alias = after(slower, record("host.example.", type_="CNAME"))
    assert (NAME, "A") not in alias
    assert after(alias) == SOA


def test_order_and_case_are_no_change() -> None:
    first = after(SOA, record("1 1 993 Mail.Example.", "0 1 993 a.example.", type_="SRV"))
    turned = record("0 1 993 a.example.", "1 1 993 mail.example.", type_="SRV")
    assert planned(first, turned).changes == ()


def test_texts_split_otherwise_are_no_change() -> None:
    first = after(SOA, record('"path=/dav"', type_="TXT"))
    split = first | {(NAME, "TXT"): Content(('"path=" "/dav"',), 300)}
    assert planned(split, record('"path=/dav"', type_="TXT")).changes == ()


def test_foreign_record_with_other_content_is_a_conflict() -> None:
    foreign = SOA | {(NAME, "A"): Content(("192.0.2.9",), 60)}
    found = planned(foreign, record("192.0.2.1"))
    assert found.changes == ()
    assert found.conflicts == (
        f"{NAME} A 192.0.2.9: not ours, or edited since; should be A 192.0.2.1; remove it, or name "
        f"{NAME} in autoconfig_dns_replace or autoconfig_dns_keep",
    )


@pytest.mark.parametrize("names", [[NAME], ["*"]])
def test_foreign_record_is_replaced_where_the_inventory_says_so(names: list[str]) -> None:
    foreign = SOA | {(NAME, "A"): Content(("192.0.2.9",), 60)}
    result = after(foreign, record("192.0.2.1"), replace=names)
    assert result[NAME, "A"] == Content(("192.0.2.1",), 300)
    assert after(result) == SOA
    assert planned(foreign, record("192.0.2.1"), replace=["www.example.com"]).conflicts


def test_foreign_record_that_is_right_stays_foreign() -> None:
    foreign = SOA | {(NAME, "A"): Content(("192.0.2.1",), 60)}
    assert after(foreign, record("192.0.2.1")) == foreign
    assert after(foreign) == foreign


def test_edited_record_is_no_longer_ours() -> None:
    edited = after(SOA, record("192.0.2.1")) | {(NAME, "A"): Content(("192.0.2.9",), 300)}
    assert planned(edited, record("192.0.2.1")).conflicts
    gone = planned(edited)
    assert gone.left == (f"{NAME} A 192.0.2.9: edited since it was made; left as is",)
    result = applied(edited, gone.changes)
    assert result == SOA | {(NAME, "A"): Content(("192.0.2.9",), 300)}


def test_record_that_somebody_removed_comes_back() -> None:
    first = after(SOA, record("192.0.2.1"))
    assert after({k: v for k, v in first.items() if k != (NAME, "A")}, record("192.0.2.1")) == first


def test_lost_marker_makes_records_foreign() -> None:
    first = after(SOA, record("192.0.2.1"))
    del first[MARKER]
    assert after(first, record("192.0.2.1")) == first
    assert planned(first, record("192.0.2.2")).conflicts


def test_owners_do_not_meet() -> None:
    first = after(SOA, record("192.0.2.1"))
    other = record("192.0.2.5", name="autodiscover.example.com")
    both = after(first, other, owner="second")
    assert both[NAME, "A"] == first[NAME, "A"]
    assert planned(both, record("192.0.2.1")).changes == ()
    assert planned(both, record("192.0.2.7"), owner="second").conflicts
    assert after(both, owner="second") == first


@pytest.mark.parametrize("beside", ["TXT", "MX", "A"])
def test_alias_has_no_other_record_beside_it(beside: str) -> None:
    foreign = SOA | {(NAME, beside): Content(("x",), 60)}
    wanted = record("host.example.", type_="CNAME")
    assert planned(foreign, wanted).changes == ()
    assert planned(foreign, wanted).conflicts
    replaced = planned(foreign, wanted, replace=["*"])
    assert bool(replaced.conflicts) == (beside != "A")  # mail and texts are never replaced


def test_record_beside_a_foreign_alias() -> None:
    foreign = SOA | {(NAME, "CNAME"): Content(("host.example.",), 60)}
    assert planned(foreign, record("192.0.2.1")).changes == ()
    assert planned(foreign, record("192.0.2.1")).conflicts


def test_signatures_are_no_conflict() -> None:
    signed = SOA | {(NAME, "RRSIG"): Content(("x",), 60), (NAME, "NSEC"): Content(("x",), 60)}
    assert not planned(signed, record("host.example.", type_="CNAME")).conflicts


def test_many_records_fill_several_texts() -> None:
    wanted = [record("192.0.2.1", name=f"n{number}.example.com") for number in range(40)]
    result = after(SOA, *wanted)
    texts = result[MARKER].values
    assert len(texts) > 1
    assert max(len(text) for text in texts) <= 255 + 2
    assert after(result) == SOA


def test_each_domain_has_its_marker() -> None:
    wanted = (
        record("192.0.2.1", name="autoconfig.sub.example.com", domain="sub.example.com"),
        record("192.0.2.1"),
        record("192.0.2.1", name="x.example.com", domain="com"),  # the zone is below the domain
    )
    result = after(SOA, *wanted)
    assert {key for key in result if key[1] == "TXT"} == {
        MARKER,
        ("_mail-autoconfig.sub.example.com", "TXT"),
    }
    assert after(result) == SOA


@pytest.mark.parametrize(
    "text",
    [
        '"v=spf1 -all"',
        '"mail-autoconfig owner=main autoconfig"',
        '"mail-autoconfig owner=main a/b"',
    ],
)
def test_marker_that_is_not_understood(text: str) -> None:
    result = planned(SOA | {MARKER: Content((text,), 60)}, record("192.0.2.1"))
    assert not result.conflicts
    assert len(result.changes) == 2


def test_difference() -> None:
    changes = [
        Change("d", "b.d", "A", None, Content(("192.0.2.1", "192.0.2.2"), 60)),
        Change("d", "a.d", "SRV", Content(("0 0 0 .",), 5), None),
    ]
    assert difference(changes) == (
        "a.d. 5 SRV 0 0 0 .\n",
        "b.d. 60 A 192.0.2.1\nb.d. 60 A 192.0.2.2\n",
    )


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
