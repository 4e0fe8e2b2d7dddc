"""One run: read what is due, believe it or not, and write the store if anything changed.

A run has steps, so that a source that takes its time keeps no other one waiting.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from .. import __version__
from ..host import locked
from ..store.entry import Entry
from ..store.file import is_readable
from ..store.write import write
from . import inventory as inventory_file
from . import report as reports
from . import settings, snapshot
from .inventory import Inventory
from .merge import Merged, merge, summary
from .reading import Readers, Reading
from .report import Report, State
from .rows import Secret
from .settings import Source

_NO_DOMAIN = (
    "it has no domain; if that is not right, look at its query and at what its user may see"
)
_SLACK = 5  # seconds by which a timer may be late
_TOGETHER = 0.5  # seconds in which most sources are read: the store is written once for them


class HeldError(Exception):
    """The validator refuses what it took before; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Paths:
    """The files of a run, and the directories of its state and of the metrics."""

    settings: Path
    configuration: Path
    secrets: Path
    store: Path
    state: Path
    metrics: Path | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """The report before a step and its own, and which sources are still being read."""

    before: Report
    found: Report
    waiting: Collection[str]

    @property
    def old(self) -> Collection[str]:
        """Those of its report's lines that say what was wrong before, where that is read anew."""
        states = self.found.sources
        return {reports.problem(name, states[name]) for name in self.waiting}


def pause(sources: Sequence[Source]) -> float:
    """Seconds between two runs: one sooner than asked for, as the timer of a host."""
    return min((each.every for each in sources), default=60) - 1


def update(
    paths: Paths,
    secrets: Mapping[str, Secret],
    accepted: Collection[str],
    clock: Callable[[], float],
) -> Iterator[Step]:
    """Do one run, and yield each step of it, whose report is saved.

    While a source is being read, the others are read again as often as each wants, for so long as
    the slowest may take. Raises ConfigurationError for settings or an inventory that are wrong,
    OSError.
    """
    sources = settings.load(paths.settings)
    inventory = inventory_file.load(paths.configuration)
    with locked(paths.state), closing(Readers(secrets, paths.state)) as readers:
        run = _Run(paths, sources, inventory, accepted, clock, readers, reports.load(paths.state))
        run.begin()
        next_round = time.monotonic() + pause(sources)
        end = time.monotonic() + run.longest
        while True:
            readers.wait(_TOGETHER, for_all=True)
            yield run.step()
            if not readers.running:
                return
            readers.wait(next_round - time.monotonic())
            if time.monotonic() >= next_round:
                run.begin()
                next_round += pause(sources)
                if next_round > end:
                    next_round = math.inf


@dataclass
class _Run:
    """What is the same in all steps of a run, the report of the last one, and who was read."""

    paths: Paths
    sources: Sequence[Source]
    inventory: Inventory
    accepted: Collection[str]
    clock: Callable[[], float]
    readers: Readers
    last: Report
    ended: set[str] = field(default_factory=set)

    @property
    def longest(self) -> int:
        """Seconds that the slowest source may take."""
        return max((each.timeout for each in self.sources), default=0)

    def begin(self) -> None:
        """Begin to read what is due."""
        now, news = self.clock(), _written(self.paths)
        at_once = frozenset(self.accepted) - self.ended
        self.readers.begin(
            [
                each
                for each in self.sources
                if each.name not in self.readers.running
                and _is_due(each, self.sources, self.last, now, at_once, news)
            ]
        )

    def step(self) -> Step:
        """Judge what was read, and write the store if that changes it."""
        now, before, readings = self.clock(), self.last, self.readers.ended()
        self.ended.update(readings)
        accepted = self.ended.intersection(self.accepted)
        found = Report(
            pause=min((each.every for each in self.sources), default=0) + self.longest,
            inputs=before.inputs,
        )
        for source in self.sources:
            last = before.sources.get(source.name, State())
            reading = readings.get(source.name)
            found.sources[source.name] = (
                _judged(source, last, reading, self.paths.state, now, accepted) if reading else last
            )
        if lost := _lost(self.paths, found, accepted):
            if not self.readers.running:
                found.problems.append(f"{lost}; the store stays as it was")
        else:
            snapshot.forget_others(self.paths.state, frozenset(found.sources))
            _write(self.paths, self.sources, self.inventory, before, found, accepted)
        found.time = self.clock()
        reports.save(found, self.paths.state, self.paths.metrics)
        self.last = found
        return Step(before, found, frozenset(self.readers.running))


def _is_due(
    source: Source,
    sources: Sequence[Source],
    last_run: Report,
    now: float,
    accepted: Collection[str],
    news: float,
) -> bool:
    """Whether a source has to be read now, since the timer's next run would be too late for it.

    One that was never read is tried at each run: nothing of it is answered so far. After `news`
    its query may be another one, or its password right.
    """
    last = last_run.sources.get(source.name, State())
    pause = min(each.every for each in sources)
    if source.name in accepted or source.every == pause or not last.read or last.tried < news:
        return True
    elapsed = now - last.tried
    return elapsed < 0 or elapsed + pause > source.every + _SLACK


def _written(paths: Paths) -> float:
    """When the settings or the secrets were written last."""
    files = filter(Path.exists, (paths.settings, paths.secrets))
    return max((each.stat().st_mtime for each in files), default=0)


def _judged(
    source: Source,
    last: State,
    reading: Reading,
    state: Path,
    now: float,
    accepted: Collection[str],
) -> State:
    """How a source stands after a reading; what is believed is put in place."""
    problem = f"not read: {reading.problem}" if reading.problem else ""
    if not problem and source.name not in accepted:
        problem = _doubt(source, last, reading, state)
    if problem:
        snapshot.forget(state, source.name)
        return replace(last, tried=now, problem=problem)
    snapshot.believe(state, source.name)
    empty = not reading.domains and not reading.left_out_count and source.name not in accepted
    return replace(
        last,
        tried=now,
        read=now,
        problem="",
        domains=reading.domains,
        logins=reading.logins,
        lines=[*reading.lines, *[_NO_DOMAIN] * empty],
        left_out=dict(reading.left_out),
        left_out_count=reading.left_out_count,
    )


def _doubt(source: Source, last: State, reading: Reading, state: Path) -> str:
    had, gone = snapshot.lost(state, source.name)
    found = snapshot.doubt(source, "domains", max(had, last.domains), reading.domains, gone)
    if source.logins and not found:
        found = snapshot.doubt(source, "log-in names", last.logins, reading.logins)
    return f"{found}: not believed; if that is right: {_command(source)}" if found else ""


def _command(source: Source) -> str:
    return f"mail-autoconfig sources update --accept {source.name}"


def _lost(paths: Paths, found: Report, accepted: Collection[str]) -> str:
    """Which domains a new store would lack since nobody could read them; empty if none."""
    if not paths.store.exists():
        return ""
    old = snapshot.others(paths.state, frozenset(found.sources))
    for name, state in found.sources.items():
        if name in accepted:
            continue
        if state.read and not snapshot.path_of(paths.state, name).exists():
            return f"{name}: the file with what it gave last is gone"
        if old and not state.read:  # as one with a new name
            return (
                f"{name} was never read, and {', '.join(old)} is no source any more; if that is "
                f"right: mail-autoconfig sources update --accept {name}"
            )
    return ""


def _write(
    paths: Paths,
    sources: Sequence[Source],
    inventory: Inventory,
    before: Report,
    found: Report,
    accepted: Collection[str],
) -> None:
    """Write the store, if what it is made of is not what it was, or if nobody can read it."""
    inputs = _inputs(sources, inventory, paths.state)
    serves = is_readable(paths.store)
    if inputs == before.inputs and serves:
        return
    found.inputs = ""
    merged = Merged()
    doubted = [each for each in sources if serves and each.name not in accepted]
    entries = merge(sources, inventory, paths.state, merged)
    try:
        write(paths.store, inventory.raw_providers, _held(entries, merged, doubted, before))
    except HeldError as error:
        found.problems.append(str(error))
        return
    except (OSError, ValueError, TypeError) as error:
        found.problems.append(f"the store can't be written: {error}; it stays as it was")
        return
    found.inputs = inputs
    for source in sources:
        state = found.sources[source.name]
        found.sources[source.name] = replace(state, **summary(merged, source.name))


def _held(
    entries: Iterator[Entry], merged: Merged, sources: Sequence[Source], before: Report
) -> Iterator[Entry]:
    """All entries; after the last, HeldError if far more domains are refused than last time."""
    yield from entries
    for source in sources:
        last = before.sources.get(source.name, State())
        lost = merged.refusals[source.name] - last.refused_count
        if (
            last.served
            and lost > 0
            and (not merged.taken[source.name] or (lost > 1 and lost > last.served * source.shrink))
        ):
            why, *_more = merged.refused[source.name].values()
            raise HeldError(
                f"{source.name}: {lost} of {last.served} domains would be left out: {why}; the "
                f"store stays as it was; if that is right: {_command(source)}"
            )


def _inputs(sources: Sequence[Source], inventory: Inventory, state: Path) -> str:
    """What tells what the store is made of from what another one would be made of."""
    files = [snapshot.mark(state, source.name) for source in sources]
    raw = json.dumps([__version__, inventory.digest, [asdict(each) for each in sources], files])
    return hashlib.sha256(raw.encode()).hexdigest()
