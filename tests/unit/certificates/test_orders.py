from __future__ import annotations

from dataclasses import replace

import pytest

from mail_autoconfig.certificates.orders import DAY, Lineage, Order, Window, decide, needs

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


# A life in days; when its renewal is due, and when it goes without failing names.
LIVES = [(90, 60, 80), (64, 42.7, 56.9), (45, 30, 40), (160 / 24, 3.33, 5), (1, 0.5, 0.75)]


@pytest.mark.parametrize(("life", "due", "alone"), LIVES)
def test_no_life_is_the_usual_one(life: float, due: float, alone: float) -> None:
    current = Lineage(frozenset(NAMES), SERVER, 0.0, life * DAY)
    assert needs(NAMES, current, SERVER, (due - 0.1) * DAY) == ""
    assert needs(NAMES, current, SERVER, (due + 0.1) * DAY) == "due"
    waits = decide("x", NAMES, current, "due", GONE, (alone - 0.1) * DAY)
    assert (waits.order, waits.awaited) == (None, GONE)
    goes = decide("x", NAMES, current, "due", GONE, (alone + 0.1) * DAY)
    assert goes.order == Order("x", ("a.test",), "due")


@pytest.mark.parametrize("life", [life for life, *_ in LIVES if life > 6])
def test_time_is_left_for_each_step(life: float) -> None:
    """A day and a half: for a server that is down, and for who has to mend something."""
    current = Lineage(frozenset(NAMES), SERVER, 0.0, life * DAY)
    assert current.may_lose_names() - current.due_from() > 1.5 * DAY
    assert current.ends - current.may_lose_names() > 1.5 * DAY


def advised(begins: float, ends: float, url: str = "") -> Lineage:
    """A certificate of 90 days, and in which days the authority wants its renewal."""
    return replace(OURS, identifier="aki.serial", window=Window(begins * DAY, ends * DAY, url))


ASKED = "the authority asks for it"


@pytest.mark.parametrize(
    ("current", "day", "reason"),
    [
        (advised(2, 3), 1.9, ""),
        (advised(2, 3), 3.1, ASKED),
        (advised(-2, -1), 0, ASKED),
        (advised(-2, -1, "https://acme.test/why"), 0, f"{ASKED}: https://acme.test/why"),
        # Its window counts, and not the usual third.
        (advised(70, 71), 69, ""),
        (advised(70, 71), 71.1, ASKED),
        # But nobody waits until it is too late.
        (advised(95, 96), 79.9, ""),
        (advised(95, 96), 80.1, "due"),
    ],
)
def test_authority_suggests_a_window(current: Lineage, day: float, reason: str) -> None:
    assert needs(NAMES, current, SERVER, day * DAY) == reason


def test_moment_is_anywhere_in_the_window_and_stays() -> None:
    window = Window(100.0, 200.0)
    moments = [window.moment(f"aki.{number}") for number in range(1000)]
    assert moments == [window.moment(f"aki.{number}") for number in range(1000)]
    assert 100 <= min(moments) < 105 < 195 < max(moments) < 200
    assert 140 < sum(moments) / 1000 < 160


def test_early_renewal_waits_for_a_name_until_the_window_ends() -> None:
    """What is to be revoked does not wait for weeks; what is due as usual does."""
    early = advised(2, 4)
    assert decide("x", NAMES, early, ASKED, GONE, 3.9 * DAY).awaited_until == 4 * DAY
    assert decide("x", NAMES, early, ASKED, GONE, 4 * DAY).order == Order("x", ("a.test",), ASKED)
    assert decide("x", NAMES, advised(59, 61), ASKED, GONE, 62 * DAY).awaited_until == 80 * DAY


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
