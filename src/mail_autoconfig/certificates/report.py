"""What a run did: for people, for Ansible, for Prometheus."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..host import replace_file
from ..prometheus import gauge
from .orders import Decision, Lineage, Order

_SHOWN = 20  # names of one cause, for people
METRICS = "mail-autoconfig-certificates.prom"
"""The doctor's monitor has a file of its own beside it."""


@dataclass(slots=True)
class Report:
    """What a run did, or would do.

    Name -> why: `left_out` are on no certificate; `awaited` are on one, whose renewal waits for
    them. `before` and `after`: the names on each certificate that changes.
    """

    changed: bool = False
    orders: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    awaited: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    before: dict[str, list[str]] = field(default_factory=dict)
    after: dict[str, list[str]] = field(default_factory=dict)

    def add_order(self, order: Order, verb: str, lineage: Lineage | None) -> None:
        """Say that a certificate was or would be ordered, in the place of `lineage`."""
        count = len(order.names)
        names = f"{count} name{'s' * (count != 1)}"
        self.orders.append(f"{order.certificate}: {verb}, {names}; {order.reason}")
        if lineage:
            self.before[order.certificate] = sorted(lineage.names)
        self.after[order.certificate] = sorted(order.names)
        self.changed = True

    def add_wait(self, order: Order, until: float, limit: str) -> None:
        """Say that an order waits for a limit of the authority."""
        line = f"{order.certificate}: waits until {_date(until)}; {order.reason}; limit: {limit}"
        self.waiting.append(line)

    def add_decision(self, certificate: str, names: Sequence[str], decision: Decision) -> None:
        """Say which of a certificate's names are left out or awaited."""
        for name in names:
            self.awaited.pop(name, None)
        self.left_out.update(decision.left_out)
        until = _date(decision.awaited_until)
        for name, why in decision.awaited.items():
            self.awaited[name] = f"{why}; {certificate} is renewed without it from {until}"

    def add_deletion(self, certificate: str, verb: str, lineage: Lineage) -> None:
        """Say that a certificate was or would be deleted."""
        self.orders.append(f"{certificate}: {verb}; no domain has it")
        self.before[certificate] = sorted(lineage.names)
        self.changed = True

    def after_another(self, earlier: Report) -> Report:
        """This one, with what an earlier report says was done."""
        return replace(
            self,
            changed=self.changed or earlier.changed,
            orders=earlier.orders + self.orders,
            before=self.before | earlier.before,
            after=earlier.after | self.after,
        )

    def lines(self) -> list[str]:
        """All of it for people, without the problems."""
        return [
            *self.orders,
            *self.waiting,
            *self._left_out(),
            *(f"waits for {name}: {why}" for name, why in self.awaited.items()),
        ]

    def _left_out(self) -> Iterator[str]:
        """A line a name; of very many with one cause, their number."""
        counts: Counter[str] = Counter()
        for name, why in self.left_out.items():
            counts[why] += 1
            if counts[why] <= _SHOWN:
                yield f"left out: {name}: {why}"
        for why, count in counts.items():
            if count > _SHOWN:
                yield f"left out: {count - _SHOWN} more names, in the report: {why}"

    def to_json(self) -> dict[str, Any]:
        """All of it for programs; `lines` are those for people."""
        return asdict(self) | {"lines": self.lines()}


def _date(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


def write(
    report: Report, ends: Mapping[str, float], now: float, state: Path, metrics_in: Path | None
) -> None:
    """Write the report to the directory `state`, and the metrics if their directory exists.

    `ends` says when each certificate expires.
    """
    content = report.to_json() | {"time": now, "ends": ends}
    replace_file(state / "report.json", json.dumps(content, indent=1) + "\n")
    if metrics_in and metrics_in.is_dir():
        replace_file(metrics_in / METRICS, metrics(report, ends, now))


def metrics(report: Report, ends: Mapping[str, float], now: float) -> str:
    """The report for Prometheus."""
    return "".join(f"{line}\n" for line in _families(report, ends, now))


def _families(report: Report, ends: Mapping[str, float], now: float) -> Iterator[str]:
    for name, text, value in (
        ("last_run_timestamp_seconds", "When the last run ended.", now),
        ("problems", "Orders that failed, and what is not in force.", len(report.problems)),
        ("names_left_out", "Names on no certificate, since they fail.", len(report.left_out)),
        ("names_awaited", "Failing names for which a renewal waits.", len(report.awaited)),
        ("orders_waiting", "Orders that wait for a later run.", len(report.waiting)),
    ):
        yield from gauge(f"mail_autoconfig_certificates_{name}", text, [({}, value)])
    yield from gauge(
        "mail_autoconfig_certificate_expiry_timestamp_seconds",
        "When a certificate expires.",
        [({"name": name}, end) for name, end in ends.items()],
    )
