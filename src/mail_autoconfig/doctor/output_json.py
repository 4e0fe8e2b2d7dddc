"""The reports as JSON; docs/doctor.md has the form."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from .. import __version__
from .changes import Changes
from .data import Exchange, Outcome, Report

VERSION = 1
"""Of the form: another number where a key is gone or means something else."""


def head(now: datetime) -> str:
    """The first line of a document of the time `now`; after it come the domains, one a line."""
    found = {"version": VERSION, "program": __version__, "time": _time(now)}
    return f'{json.dumps(found)[:-1]}, "domains": ['


def tail(changes: Changes | None = None) -> str:
    """The last line."""
    if not changes:
        return "]}"
    found = {
        "since": changes.time,
        **{
            word: [dict(zip(("domain", "code", "subject"), key, strict=True)) for key in keys]
            for word, keys in (("new", changes.new), ("gone", changes.gone))
        },
    }
    return f'], "changes": {json.dumps(found)}}}'


def entry(report: Report, now: datetime) -> dict[str, Any]:
    """One domain, examined at the time `now`."""
    return {
        "domain": report.domain,
        "address": report.address,
        "time": _time(now),
        "severity": report.severity,
        "seconds": round(report.seconds, 3),
        "findings": [asdict(finding) for finding in report.findings],
        "certificates": {subject: end.isoformat() for subject, end in report.certificates.items()},
        "proposals": [asdict(proposal) for proposal in report.proposals],
        "clients": [_outcome(outcome) for outcome in report.outcomes],
    }


def to_keep(entry: Mapping[str, Any]) -> dict[str, Any]:
    """A domain without what is long, and of no use to a later run."""
    without: dict[str, list[str]] = {"settings": [], "requests": [], "lookups": []}
    clients = [client | without for client in entry["clients"]]
    untold = {"should": "", "remedy": "", "paste": ""}
    findings = [each | untold for each in entry["findings"] if each["severity"] != "ok"]
    return {**entry, "findings": findings, "proposals": [], "clients": clients}


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {
        "client": outcome.client,
        "title": outcome.title,
        "verdict": outcome.verdict,
        "gravity": outcome.gravity,
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
