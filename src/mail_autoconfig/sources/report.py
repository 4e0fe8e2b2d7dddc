"""What the last run did, and how each source stands: for people, for programs, for Prometheus."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..host import open_regular, replace_file
from ..prometheus import gauge

METRICS = "mail-autoconfig-sources.prom"
_FILE = "report.json"
REST = 14 * 60
"""Seconds that a run may take beside what it reads."""
_LATEST = 2**37  # seconds since 1970: some time after the year 6000
_SHOWN = 20  # names left out, for people


@dataclass(slots=True)
class State:
    """How a source stands; times are in seconds since 1970, 0 for never.

    `domains` and `logins` are what is believed, read at `read`; `problem` is why the try at `tried`
    changed nothing. `left_out` (names -> why) are those that are no domains, `refused` those with
    settings that the validator refuses, `twice` those that an earlier source has; of very many
    there are the first, and the number of all. `served` and `served_logins` are in the store,
    `in_inventory` are domains of the inventory, which wins.
    """

    tried: float = 0
    read: float = 0
    problem: str = ""
    domains: int = 0
    logins: int = 0
    lines: list[str] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    left_out_count: int = 0
    served: int = 0
    served_logins: int = 0
    in_inventory: int = 0
    refused: dict[str, str] = field(default_factory=dict)
    refused_count: int = 0
    twice: dict[str, str] = field(default_factory=dict)
    twice_count: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """A line; whether all is well, and whether it is from before, since it is just read anew."""

    text: str
    is_good: bool = False
    is_old: bool = False

    @property
    def key(self) -> str:
        """What it is known by: the time of a reading is no news."""
        return (self.is_good and self.text.rpartition(", read ")[0]) or self.text


@dataclass(slots=True)
class Report:
    """`inputs` is what the store was made of; `problems` are of the run as a whole.

    The next one should come `pause` seconds after `time`, when this one was made, at the latest.
    """

    time: float = 0
    inputs: str = ""
    problems: list[str] = field(default_factory=list)
    sources: dict[str, State] = field(default_factory=dict)
    pause: float = 0

    def lines(self, before: Report, waiting: Collection[str] = ()) -> Iterator[Line]:
        """What is to be said: how sources are, problems, and what was not so before.

        Those that are `waiting` are still being read.
        """
        for name, state in self.sources.items():
            is_old = name in waiting
            if state.problem:
                yield Line(f"{name}: {state.problem}{_what_stays(state)}", is_old=is_old)
            else:
                yield Line(summary(name, state), is_good=True, is_old=is_old)
            for note in _notes(state, before.sources.get(name, State())):
                yield Line(f"{name}: {note}")
        for problem in self.problems:
            yield Line(problem, is_old=bool(waiting) and problem in before.problems)

    def late(self, now: float) -> str:
        """That the next run is late by more than the longest one takes; empty if it is not."""
        if not self.time or now < self.time + self.pause + REST:
            return ""
        return f"no run since {date(self.time)}; systemctl status mail-autoconfig-sources.timer"


def current(directory: Path, now: float) -> Report:
    """The last report, and among its problems that no run has come since."""
    last = load(directory)
    last.problems += filter(None, [last.late(now)])
    return last


def load(directory: Path) -> Report:
    """The last report; an empty one where there is none that can be read.

    The account that reads the sources writes it, and root reads it too: nothing is taken for what
    it should be.
    """
    try:
        with open_regular(directory / _FILE) as file:
            raw = json.load(file)
        sources = {name: State(**each) for name, each in raw.pop("sources").items()}
        found = Report(**raw, sources=sources)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return Report()
    states = all(_is_sound(each, State()) for each in sources.values())
    return found if states and _is_sound(found, Report()) else Report()


def _is_sound(found: Any, like: Any) -> bool:
    """Whether all fields have values of their kinds, and times are times."""
    if isinstance(like, Report | State):
        names = (each.name for each in fields(like))
        return all(_is_sound(getattr(found, name), getattr(like, name)) for name in names)
    if isinstance(like, int | float):
        return isinstance(found, int | float) and 0 <= found < _LATEST
    if not isinstance(found, type(like)):
        return False
    if isinstance(found, list):
        return all(isinstance(each, str) for each in found)
    return not isinstance(found, dict) or all(
        isinstance(each, str | State) for each in found.values()
    )


def save(report: Report, directory: Path, metrics_in: Path | None, begun: float) -> None:
    """Write the report, and the metrics if their directory exists. Raises OSError.

    Its file is as old as the run, which knows nothing of what was written since it has `begun`.
    """
    content = json.dumps(asdict(report), indent=1, ensure_ascii=False)
    replace_file(directory / _FILE, f"{content}\n", mode=0o644)
    os.utime(directory / _FILE, (begun, begun))
    if metrics_in and metrics_in.is_dir():
        replace_file(metrics_in / METRICS, "".join(f"{line}\n" for line in metrics(report)))


def summary(name: str, state: State) -> str:
    """A source in one line."""
    logins = f", {state.logins} log-in names" if state.logins else ""
    when = f"read {date(state.read)}" if state.read else "never read"
    return f"{name}: {state.domains} domains{logins}, {when}"


def details(state: State) -> Iterator[str]:
    """What is wrong with a source, in lines."""
    if state.problem:
        yield f"{state.problem}{_what_stays(state)}"
    yield from _notes(state, State())


def date(seconds: float) -> str:
    """A time for people."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _what_stays(state: State) -> str:
    if not state.read:
        return "; nothing was read from it yet"
    return f"; what it gave at {date(state.read)} stays: {state.domains} domains"


def _notes(state: State, last: State) -> Iterator[str]:
    """What is left out, as far as it was not so before."""
    if state.lines != last.lines:
        yield from state.lines
    for names, count, known in (
        (state.left_out, state.left_out_count, last.left_out),
        (state.refused, state.refused_count, last.refused),
        (state.twice, state.twice_count, last.twice),
    ):
        if names != known:
            yield from _left_out(names, count)


def _left_out(names: Mapping[str, str], count: int) -> Iterator[str]:
    for name, why in list(names.items())[:_SHOWN]:
        yield f"left out: {name}: {why}"
    if count > _SHOWN:
        yield f"left out: {count - min(_SHOWN, len(names))} more; mail-autoconfig sources status"


def metrics(report: Report) -> Iterator[str]:
    """The report for Prometheus."""
    yield from gauge(
        "mail_autoconfig_sources_last_run_timestamp_seconds",
        "When the last report was made.",
        [({}, report.time)],
    )
    for name, text, value in (
        ("domains", "Domains that a source gave last and was believed.", "domains"),
        ("logins", "Log-in names of the same.", "logins"),
        ("served_domains", "Domains of a source that are in the store.", "served"),
        ("last_read_timestamp_seconds", "When a source was last read and believed.", "read"),
    ):
        yield from gauge(
            f"mail_autoconfig_source_{name}",
            text,
            [({"source": source}, getattr(each, value)) for source, each in report.sources.items()],
        )
    yield from gauge(
        "mail_autoconfig_source_left_out",
        "Domains that a source gave and that are not in the store, since something is wrong.",
        [
            ({"source": source}, each.left_out_count + each.refused_count)
            for source, each in report.sources.items()
        ],
    )
    yield from gauge(
        "mail_autoconfig_source_problem",
        "Whether a source could not be read or was not believed.",
        [({"source": source}, bool(each.problem)) for source, each in report.sources.items()],
    )
