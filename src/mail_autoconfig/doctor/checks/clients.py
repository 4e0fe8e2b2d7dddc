"""The clients that do not find the settings: the effects, after their causes."""

from __future__ import annotations

from ..case import Case
from ..data import Finding, Outcome, Severity
from .asking import exists
from .names import AUTOCONFIG_ALONE


async def check_clients(case: Case) -> list[Finding]:
    """A finding for each client that asks its user or fails, as bad as the client weighs."""
    has_autoconfig = await exists(case, case.host("autoconfig"))
    has_autodiscover = await exists(case, case.host("autodiscover"))
    service = await case.look_up(case.record("_autodiscover._tcp"), "SRV")
    verdicts = {outcome.client: outcome.verdict for outcome in case.outcomes}

    def gravity(outcome: Outcome) -> Severity:
        if outcome.verdict == "asks":
            return "warning"
        if outcome.client == "srv":
            return "note"  # no client at hand needs these records
        if outcome.client in AUTOCONFIG_ALONE and not has_autoconfig:
            # `names` says what is missing, and whether it is meant so.
            if verdicts.get("outlook") == "log-in":
                return "note"
            if verdicts.get("outlook") in ("found", "asks"):
                return "warning"
        if outcome.client == "outlook" and not has_autodiscover and not service.values:
            return "warning" if verdicts.get("thunderbird") == "found" else outcome.gravity
        return outcome.gravity

    return [
        Finding(
            code=f"client-{outcome.client}-{outcome.verdict}",
            severity=gravity(outcome),
            subject=outcome.title,
            what=outcome.why,
            should="finds the settings without a question",
            remedy=outcome.remedy,
        )
        for outcome in case.outcomes
        if outcome.verdict in ("asks", "fails") and outcome.gravity != "ok"
    ]
