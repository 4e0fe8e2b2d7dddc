"""Processes that serve the same sockets: one that dies is replaced, a reload replaces all.

The process that forks them serves nothing. It reads the configuration before it forks, so all share
its memory and start at once. It may have no thread and no event loop.
"""

from __future__ import annotations

import logging
import os
import select
import signal
import time
from collections.abc import Callable
from contextlib import suppress

_START = 20  # seconds in which a new worker begins
_END = 5  # seconds in which an old one stops accepting
_YOUNG = 1.0  # seconds; who dies earlier is replaced after a pause

_log = logging.getLogger(__name__)


class Lifeline:
    """What a worker has of the process that forked it."""

    def __init__(self, parent: int, state: int) -> None:
        self.parent = parent
        """A descriptor that is readable once the parent is gone."""
        self._state = state

    def ready(self) -> None:
        """Tell the parent that this worker accepts connections."""
        with suppress(OSError):
            os.write(self._state, b".")

    def left(self) -> None:
        """Tell the parent that it accepts none any more. Once."""
        os.close(self._state)


Work = Callable[[Lifeline], None]
"""Serves until SIGTERM, in a process of its own."""


class Workers:
    """`count` processes, each of which does the work that was given last."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._work: Work = _no_work
        self._started: dict[int, float] = {}
        self._states: dict[int, int] = {}
        self._leaving: set[int] = set()
        self._parent = os.pipe()

    def forget(self) -> None:
        """Let go what the work needs, to have room for the next: only right before `replace`."""
        self._work = _no_work

    def replace(self, work: Work) -> None:
        """Start workers for `work`; then the others accept no more, and finish what they began."""
        old = set(self._started)
        self._started, self._work = {}, work
        self._fill()
        self._leaving |= old
        for worker in old:
            _send(worker, signal.SIGTERM)
        for worker in old:
            self._wait(worker, _END)

    def reap(self) -> None:
        """Start a worker for each that has died."""
        for worker in self._dead():
            os.close(self._states.pop(worker))
            if worker in self._leaving:
                self._leaving.discard(worker)
                continue
            age = time.monotonic() - self._started.pop(worker)
            _log.error("a worker died; there is another now")
            if age < _YOUNG:
                time.sleep(0.1)  # no more than ten a second
        self._fill()

    def tell(self, number: signal.Signals) -> None:
        """Send a signal to those that serve."""
        for worker in self._started:
            _send(worker, number)

    def stop(self) -> None:
        """End all workers; return when they have finished what they had begun."""
        left = self._leaving | set(self._started)
        for worker in left:
            _send(worker, signal.SIGTERM)
        for worker in left:
            with suppress(ChildProcessError):
                os.waitpid(worker, 0)

    def _dead(self) -> list[int]:
        found = []
        for worker in [*self._started, *self._leaving]:
            with suppress(ChildProcessError):
                if os.waitpid(worker, os.WNOHANG)[0]:
                    found.append(worker)
        return found

    def _fill(self) -> None:
        new = []
        while len(self._started) < self._count:
            worker, state = self._fork()
            self._states[worker] = state
            self._started[worker] = time.monotonic()
            new.append(worker)
        for worker in new:
            self._wait(worker, _START)

    def _wait(self, worker: int, seconds: float) -> None:
        """Wait until a worker says that it accepts or that it does not, or has died."""
        state = self._states[worker]
        if select.select([state], [], [], seconds)[0]:
            os.read(state, 1)

    def _fork(self) -> tuple[int, int]:
        """Fork a worker; return its process and the descriptor on which it says what it does."""
        here, there = os.pipe()
        worker = os.fork()
        if worker:
            os.close(there)
            return worker, here
        status = 1
        try:
            os.close(here)
            os.close(self._parent[1])
            for state in self._states.values():
                os.close(state)
            self._work(Lifeline(self._parent[0], there))
            status = 0
        except BaseException as error:  # noqa: BLE001 (nothing may get into the parent's code)
            _log.error("a worker ended: %s", type(error).__name__)  # its text may hold an address
        finally:
            os._exit(status)


def _no_work(_lifeline: Lifeline) -> None:
    """Before the first `replace`."""


def _send(worker: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(worker, number)
