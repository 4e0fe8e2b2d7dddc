"""Who made a record, as the plans of two owners and of several domains see it."""

from __future__ import annotations

import pytest

from mail_autoconfig.zones.changes import Content
from support.planned import MARKER, NAME, SOA, after, planned, record


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
