"""What a run says of each domain, as it comes: of very many, little stays in memory."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, BinaryIO, Self

from . import output_json
from .changes import Changes, Former, changes
from .data import Report, Severity
from .output_prometheus import Metrics
from .output_table import FEW
from .summary import faults

_WEIGHT: dict[Severity, int] = {"ok": 0, "warning": 1, "error": 2}


class _Document:
    """JSON in a temporary file, a domain a line."""

    def __init__(self, now: datetime) -> None:
        self.file: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115  # closed by Collected
        self.text = io.TextIOWrapper(self.file, "utf-8")
        self.text.write(output_json.head(now))
        self._between = "\n"

    def add(self, entry: Mapping[str, Any]) -> None:
        self.text.write(self._between + json.dumps(entry))
        self._between = ",\n"

    def end(self, changes: Changes | None) -> None:
        self.text.write(f"\n{output_json.tail(changes)}\n")
        self.text.seek(0)


class Collected:
    """Takes the reports of a run, and what an earlier one said of the domains that were not due.

    :attr:`reports` are those of this run, for people; where there are many, without all that is
    not shown then.
    """

    def __init__(
        self, addresses: Collection[str], *, document: bool = False, complete: bool = False
    ) -> None:
        """`addresses` are all that are to be examined.

        With `document` there will be one of all that was asked; `complete` keeps the reports whole.
        """
        self.reports: list[Report] = []
        self.document = _Document(datetime.now(UTC)) if document else None
        self.kept = _Document(datetime.now(UTC))
        self.metrics = Metrics()
        self.changes: Changes | None = None
        self._addresses = frozenset(addresses)
        self._complete = complete or len(addresses) <= FEW
        self._examined: set[str] = set()
        self._explained: set[tuple[str, Severity]] = set()
        self._worst = 0

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_exception: object) -> None:
        """Close the temporary files."""
        for each in filter(None, (self.document, self.kept)):
            each.text.close()

    @property
    def exit_code(self) -> int:
        """0, 1 for warnings, 2 for errors."""
        return self._worst

    @property
    def asked(self) -> int:
        """How many addresses there are."""
        return len(self._addresses)

    @property
    def waiting(self) -> int:
        """How many addresses a later run will examine."""
        return len(self._addresses) - len(self._examined)

    def take(self, report: Report) -> None:
        """A report of this run."""
        entry = output_json.entry(report, datetime.now(UTC))
        self._examined.add(report.address)
        if self.document:
            self.document.add(entry)
        self._add(entry, examined=True)
        self.reports.append(report if self._complete else self._shortened(report))

    def end(self, former: Former | None, *, carry: bool) -> None:
        """No more comes; `carry` what an earlier run said of the addresses that wait."""
        if former and carry:
            left = self._addresses - self._examined
            for entry in former.entries():
                if entry["address"] in left:
                    self._add(entry, examined=False)
        self.changes = changes(former, self.reports) if former else None
        for each in filter(None, (self.document, self.kept)):
            each.end(self.changes)

    def _add(self, entry: Mapping[str, Any], *, examined: bool) -> None:
        self.kept.add(output_json.to_keep(entry))
        self.metrics.take(entry, examined=examined)
        self._worst = max(self._worst, _WEIGHT.get(entry["severity"], 0))

    def _shortened(self, report: Report) -> Report:
        """Only what the summary of many domains shows: a fault is explained once."""
        found = []
        for each in faults(report):
            key = each.code, each.severity
            known = key in self._explained
            self._explained.add(key)
            found.append(replace(each, what="", should="", remedy="", paste="") if known else each)
        return replace(report, outcomes=(), findings=tuple(found), certificates={}, proposals=())
