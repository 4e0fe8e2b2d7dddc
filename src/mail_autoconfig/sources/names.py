"""What the last run of `mail-autoconfig names` did: for people, for programs, for Prometheus.

It runs in a layer above; `sources status` says what it says.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..host import replace_file
from ..inventory.fields import printable
from ..prometheus import gauge

METRICS = "mail-autoconfig-names.prom"
_FILE = "report.json"
_SHOWN = 20  # names left out, for people
_NAMED = 1000  # of these in the report


@dataclass(slots=True)
class Names:
    """How the names of the sources' domains stand.

    `names` are in nginx, on `certificates`; `left_out` (name -> why) are not. `problem`: why what
    was there stays. `changed` says whether this run changed anything, or would.
    """

    time: float = 0
    changed: bool = False
    names: int = 0
    certificates: int = 0
    problem: str = ""
    left_out: dict[str, str] = field(default_factory=dict)
    left_out_count: int = 0

    def leave_out(self, names: dict[str, str]) -> None:
        """Say which names are left out."""
        self.left_out_count = len(names)
        self.left_out = dict(list(names.items())[:_NAMED])

    def lines(self) -> Iterator[str]:
        """All of it for people, the problem apart."""
        count = self.certificates
        on = f", {count} certificate{'s' * (count != 1)} for them" if count else ""
        yield f"{self.names} names in nginx{on}"
        for name, why in list(self.left_out.items())[:_SHOWN]:
            # Whatever the store has as a name gets into no terminal.
            yield f"left out: {printable(name)[:253]}: {why}"
        if (more := self.left_out_count - _SHOWN) > 0:
            yield f"left out: {more} more names"

    def details(self) -> Iterator[str]:
        """All of it, the problem first."""
        if self.problem:
            yield f"names: {self.problem}"
        yield from (f"names: {line}" for line in self.lines())

    def to_json(self) -> dict[str, Any]:
        """All of it for programs; `lines` are those for people."""
        return asdict(self) | {"lines": [*self.lines()]}


def load(directory: Path) -> Names | None:
    """The last report; None where there is none that can be read."""
    try:
        return Names(**json.loads((directory / _FILE).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def save(report: Names, directory: Path, metrics_in: Path) -> None:
    """Write the report, and the metrics if their directory exists. Raises OSError."""
    replace_file(directory / _FILE, json.dumps(asdict(report), indent=1) + "\n")
    if metrics_in.is_dir():
        replace_file(metrics_in / METRICS, "".join(f"{line}\n" for line in metrics(report)))


def metrics(report: Names) -> Iterator[str]:
    """The report for Prometheus."""
    for name, text, value in (
        ("last_run_timestamp_seconds", "When the last run ended.", report.time),
        ("served", "Names of the sources' domains in nginx.", report.names),
        ("left_out", "Names that are not, since something is wrong.", report.left_out_count),
        ("problem", "Whether the names could not be put into nginx.", bool(report.problem)),
    ):
        yield from gauge(f"mail_autoconfig_names_{name}", text, [({}, value)])
