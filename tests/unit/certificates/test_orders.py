from __future__ import annotations

import pytest

from mail_autoconfig.certificates.orders import DAY, Lineage, Order, decide, needs

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
    assert waits.awaited == GONE
    assert waits.awaited_until == 80 * DAY
    goes = decide("x", NAMES, OURS, "due", GONE, 80 * DAY)
    assert goes.order == Order("x", ("a.test",), "due")
    assert goes.left_out == GONE
    assert not goes.awaited


def test_renewal_does_not_wait_for_a_name_that_was_never_on_it() -> None:
    decision = decide("x", NAMES, lineage("a.test"), "due", GONE, 61 * DAY)
    assert decision.order == Order("x", ("a.test",), "due")


def test_certificate_of_another_authority_waits_for_nothing() -> None:
    decision = decide("x", NAMES, OURS, "another authority", GONE, 0.0)
    assert decision.order == Order("x", ("a.test",), "another authority")
