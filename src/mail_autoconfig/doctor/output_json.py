"""The reports as JSON; docs/doctor.md has the form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from .. import __version__
from .changes import Changes
from .data import Exchange, Outcome, Report

VERSION = 1
"""Of the form: another number where a key is gone or means something else."""


def document(
    reports: Sequence[Report], now: datetime, changes: Changes | None = None
) -> dict[str, Any]:
    """What `--json` prints, at the time `now`."""
    found: dict[str, Any] = {
        "version": VERSION,
        "program": __version__,
        "time": now.isoformat(timespec="seconds"),
        "domains": [_report(report) for report in reports],
    }
    if changes:
        found["changes"] = {
            "since": changes.time,
            **{
                word: [dict(zip(("domain", "code", "subject"), key, strict=True)) for key in keys]
                for word, keys in (("new", changes.new), ("gone", changes.gone))
            },
        }
    return found


def _report(report: Report) -> dict[str, Any]:
    return {
        "domain": report.domain,
        "address": report.address,
        "severity": report.severity,
        "seconds": round(report.seconds, 3),
        "findings": [asdict(finding) for finding in report.findings],
        "certificates": {subject: end.isoformat() for subject, end in report.certificates.items()},
        "proposals": [asdict(proposal) for proposal in report.proposals],
        "clients": [_outcome(outcome) for outcome in report.outcomes],
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {
        "client": outcome.client,
        "title": outcome.title,
        "verdict": outcome.verdict,
        "why": outcome.why,
        "remedy": outcome.remedy,
        "source": outcome.source,
        "settings": [asdict(setting) for setting in outcome.settings],
        "requests": [_exchange(exchange) for exchange in outcome.exchanges],
        "lookups": [asdict(lookup) for lookup in outcome.lookups],
    }


def _exchange(exchange: Exchange) -> dict[str, Any]:
    return {
        "method": exchange.request.method,
        "url": exchange.request.url,
        "address": exchange.address,
        "status": exchange.status,
        "content_type": exchange.content_type,
        "location": exchange.location,
        "size": exchange.size,
        "seconds": round(exchange.seconds, 3),
        "error": asdict(exchange.error) if exchange.error else None,
    }
