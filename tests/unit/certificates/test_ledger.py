from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail_autoconfig.certificates.ledger import (
    HOUR,
    NO_LIMITS,
    WEEK,
    Budget,
    Limits,
    Past,
    PublicSuffixes,
    schedule,
)
from mail_autoconfig.certificates.orders import DAY, Order


def past(time: float, *names: str, refused: tuple[str, ...] = ()) -> Past:
    return Past(time, frozenset(names), not refused, dict.fromkeys(refused, "no"))


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


@pytest.mark.parametrize(
    ("refusals", "rest"), [(1, HOUR / 2), (2, HOUR), (3, 2 * HOUR), (6, 12 * HOUR), (20, 12 * HOUR)]
)
def test_refused_name_rests_longer_each_time(refusals: int, rest: float) -> None:
    last = DAY * (refusals - 1)
    times = [DAY * number for number in range(refusals)]
    rested = budget(
        NO_LIMITS, *(past(time, "a.com", "b.com", refused=("a.com",)) for time in times)
    )
    assert rested.resting(["a.com", "b.com"], last + rest - 1) == {"a.com": "no"}
    assert rested.resting(["a.com", "b.com"], last + rest + 1) == {}


def test_name_that_was_certified_does_not_rest() -> None:
    orders = past(0, "a.com", refused=("a.com",)), past(1, "a.com")
    assert budget(NO_LIMITS, *orders).resting(["a.com"], 2) == {}
    again = budget(NO_LIMITS, *orders, past(3, "a.com", refused=("a.com",)))
    assert again.resting(["a.com"], 3 + HOUR / 2 - 1) == {"a.com": "no"}
    assert again.resting(["a.com"], 3 + HOUR / 2 + 1) == {}


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
