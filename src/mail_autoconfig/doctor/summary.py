"""What many reports come to: the next thing to do, and the causes that domains share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..inventory.addresses import FORBIDDEN
from .data import Finding, Report, Severity

_ORDER: dict[Severity, int] = {"error": 0, "warning": 1, "ok": 2}


@dataclass(frozen=True, slots=True)
class Cause:
    """One fault, with the domains that have it; `example` is the first finding of it."""

    code: str
    severity: Severity
    domains: tuple[str, ...]
    example: Finding


def faults(report: Report) -> tuple[Finding, ...]:
    """The findings that are none of "ok", errors first, else in the order of the checks."""
    found = (finding for finding in report.findings if finding.severity != "ok")
    return tuple(sorted(found, key=lambda finding: _ORDER[finding.severity]))


def first(report: Report) -> Finding | None:
    """The one thing to do first; None if there is nothing to do."""
    return next(iter(faults(report)), None)


def causes(reports: Iterable[Report]) -> tuple[Cause, ...]:
    """Errors first, then what most domains have."""
    found: dict[tuple[str, Severity], list[tuple[str, Finding]]] = {}
    for report in reports:
        for finding in faults(report):
            found.setdefault((finding.code, finding.severity), []).append((report.domain, finding))
    listed = (
        Cause(code, severity, tuple(dict.fromkeys(domain for domain, _finding in each)), each[0][1])
        for (code, severity), each in found.items()
    )
    return tuple(sorted(listed, key=lambda cause: (_ORDER[cause.severity], -len(cause.domains))))


def plain(text: str) -> str:
    """Text without what moves a terminal's cursor: servers of strangers wrote parts of it."""
    return FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)


def counted(number: int, noun: str) -> str:
    """A number with its noun: "1 error", "2 errors"."""
    return f"{number} {noun}{'s' * (number != 1)}"


def headline(report: Report) -> str:
    """What there is, in numbers."""
    found = [finding.severity for finding in report.findings]
    errors, warnings = found.count("error"), found.count("warning")
    parts = [counted(errors, "error")] * bool(errors)
    parts += [counted(warnings, "warning")] * bool(warnings)
    return ", ".join(parts) or "all right"
