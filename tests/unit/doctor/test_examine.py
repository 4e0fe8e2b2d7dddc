from __future__ import annotations

import asyncio
from collections.abc import Iterable

import pytest

from mail_autoconfig.doctor import examine
from mail_autoconfig.doctor.case import Case
from mail_autoconfig.doctor.data import Finding, Outcome, Report

from .conftest import World


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One replay and one check that reads its outcome; the most of them at a time."""
    now: list[str] = []
    most = [0]

    async def replay(case: Case) -> Outcome:
        now.append(case.domain)
        most[0] = max(most[0], len(now))
        await asyncio.sleep(0.01)
        now.remove(case.domain)
        return Outcome("c", "C", "fails", "why")

    async def check(case: Case) -> Iterable[Finding]:
        return [Finding("x", "warning", case.domain, outcome.why) for outcome in case.outcomes]

    monkeypatch.setattr(examine, "REPLAYS", (replay,))
    monkeypatch.setattr(examine, "CHECKS", (check,))
    return most


def test_checks_know_the_outcomes(world: World, running: list[int]) -> None:
    report = asyncio.run(examine.examine(world.case()))
    assert [finding.what for finding in report.findings] == ["why"]
    assert report.severity == "warning"
    assert running == [1]


def test_all_in_order_with_a_limit(world: World, running: list[int]) -> None:
    cases = [world.case(f"u@d{number}.test") for number in range(6)]
    told: list[Report] = []
    reports = asyncio.run(examine.examine_all(cases, told.append, 2))
    assert [report.domain for report in reports] == [case.domain for case in cases]
    assert len(told) == 6
    assert running == [2]
