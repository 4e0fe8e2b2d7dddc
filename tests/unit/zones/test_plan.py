from __future__ import annotations

import pytest

from mail_autoconfig.zones.changes import Content
from support.planned import MARKER, NAME, SOA, after, applied, planned, record


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


def test_what_is_ours_stays_where_not_all_that_is_wanted_is_known() -> None:
    both = record("192.0.2.1"), record("192.0.2.2", name="autoconfig.second.example.com")
    first = after(SOA, *both)
    (left,) = {(each.name, each.type) for each in both} - {(NAME, "A")}
    known = after(first, record("192.0.2.3"), complete=False)
    assert known[NAME, "A"].values == ("192.0.2.3",)
    assert known[left] == first[left]
    # It is ours still: it goes once all is known.
    assert left not in after(known, record("192.0.2.3"))
