from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail_autoconfig.certificates.orders import (
    DAY,
    HOUR,
    NO_LIMITS,
    WEEK,
    Budget,
    Limits,
    Lineage,
    Order,
    Past,
    PublicSuffixes,
    decide,
    needs,
    schedule,
)

SERVER = "https://acme.test/dir"
NAMES = ("a.test", "b.test")
OURS = Lineage(frozenset(NAMES), SERVER, 0.0, 90 * DAY)
GONE = {"b.test": "no record"}


def lineage(*names: str) -> Lineage:
    return Lineage(frozenset(names), SERVER, 0.0, 90 * DAY)


@pytest.mark.parametrize(
    ("names", "current", "server", "day", "reason"),
    [
        (NAMES, None, SERVER, 0, "there is none"),
        (NAMES, OURS, SERVER, 0, ""),
        (NAMES, OURS, SERVER, 59.9, ""),
        (NAMES, OURS, SERVER, 60.1, "due"),
        (NAMES, Lineage(frozenset(NAMES), SERVER, 0.0, 45 * DAY), SERVER, 29, ""),
        (NAMES, Lineage(frozenset(NAMES), SERVER, 0.0, 45 * DAY), SERVER, 31, "due"),
        (NAMES, Lineage(frozenset(NAMES), SERVER, 0.0, 6 * DAY), SERVER, 2.9, ""),
        (NAMES, Lineage(frozenset(NAMES), SERVER, 0.0, 6 * DAY), SERVER, 3.1, "due"),
        (NAMES[:1], OURS, SERVER, 0, "other names"),
        ((*NAMES, "c.test"), OURS, SERVER, 0, "other names"),
        (NAMES, OURS, "https://staging.test/dir", 0, "another authority"),
        (
            NAMES,
            Lineage(frozenset(NAMES), SERVER, 0.0, 90 * DAY, trusted=False),
            SERVER,
            0,
            "not signed by the root",
        ),
    ],
)
def test_needs(
    names: tuple[str, ...], current: Lineage | None, server: str, day: float, reason: str
) -> None:
    assert needs(names, current, server, day * DAY) == reason


def test_forced() -> None:
    assert needs(NAMES, OURS, SERVER, 0.0, forced=True) == "asked for"


def test_names_that_fail_are_left_out() -> None:
    decision = decide("x", NAMES, None, "there is none", GONE, 0.0)
    assert decision.order == Order("x", ("a.test",), "there is none")
    assert decision.left_out == GONE
    both = GONE | {"a.test": "no record"}
    assert decide("x", NAMES, None, "there is none", both, 0.0).order is None


@pytest.mark.parametrize(
    ("names", "current", "failing", "ordered", "left_out"),
    [
        (("a", "b", "c"), lineage("a", "b"), {}, ("a", "b", "c"), set()),
        (("a",), lineage("a", "b"), {}, ("a",), set()),
        # Not ordered for what fails alone: neither what is new nor what may come back.
        (("a", "b", "c"), lineage("a", "b"), {"c"}, None, {"c"}),
        (("a", "b", "c"), lineage("a", "b"), {"b", "c"}, None, {"c"}),
        # One more is certified, so one that fails now would stop the order.
        (("a", "b", "c"), lineage("a", "b"), {"b"}, ("a", "c"), {"b"}),
        # One domain has gone, another fails.
        (("a", "b"), lineage("a", "b", "c"), {"b"}, ("a",), {"b"}),
    ],
)
def test_other_names(
    names: tuple[str, ...],
    current: Lineage,
    failing: set[str],
    ordered: tuple[str, ...] | None,
    left_out: set[str],
) -> None:
    decision = decide("x", names, current, "other names", dict.fromkeys(failing, "why"), 0.0)
    assert (decision.order and decision.order.names) == ordered
    assert decision.left_out.keys() == left_out


def test_renewal_keeps_its_names_until_some_days_before_the_end() -> None:
    waits = decide("x", NAMES, OURS, "due", GONE, 61 * DAY)
    assert waits.order is None
    assert waits.held == GONE
    assert waits.held_until == 80 * DAY
    goes = decide("x", NAMES, OURS, "due", GONE, 80 * DAY)
    assert goes.order == Order("x", ("a.test",), "due")
    assert goes.left_out == GONE
    assert not goes.held


def test_renewal_does_not_wait_for_a_name_that_was_never_on_it() -> None:
    decision = decide("x", NAMES, lineage("a.test"), "due", GONE, 61 * DAY)
    assert decision.order == Order("x", ("a.test",), "due")


def test_certificate_of_another_authority_waits_for_nothing() -> None:
    decision = decide("x", NAMES, OURS, "another authority", GONE, 0.0)
    assert decision.order == Order("x", ("a.test",), "another authority")


def past(time: float, *names: str, refused: tuple[str, ...] = ()) -> Past:
    return Past(time, frozenset(names), not refused, frozenset(refused))


SUFFIXES = PublicSuffixes("// comment\n\ncom\nco.uk\n*.ck\n!www.ck\n公司.cn\n")


@pytest.mark.parametrize(
    ("name", "registered"),
    [
        ("a.b.example.com", "example.com"),
        ("*.example.com", "example.com"),
        ("a.example.co.uk", "example.co.uk"),
        ("co.uk", "co.uk"),
        ("a.b.x.ck", "b.x.ck"),
        ("a.www.ck", "www.ck"),
        ("a.b.xn--55qx5d.cn", "b.xn--55qx5d.cn"),
        ("a.b.unknown", "b.unknown"),
    ],
)
def test_registered_domain(name: str, registered: str) -> None:
    assert SUFFIXES.registered_domain(name) == registered


def budget(limits: Limits, *orders: Past) -> Budget:
    return Budget(limits, orders, SUFFIXES.registered_domain)


def test_orders_in_three_hours() -> None:
    limits = Limits(orders_per_3_hours=2)
    assert budget(limits, past(0, "a.com")).when(["b.com"], HOUR) == (HOUR, "")
    full = budget(limits, past(HOUR, "b.com", refused=("b.com",)), past(0, "a.com"))
    assert full.when(["c.com"], 2 * HOUR) == (3 * HOUR, "2 orders in 3 hours")
    assert full.when(["c.com"], 3 * HOUR) == (3 * HOUR, "")


def test_same_names_a_week() -> None:
    full = budget(Limits(same_names_per_week=1), past(0, "a.com", "b.com"))
    assert full.when(["b.com", "a.com"], HOUR)[0] == WEEK
    assert full.when(["a.com"], HOUR)[0] == HOUR


def test_certificates_for_a_registered_domain_a_week() -> None:
    limits = Limits(certificates_per_domain_per_week=1)
    full = budget(limits, past(0, "a.example.com"))
    why = "1 certificates for example.com a week"
    assert full.when(["x.com", "b.example.com"], HOUR) == (WEEK, why)
    assert full.when(["x.com"], HOUR)[0] == HOUR
    assert full.when(["a.example.com"], HOUR)[0] == HOUR  # a renewal is exempt


def test_names_that_were_refused_too_often() -> None:
    refused = [past(time, "a.com", refused=("a.com",)) for time in (0, 10)]
    tired = budget(Limits(failures_per_name_per_hour=2), *refused)
    assert tired.tired(["a.com", "b.com"], 20) == {"a.com": "refused 2 times in an hour"}
    assert tired.tired(["a.com"], HOUR + 1) == {}


def test_no_limits() -> None:
    many = budget(NO_LIMITS, *(past(0, "a.com") for _ in range(1000)))
    assert many.when(["a.com"], 1) == (1, "")


@given(st.integers(1, 30), st.integers(1, 5))
def test_schedule_keeps_the_limit(count: int, limit: int) -> None:
    orders = [Order(f"c{number}", (f"n{number}.com",), "") for number in range(count)]
    planned = schedule(orders, budget(Limits(orders_per_3_hours=limit)), 0.0)
    times = [each.time for each in planned]
    assert times == [number // limit * 3 * HOUR for number in range(count)]
    assert [each.order for each in planned] == orders
