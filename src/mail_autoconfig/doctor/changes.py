"""What changed since an earlier run, from the JSON that it printed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from .data import Report

_WEIGHS = "error", "warning"
Key = tuple[str, str, str]
"""Of a finding: domain, code, subject."""


class FormerError(Exception):
    """The file has no report; the text says so in one line."""


@dataclass(frozen=True, slots=True)
class Changes:
    """The findings that are new and those that are gone; `time` is of the earlier run."""

    time: str
    new: tuple[Key, ...]
    gone: tuple[Key, ...]

    def lines(self) -> Iterator[str]:
        """For people, one line each."""
        if not self.new and not self.gone:
            yield f"since {self.time}: nothing changed"
        for word, keys in (("new", self.new), ("gone", self.gone)):
            for domain, code, subject in keys:
                yield f"{word} since {self.time}: {domain}: {code} at {subject}"


def changes(path: Path, reports: Sequence[Report]) -> Changes | None:
    """What changed at the domains of both runs; None where there was no earlier one.

    Raises FormerError.
    """
    if not path.exists():
        return None
    try:
        former = json.loads(path.read_text("utf-8"))
        time = str(former.get("time", "the last run"))
        before = {
            (each["domain"], found["code"], found["subject"])
            for each in former["domains"]
            for found in each["findings"]
            if found["severity"] in _WEIGHS
        }
        domains = {each["domain"] for each in former["domains"]}
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise FormerError(f"{path}: no JSON of the doctor: {type(error).__name__}") from None
    now = [
        (each.domain, found.code, found.subject)
        for each in reports
        for found in each.findings
        if found.severity in _WEIGHS
    ]
    here = {each.domain for each in reports}
    new = tuple(dict.fromkeys(key for key in now if key not in before and key[0] in domains))
    gone = tuple(sorted(key for key in before - set(now) if key[0] in here))
    return Changes(time, new, gone)
