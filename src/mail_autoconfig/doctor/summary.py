"""What many reports come to: the next thing to do, and the causes that domains share."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .data import Finding, Report, Severity
from .order import in_order

_ORDER: dict[Severity, int] = {"error": 0, "warning": 1, "note": 2, "accepted": 3, "ok": 4}

_UNSEEN = "Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"  # controls, of direction too (U+202E)


@dataclass(frozen=True, slots=True)
class Cause:
    """One fault, with the domains that have it; `example` is the first finding of it."""

    code: str
    severity: Severity
    domains: tuple[str, ...]
    example: Finding


def faults(report: Report) -> tuple[Finding, ...]:
    """The findings that are none of "ok", in the order in which to mend them."""
    return in_order(finding for finding in report.findings if finding.severity != "ok")


def first(report: Report) -> Finding | None:
    """The one thing to do first; None if there is nothing to do."""
    found = (each for each in faults(report) if each.severity in ("error", "warning"))
    return next(found, None)


def causes(reports: Iterable[Report]) -> tuple[Cause, ...]:
    """Errors first, then what most domains have."""
    found: dict[tuple[str, Severity], list[tuple[str, Finding]]] = {}
    for report in reports:
        for finding in faults(report):
            if finding.severity not in ("error", "warning"):
                continue
            found.setdefault((finding.code, finding.severity), []).append((report.domain, finding))
    listed = (
        Cause(code, severity, tuple(dict.fromkeys(domain for domain, _finding in each)), each[0][1])
        for (code, severity), each in found.items()
    )
    return tuple(sorted(listed, key=lambda cause: (_ORDER[cause.severity], -len(cause.domains))))


def plain(text: str) -> str:
    """Text without what moves a terminal's cursor or turns its writing: strangers wrote parts."""
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if unicodedata.category(each) in _UNSEEN else each
        for each in text
    )


def wrapped(text: str, width: int, indent: str) -> list[str]:
    """A text in lines of a width; what has no space, such as a URL, stays whole."""
    return textwrap.wrap(
        plain(text),
        max(width, 40),
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def counted(number: int, noun: str) -> str:
    """A number with its noun: "1 error", "2 errors"."""
    return f"{number} {noun}{'s' * (number != 1)}"


def listed(words: Sequence[str]) -> str:
    """Words in a sentence: "a", "a and b", "a, b and c"."""
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last


def headline(report: Report) -> str:
    """What there is, in numbers."""
    found = [finding.severity for finding in report.findings]
    counts = {each: found.count(each) for each in ("error", "warning", "note", "accepted")}
    parts = [] if counts["error"] or counts["warning"] else ["all right"]
    parts += [counted(counts[each], each) for each in ("error", "warning", "note") if counts[each]]
    parts += [f"{counts['accepted']} accepted"] * bool(counts["accepted"])
    return ", ".join(parts)
