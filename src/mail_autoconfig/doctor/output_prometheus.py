"""The domains as metrics, in Prometheus's text format, for a file that its node exporter reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from ..prometheus import gauge, sample
from .summary import plain

_PREFIX = "mail_autoconfig_doctor"
_BY_DOMAIN = {
    "findings": "Findings about a domain, by severity.",
    "faults": "Findings about a domain, by code and subject; docs/doctor.md lists the codes.",
    "client_success": (
        "Whether a client finds a domain's settings (1), even after a question, or not (0)."
    ),
    "certificate_end_timestamp_seconds": "When the valid certificate of a server expires.",
}

Entry = Mapping[str, Any]
"""A domain, as in the JSON."""


class Metrics:
    """Takes one domain after the other, and keeps of each its lines alone."""

    def __init__(self) -> None:
        self._domains: dict[str, tuple[tuple[int, int], list[tuple[str, str]]]] = {}
        self._examined = 0
        self._oldest = ""

    def take(self, entry: Entry, *, examined: bool = True) -> None:
        """A domain that was `examined` in this run, or in one before."""
        self._examined += examined
        self._oldest = min(self._oldest or entry["time"], entry["time"])
        # Of a domain's addresses the worst: the exporter refuses a sample that is there twice.
        badness = _count(entry, "error"), _count(entry, "warning")
        kept = self._domains.get(entry["domain"])
        if kept is None or badness > kept[0]:
            self._domains[entry["domain"]] = badness, list(_lines(entry))

    def lines(self, now: float, asked: int) -> Iterator[str]:
        """The lines of the file; `now` is in seconds since 1970, `asked` how many there are."""
        for name, what in _BY_DOMAIN.items():
            listed = (lines for _badness, lines in self._domains.values())
            found = [line for lines in listed for kind, line in lines if kind == name]
            if found:
                yield from gauge(f"{_PREFIX}_{name}", what, ())
                yield from found
        counts = {"examined": self._examined, "waiting": asked - self._examined}
        yield from gauge(
            f"{_PREFIX}_domains",
            "Domains that the last run examined, and those that wait for the next one.",
            (({"state": state}, count) for state, count in counts.items()),
        )
        if self._oldest:
            yield from gauge(
                f"{_PREFIX}_oldest_examination_timestamp_seconds",
                "When the domain was examined whose last examination is the longest ago.",
                [({}, datetime.fromisoformat(self._oldest).timestamp())],
            )
        yield from gauge(
            f"{_PREFIX}_last_run_timestamp_seconds", "When the doctor last ran.", [({}, int(now))]
        )


def _lines(entry: Entry) -> Iterator[tuple[str, str]]:
    """What there is to say of a domain: the name of a metric, and a sample."""

    def line(name: str, value: float, **labels: str) -> tuple[str, str]:
        return name, sample(f"{_PREFIX}_{name}", {"domain": entry["domain"], **labels}, value)

    for severity in "error", "warning":
        yield line("findings", _count(entry, severity), severity=severity)
    found = Counter(
        (each["code"], each["severity"], each["subject"])
        for each in entry["findings"]
        if each["severity"] != "ok"
    )
    for (code, severity, subject), count in sorted(found.items()):
        yield line("faults", count, code=code, severity=severity, subject=plain(subject))
    for each in entry["clients"]:
        if each.get("gravity") != "ok" or each["verdict"] != "fails":
            yield line("client_success", each["verdict"] != "fails", client=each["client"])
    for subject, end in sorted(entry["certificates"].items()):
        seconds = datetime.fromisoformat(end).timestamp()
        yield line("certificate_end_timestamp_seconds", seconds, subject=subject)


def _count(entry: Entry, severity: str) -> int:
    return sum(finding["severity"] == severity for finding in entry["findings"])
