"""What changed since an earlier run, from the JSON that it printed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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


class Former:
    """An earlier run, read domain by domain: there may be very many."""

    def __init__(self, path: Path) -> None:
        """Read a file that `--keep` or `--json` wrote. Raises FormerError."""
        self._path = path
        self.time = ""
        self.weighing: set[Key] = set()
        self.domains: set[str] = set()
        self.examined: dict[str, str] = {}
        """Address -> when it was examined, in a form that sorts."""
        try:
            for each in self.entries():
                self.domains.add(each["domain"])
                self.examined[each["address"]] = each["time"]
                self.weighing.update(
                    (each["domain"], found["code"], found["subject"])
                    for found in each["findings"]
                    if found["severity"] in _WEIGHS
                )
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise FormerError(f"{path}: no JSON of the doctor: {type(error).__name__}") from None

    def entries(self) -> Iterator[dict[str, Any]]:
        """The domains, as they are in the file."""
        with self._path.open(encoding="utf-8") as file:
            first = file.readline()
            if not first.rstrip().endswith('"domains": ['):  # an earlier version's, as a whole
                document = json.loads(first + file.read())
                self.time = str(document.get("time", "the last run"))
                for each in document["domains"]:
                    yield {"time": self.time, **each}
                return
            self.time = json.loads(f"{first}]}}")["time"]
            for line in file:
                if line.startswith("]"):
                    return
                yield json.loads(line.rstrip().rstrip(","))
        raise ValueError("without an end")


def changes(former: Former, reports: Sequence[Report]) -> Changes:
    """What changed at the domains of both runs."""
    before = former.weighing
    now = [
        (each.domain, found.code, found.subject)
        for each in reports
        for found in each.findings
        if found.severity in _WEIGHS
    ]
    here = {each.domain for each in reports}
    new = tuple(dict.fromkeys(key for key in now if key not in before and key[0] in former.domains))
    gone = tuple(sorted(key for key in before - set(now) if key[0] in here))
    return Changes(former.time, new, gone)
