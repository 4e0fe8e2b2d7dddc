from __future__ import annotations

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail_autoconfig.certificates import groups
from mail_autoconfig.certificates.groups import (
    assign,
    dump,
    is_ours,
    load,
    moved_from,
    names,
    rebuild,
)

SIZES = st.integers(groups.SMALLEST, 12)


def units(*domains: str, each: int = 2) -> dict[str, list[str]]:
    return {domain: [f"n{number}.{domain}" for number in range(each)] for domain in domains}


def many(count: int) -> dict[str, list[str]]:
    return units(*(f"d{number}.test" for number in range(count)))


def test_one_domain_is_one_certificate() -> None:
    assert assign(units("a.test"), {}, 50) == {
        "mail-autoconfig": {"a.test": ("n0.a.test", "n1.a.test")}
    }


@pytest.mark.parametrize(("count", "certificates"), [(30, 2), (130, 6), (5000, 200)])
def test_number_of_certificates(count: int, certificates: int) -> None:
    found = assign(many(count), {}, 50)
    assert len(found) == certificates
    assert list(islice(found, 3))[:2] == ["mail-autoconfig", "mail-autoconfig-2"]
    assert all(is_ours(name) for name in found)


def test_adding_and_removing_one_changes_one() -> None:
    before = assign(many(130), {}, 50)
    removed = {unit: each for unit, each in many(130).items() if unit != "d60.test"}
    after = assign(removed, before, 50)
    assert [name for name in before if after[name] != before[name]] == ["mail-autoconfig-3"]
    again = assign(removed | units("new.test"), after, 50)
    assert [name for name in before if again[name] != after[name]] == ["mail-autoconfig-3"]


def test_last_domain_of_a_certificate_takes_it_along() -> None:
    before = assign(many(130), {}, 50)
    left = {unit: each for unit, each in many(130).items() if unit not in before["mail-autoconfig"]}
    after = assign(left, before, 50)
    assert "mail-autoconfig" not in after
    assert "mail-autoconfig" in assign(many(130), after, 50)


def layout(assignment: groups.Assignment) -> list[list[str]]:
    return [list(members) for members in assignment.values()]


def test_domain_that_got_more_names_than_there_is_room_for_goes_elsewhere() -> None:
    before = assign(many(4), {}, 4)
    assert [list(each) for each in before.values()] == [
        ["d0.test", "d1.test"],
        ["d2.test", "d3.test"],
    ]
    grown = many(4) | units("d1.test", each=3)
    after = assign(grown, before, 4)
    assert [list(each) for each in after.values()] == [
        ["d0.test"],
        ["d2.test", "d3.test"],
        ["d1.test"],
    ]


def test_one_domain_each() -> None:
    """Certificates are public: of customers who must not see each other, each has one."""
    units = {"a": ("a1", "a2"), "b": ("b1",), "c": ("c1", "c2", "c3", "c4")}
    alone = assign(units, {}, 1)
    assert [list(each) for each in alone.values()] == [["a"], ["b"], ["c"]]
    assert assign(units, alone, 1) == alone
    together = assign(units, {}, 10)
    assert [list(each) for each in assign(units, together, 1).values()] == [["a"], ["b"], ["c"]]


def test_smaller_size() -> None:
    after = assign(many(50), assign(many(50), {}, 100), 25)
    assert max(map(len, names(after).values())) <= 25
    assert sum(map(len, names(after).values())) == 100


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(1, 4)), max_size=30),
    st.lists(st.tuples(st.integers(0, 30), st.integers(1, 4)), max_size=30),
    SIZES,
    SIZES,
)
def test_each_unit_is_on_one_certificate_that_is_not_too_large(
    first: list[tuple[int, int]], then: list[tuple[int, int]], size: int, new_size: int
) -> None:
    old = {f"d{number}": [f"n{each}.d{number}" for each in range(count)] for number, count in first}
    new = {f"d{number}": [f"n{each}.d{number}" for each in range(count)] for number, count in then}
    before = assign(old, {}, size)
    after = assign(new, before, new_size)
    assert sorted(unit for members in after.values() for unit in members) == sorted(new)
    for certificate, each in names(after).items():
        assert len(each) <= new_size or len(after[certificate]) == 1
    assert assign(new, after, new_size) == after
    if size == new_size and all(len(new[unit]) <= len(old[unit]) for unit in new if unit in old):
        home = {unit: name for name, members in before.items() for unit in members}
        assert all(home.get(unit, name) == name for name in after for unit in after[name])


def test_lost_assignment_comes_back_from_the_certificates() -> None:
    before = assign(many(130), {}, 50)
    certified = {name: sorted(each) for name, each in names(before).items()}
    certified["mail-autoconfig-3"].remove("n0.d60.test")  # it failed its check
    certified |= {"other": ["n0.d1.test"], "mail-autoconfig-07": ["n0.d1.test"]}
    assert rebuild(many(130), certified).keys() == before.keys()
    after = assign(many(130), rebuild(many(130), certified), 50)
    assert {name: set(each) for name, each in after.items()} == {
        name: set(each) for name, each in before.items()
    }


def test_dump_and_load() -> None:
    assignment = assign(many(60), {}, 50)
    assert load(dump(assignment)) == assignment


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"other": {}}', '{"mail-autoconfig": []}', '{"mail-autoconfig": {"a": [1]}}'],
)
def test_what_is_no_assignment(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of json too
        load(text)


def test_wildcards_stand_for_the_names_below_their_domain() -> None:
    all_names = ("autodiscover.a.test", "autoconfig.a.test", "a.test", "x.autoconfig.a.test")
    assert groups.certified((*all_names, "a.b.test"), {"a.test"}) == (
        "*.a.test",
        "a.test",
        "x.autoconfig.a.test",
        "a.b.test",
    )
    assert groups.certified(all_names, ()) == all_names


def test_a_lost_assignment_comes_back_from_wildcards_too() -> None:
    certified = {"mail-autoconfig-2": ["*.d1.test"], "mail-autoconfig": ["n0.d0.test"]}
    assert rebuild(many(2), certified) == {
        "mail-autoconfig-2": ["d1.test"],
        "mail-autoconfig": ["d0.test"],
    }


def test_new_certificate_for_domains_of_another() -> None:
    wanted = units("a", "b", "c", "d")
    before = {"mail-autoconfig": ["a", "b", "c"]}
    assignment = assign(wanted, before, 4)
    assert list(assignment) == ["mail-autoconfig", "mail-autoconfig-2"]
    assert moved_from(assignment, before) == {"mail-autoconfig-2": "mail-autoconfig"}
    again = {certificate: list(members) for certificate, members in assignment.items()}
    assert moved_from(assignment, again) == {}
    assert moved_from(assign(wanted, {}, 4), {}) == {}


def test_domains_of_sources_are_apart() -> None:
    found = assign(many(3), {}, 4, groups.SOURCED)
    assert [*found] == ["mail-autoconfig-sources", "mail-autoconfig-sources-2"]
    assert all(is_ours(name) for name in found)
    assert load(dump(found)) == found
    assert is_ours("mail-autoconfig-sources-2", groups.SOURCED)
    assert not is_ours("mail-autoconfig-sources-2", groups.NAME)
    assert not is_ours("mail-autoconfig-2", groups.SOURCED)
    assert not is_ours("mail-autoconfig-source")
    certified = names(found) | names(assign(units("a.test"), {}, 4))
    assert [*rebuild(many(3), certified)] == ["mail-autoconfig"]
    assert [*rebuild(many(3), certified, groups.SOURCED)] == [*found]
