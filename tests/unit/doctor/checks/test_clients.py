from __future__ import annotations

import asyncio

from mail_autoconfig.doctor.checks.clients import check_clients
from mail_autoconfig.doctor.data import Finding, Outcome, Severity, Verdict

from ..conftest import World


def outcome(verdict: Verdict, gravity: Severity) -> Outcome:
    return Outcome("c", "C", verdict, "why", "remedy", gravity=gravity)


def test_clients(world: World) -> None:
    case = world.case()
    case.outcomes = (
        outcome("found", "error"),
        outcome("asks", "error"),
        outcome("fails", "error"),
        outcome("fails", "warning"),
        outcome("fails", "ok"),
        outcome("asks", "ok"),
    )
    found = asyncio.run(check_clients(case))
    assert [(each.code, each.severity) for each in found] == [
        ("client-c-asks", "warning"),
        ("client-c-fails", "error"),
        ("client-c-fails", "warning"),
    ]
    should = "finds the settings without a question"
    assert found[1] == Finding("client-c-fails", "error", "C", "why", should, "remedy")
