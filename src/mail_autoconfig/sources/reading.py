"""One reading of one source, in a process of its own: with a deadline, and its memory given back.

What it says has no secret in it, and is one line.
"""

from __future__ import annotations

import gc
import json
import multiprocessing
import os
import re
import signal
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..inventory.fields import printable
from . import snapshot
from .collect import collect
from .rows import Secret, SourceError
from .settings import Source

_LONGEST = 300  # characters of what a library says
_UNTRUSTED = re.compile("self-signed|local issuer|SSL error: certificate verify failed")
_OWN_AUTHORITY = "; if its authority is your own, name the authority's file in tls_ca"
_GRACE = 5  # seconds for a reader to say by itself that it takes too long
_LIBRARIES = {"sql": "sqlalchemy", "ldap": "ldap3", "http": "httpx"}


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read: numbers, and what was left out; or the problem for which nothing was."""

    domains: int = 0
    logins: int = 0
    left_out: Mapping[str, str] = field(default_factory=dict)
    left_out_count: int = 0
    lines: Sequence[str] = ()
    problem: str = ""


class Readers:
    """Sources that are read side by side. What each gave is beside what is believed of it."""

    def __init__(self, secrets: Mapping[str, Secret], state: Path) -> None:
        self._secrets = secrets
        self._state = state
        self._running: dict[str, _Reader] = {}

    @property
    def running(self) -> Collection[str]:
        """The names of those that are being read."""
        return self._running.keys()

    def begin(self, sources: Sequence[Source]) -> None:
        """Begin to read sources that are not being read."""
        _load_libraries(sources)
        for source in sources:
            self._running[source.name] = _begun(
                source, self._secrets.get(source.name, {}), self._state
            )

    def results(self) -> dict[str, Reading]:
        """What was read since the last call."""
        done = [name for name, reader in self._running.items() if reader.is_done]
        return {name: self._running.pop(name).result() for name in done}

    def wait(self, seconds: float, *, for_all: bool = False) -> None:
        """Wait until one of those that run has ended, or all have, but no longer than this."""
        end = time.monotonic() + seconds
        while left := [each for each in self._running.values() if not each.is_done]:
            now = time.monotonic()
            if now >= end or (len(left) < len(self._running) and not for_all):
                return
            until = min(end, *(each.deadline for each in left))
            wait([each.pipe for each in left], max(until - now, 0))

    def stop(self) -> None:
        """End what is still being read, as if it had not begun."""
        for name in [name for name, each in self._running.items() if not each.is_done]:
            self._running.pop(name).end()
            snapshot.forget(self._state, name)

    def close(self) -> None:
        """End all, and drop what nobody asked for."""
        self.stop()
        self.results()


@dataclass(frozen=True, slots=True)
class _Reader:
    """A process that reads a source, and until when it may."""

    source: Source
    process: BaseProcess
    pipe: Connection
    deadline: float

    @property
    def is_done(self) -> bool:
        return self.pipe.poll() or time.monotonic() >= self.deadline

    def result(self) -> Reading:
        try:
            if self.pipe.poll():
                return Reading(**json.loads(self.pipe.recv_bytes()))
            problem = f"not done within {self.source.timeout} seconds"
        except (EOFError, OSError):  # the latter in the middle of what it says
            self.process.join()
            problem = f"the reader ended with {self.process.exitcode}"
        finally:
            self.end()
        return Reading(problem=problem)

    def end(self) -> None:
        """End it, with the program that it may have started."""
        if self.process.pid and self.process.is_alive():
            os.kill(self.process.pid, signal.SIGSTOP)  # it starts no other one
            for program in children(self.process.pid):
                with suppress(ProcessLookupError):
                    os.killpg(program, signal.SIGKILL)
        self.process.kill()
        self.process.join()
        self.pipe.close()


def children(process: int) -> list[int]:
    """The processes that a process has started."""
    # Not by multiprocessing's list: a reader is on it some moments after it was forked.
    with suppress(OSError):
        return [*map(int, Path(f"/proc/{process}/task/{process}/children").read_text().split())]
    return []


def _begun(source: Source, secret: Secret, state: Path) -> _Reader:
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(source, secret, state, theirs))
    process.start()
    theirs.close()
    return _Reader(source, process, ours, time.monotonic() + source.timeout + _GRACE)


def _load_libraries(sources: Sequence[Source]) -> None:
    """Load once what several readers need: it takes longer than a small source itself."""
    types = [each.type for each in sources]
    for kind, library in _LIBRARIES.items():
        if types.count(kind) > 1:
            with suppress(Exception):  # the reader says it, and what to install
                import_module(library)


def _child(source: Source, secret: Secret, state: Path, theirs: Connection) -> None:
    gc.disable()  # it would go through a million rows again and again; this process ends soon
    with suppress(OSError):  # nobody waits any more
        theirs.send_bytes(json.dumps(_said(source, secret, state)).encode())


def _said(source: Source, secret: Secret, state: Path) -> Mapping[str, Any]:
    """Read; what is said is ready for JSON."""
    try:
        return _read(source, secret, state)
    except SourceError as error:
        text = str(error)
    except UnicodeDecodeError:
        text = "text that is not UTF-8; let the source give UTF-8"
    except MemoryError:
        text = "more than the memory holds; set limit to less"
    except Exception as error:
        text = f"{type(error).__name__}: {error}"
    problem = one_line(text, secret)
    return {"problem": problem + (_OWN_AUTHORITY if _UNTRUSTED.search(problem) else "")}


def _read(source: Source, secret: Secret, state: Path) -> Mapping[str, Any]:
    reader = import_module(f".readers.{source.type}", __package__)
    with reader.opened(source, secret) as ask:
        found = collect(source, ask)
    try:
        logins = snapshot.write_new(state, source.name, found)
    except OSError as error:
        raise SourceError(f"{state}: can't be written: {error.strerror}") from None
    return {
        "domains": len(found.domains),
        "logins": logins,
        "left_out": found.left_out,
        "left_out_count": found.count,
        "lines": found.lines,
    }


def one_line(text: str, secret: Secret) -> str:
    """What a library says, without a secret, line ends and what moves a terminal's cursor."""
    for value in secret.values():
        written = json.dumps(value), json.dumps(value, ensure_ascii=False), repr(value)
        quoted = quote(value), quote(value, safe=""), *(each[1:-1] for each in written)
        for form in sorted({value, *quoted}, key=len, reverse=True):
            text = text.replace(form, "***") if form else text
    line = next((each.strip() for each in text.splitlines() if each.strip()), "no reason given")
    line = printable(line)
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
