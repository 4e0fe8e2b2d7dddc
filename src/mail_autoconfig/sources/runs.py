"""Runs of `sources update`: one, some until each source was read, or again and again."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from ..inventory.fields import ConfigurationError
from . import secrets, settings
from .privileges import become_owner
from .reading import children
from .report import Line
from .update import Paths, interval, update

_AGAIN = 10  # seconds until the next try while a source was never read; no `every` is less


@dataclass
class Runs:
    """Runs with the same files. `pause` is how long after the last one the next begins."""

    paths: Paths
    accepted: Sequence[str] = ()
    complete: bool = False
    """Whether each source was read at least once."""
    pause: float = _AGAIN
    _said: frozenset[str] = field(default=frozenset())

    def once(self) -> bool:
        """Do a run; whether the store is what it has to be.

        Raises ConfigurationError, OSError.
        """
        sources = settings.load(self.paths.settings)
        known = [source.name for source in sources]
        for name in self.accepted:
            if name not in known:
                raise ConfigurationError([f"no source {name}; there are: {', '.join(known)}"])
        kept = secrets.load(self.paths.secrets)
        become_owner(self.paths.state)
        for step in update(self.paths, kept, self.accepted, time.time):
            self._say(step.lines())
            found = step.found
        self.complete = all(each.read for each in found.sources.values())
        every = interval(sources)
        self.pause = every if self.complete else min(_AGAIN, every)
        return not found.problems

    def until_complete(self, seconds: float) -> bool:
        """Run again until each source was read, for so many seconds. Raises as `once`."""
        end = time.monotonic() + seconds
        while (right := self.once()) and not self.complete and time.monotonic() + _AGAIN < end:
            time.sleep(_AGAIN)
        return right

    def keep(self) -> None:
        """Run again and again, at once at a SIGHUP. Raises as `once`, for the first run alone."""
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
        begun = time.monotonic()
        self.once()
        while True:
            left = begun + self.pause - time.monotonic()
            signal.sigtimedwait({signal.SIGHUP}, max(left, 0))
            begun = time.monotonic()
            try:
                self.once()
            except ConfigurationError as error:
                self._say(Line(f"sources: {line}") for line in error.problems)
            except OSError as error:
                self._say([Line(f"sources: {error}")])

    def _say(self, lines: Iterable[Line]) -> None:
        """Print what was not said before, as far as it is known already."""
        now = set()
        for line in lines:
            if line.key not in self._said:
                if line.is_old:
                    continue
                print(line.text, file=sys.stdout if line.is_good else sys.stderr, flush=True)
            now.add(line.key)
        self._said = frozenset(now)


def end_at_sigterm() -> None:
    """Let SIGTERM and SIGINT end this process at once, with those that read for it.

    Nothing is lost: what was not written as a whole is written by the next run.
    """
    for number in signal.SIGTERM, signal.SIGINT:
        signal.signal(number, _end)


def _end(*_signal: object) -> None:
    for reader in children(os.getpid()):
        with suppress(ProcessLookupError):
            os.kill(reader, signal.SIGKILL)
    os._exit(0)
