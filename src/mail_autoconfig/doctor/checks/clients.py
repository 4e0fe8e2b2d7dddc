"""The clients that do not find the settings: the effects, after their causes."""

from __future__ import annotations

from ..case import Case
from ..data import Finding


async def check_clients(case: Case) -> list[Finding]:
    """A finding for each client that asks its user or fails, as bad as the client weighs."""
    return [
        Finding(
            code=f"client-{outcome.client}-{outcome.verdict}",
            severity=outcome.gravity if outcome.verdict == "fails" else "warning",
            subject=outcome.title,
            what=outcome.why,
            should="finds the settings without a question",
            remedy=outcome.remedy,
        )
        for outcome in case.outcomes
        if outcome.verdict != "found" and outcome.gravity != "ok"
    ]
