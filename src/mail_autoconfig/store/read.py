"""Reads the store: a domain and a log-in name in microseconds, and a new file by itself.

A file that is missing, broken or of another format costs nobody an answer: what was read last stays
in force, and `problem` says why.
"""

from __future__ import annotations

import logging
import mmap
import os
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import TypeVar

from ..inventory.model import Domain
from .content import Content, read_entries, read_names
from .definitions import Definitions
from .entry import Entry
from .file import File, StoreError

Value = TypeVar("Value")
_PAUSE = 0.5  # seconds between two looks for a new file
_MARK = 4  # octets that tell one problem from another

_log = logging.getLogger(__name__)


class Store:
    """The domains of a file, wherever it comes from; one that is missing has none.

    It is opened by the first call that needs it, so after a fork if nobody asks before.
    """

    def __init__(self, path: Path, pause: float = _PAUSE) -> None:
        self._path = path
        self._pause = pause
        self._next = 0.0
        self._seen: tuple[int, ...] | None = ()
        self._content: Content | None = None
        self._definitions = Definitions("{}")
        # Processes that are forked share it, so one speaks for all.
        self._said = mmap.mmap(-1, _MARK)
        self.problem = ""
        """Why the file as it is now is not in force; empty if it is, or if there never was one."""

    @property
    def content(self) -> Content | None:
        """What is in force; None if there is nothing yet."""
        now = time.monotonic()
        if now >= self._next:
            self._next = now + self._pause
            self._look()
        return self._content

    def find(self, name: str, localpart: str = "") -> Domain | None:
        """The domain of this name in lower-case A-label form, with the log-in of a mailbox."""
        content = self._content if time.monotonic() < self._next else self.content
        if content is None:
            return None
        try:
            return content.find(name, localpart.lower())
        except (OSError, ValueError) as error:  # the latter: text that is not UTF-8, no JSON
            self._report(f"can't be read: {error}")
            return None

    def names(self) -> Iterator[str]:
        """The names of all domains, sorted. Raises StoreError."""
        return self._each(read_names)

    def entries(self) -> Iterator[Entry]:
        """All that the store has, sorted by name. Raises StoreError."""
        return self._each(read_entries)

    def _each(self, read: Callable[[File], Iterator[Value]]) -> Iterator[Value]:
        """All of something, of the file as it is now."""
        if not self._path.exists():
            return
        with closing(File(self._path)) as file:
            try:
                yield from read(file)
            except (OSError, ValueError) as error:
                raise StoreError(f"can't be read: {error}") from None

    def close(self) -> None:
        """Let the file go; the next call opens it again."""
        if self._content:
            self._content.close()
        self._content, self._seen, self._next = None, (), 0.0

    def _look(self) -> None:
        """Open the file, if it is another one than at the last look."""
        mark = _mark(self._path)
        if mark == self._seen:
            return
        self._seen = mark
        if mark is None:
            if self._content:
                self._report("there is none any more")
            return
        try:
            content = Content(self._path, self._definitions)
        except (StoreError, OSError) as error:
            self._report(str(error))
            return
        if self._content:
            self._content.close()
        self._content, self._definitions, self.problem = content, content.definitions, ""
        self._said[:] = bytes(_MARK)

    def _report(self, problem: str) -> None:
        mark = zlib.crc32(problem.encode()).to_bytes(_MARK, "big")
        if problem != self.problem and mark != self._said[:]:
            self._said[:] = mark
            stays = "; what was read last stays in force" if self._content else ""
            _log.error("%s: %s%s", self._path.name, problem, stays)
        self.problem = problem


def _mark(path: Path) -> tuple[int, ...] | None:
    """What tells one file at this path from another; None if there is none."""
    with suppress(OSError):
        found = os.stat(path)  # noqa: PTH116 (Path's takes twice as long)
        return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size
    return None
