"""One run: read what is due, believe it or not, and write the store if anything changed.

A run has steps, so that a source that takes its time keeps no other one waiting.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, replace
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
from .judge import command, judge, lost
from .merge import Merged, merge, summary
from .reading import Readers
from .report import Line, Report, State
from .rows import Secret
from .settings import Source

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
    waiting: frozenset[str]

    def lines(self) -> Iterator[Line]:
        """What is to be said after it."""
        return self.found.lines(self.before, self.waiting)


def interval(sources: Sequence[Source]) -> float:
    """Seconds between two runs: one sooner than asked for, as the timer of a host."""
    return min((each.every for each in sources), default=60) - 1


def update(
    paths: Paths,
    secrets: Mapping[str, Secret],
    accepted: Collection[str],
    clock: Callable[[], float],
) -> Iterator[Step]:
    """Do one run, and yield each step of it, whose report is saved.

    While a source takes its time, the others are read again as often as they want, unless a file
    with settings has changed. The run ends when all are read that it began with; what it began
    later is begun again by the next one. Raises ConfigurationError for settings or an inventory
    that are wrong, OSError.
    """
    start, files = clock(), _marks(paths)
    with locked(paths.state), closing(Readers(secrets, paths.state)) as readers:
        run = _Run(paths, accepted, clock, start)
        run.begin(readers, start)
        first = frozenset(readers.running)
        next_round = time.monotonic() + interval(run.sources)
        while True:
            readers.wait(_TOGETHER, for_all=True)
            step = run.step(readers)
            first = first.intersection(step.waiting)
            yield step
            if not step.waiting:
                return
            readers.wait(next_round - time.monotonic())
            if time.monotonic() >= next_round:
                if not first:
                    readers.stop()
                elif _marks(paths) == files:
                    run.begin(readers, clock())
                next_round = time.monotonic() + interval(run.sources)


class _Run:
    """What is the same in all steps of a run, and what the last one left."""

    def __init__(
        self,
        paths: Paths,
        accepted: Collection[str],
        clock: Callable[[], float],
        start: float,
    ) -> None:
        self._paths = paths
        self._accepted = frozenset(accepted)
        self._clock = clock
        self._start = start
        self.sources = settings.load(paths.settings)
        self._inventory = inventory_file.load(paths.configuration)
        self._last = reports.load(paths.state)
        self._is_first = not self._last.time
        self._begun: dict[str, float] = {}
        self._ended: set[str] = set()

    def begin(self, readers: Readers, now: float) -> None:
        """Begin to read what is due."""
        news, at_once = _written(self._paths), self._accepted - self._ended
        due = [
            each
            for each in self.sources
            if each.name not in readers.running
            and _is_due(each, self.sources, self._last, now, at_once, news)
        ]
        self._begun.update((each.name, now) for each in due)
        readers.begin(due)

    def step(self, readers: Readers) -> Step:
        """Judge what was read, and write the store if that changes it."""
        before, readings = self._last, readers.results()
        waiting = frozenset(readers.running)
        accepted = self._accepted - self._ended  # for one reading of each
        self._ended.update(readings)
        longest = max((each.timeout for each in self.sources), default=0)
        found = Report(pause=interval(self.sources) + longest, inputs=before.inputs)
        for source in self.sources:
            name, last = source.name, before.sources.get(source.name, State())
            found.sources[name] = (
                judge(
                    source,
                    last,
                    readings[name],
                    self._paths.state,
                    self._begun[name],
                    accepted=name in accepted,
                )
                if name in readings
                else last
            )
        self._put(before, found, waiting)
        found.time = self._clock()
        reports.save(found, self._paths.state, self._paths.metrics, self._start)
        self._last = found
        return Step(before, found, waiting)

    def _put(self, before: Report, found: Report, waiting: Collection[str]) -> None:
        """Write the store, unless domains would be lost by it."""
        accepted, exists = self._accepted & self._ended, self._paths.store.exists()
        lacks = lost(self._paths.state, found, accepted) if exists else ""
        # What is still being read may be what lacks, what was accepted, or all there is.
        all_there_is = self._is_first and (exists or not self._ended)
        if waiting and (lacks or all_there_is or self._accepted.intersection(waiting)):
            found.problems = list(before.problems)
        elif lacks:
            found.problems.append(f"{lacks}; the store stays as it was")
        else:
            snapshot.forget_others(self._paths.state, frozenset(found.sources))
            _write(self._paths, self.sources, self._inventory, before, found, accepted)


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
    shortest = min(each.every for each in sources)
    if source.name in accepted or source.every == shortest or not last.read or last.tried < news:
        return True
    elapsed = now - last.tried
    return elapsed < 0 or elapsed + shortest > source.every + _SLACK


def _written(paths: Paths) -> float:
    """When the settings or the secrets were written last."""
    return max((each.st_mtime for each in _stats(paths.settings, paths.secrets)), default=0)


def _marks(paths: Paths) -> list[tuple[int, int]]:
    """What tells the files that a run reads first from those that replace them."""
    files = _stats(paths.settings, paths.secrets, paths.configuration)
    return [(each.st_ino, each.st_mtime_ns) for each in files]


def _stats(*files: Path) -> Iterator[os.stat_result]:
    for each in files:
        with suppress(FileNotFoundError):
            yield each.stat()


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
                f"store stays as it was; if that is right: {command(source.name)}"
            )


def _inputs(sources: Sequence[Source], inventory: Inventory, state: Path) -> str:
    """What tells what the store is made of from what another one would be made of."""
    files = [snapshot.mark(state, source.name) for source in sources]
    raw = json.dumps([__version__, inventory.digest, [asdict(each) for each in sources], files])
    return hashlib.sha256(raw.encode()).hexdigest()
