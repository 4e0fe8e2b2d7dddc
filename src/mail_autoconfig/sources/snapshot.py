"""What a source gave last and was believed: a file for each, one line of JSON for each domain.

The lines are in the order of the names, so that several files are read side by side, and none is
in memory as a whole.
"""

from __future__ import annotations

import filecmp
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from .collect import Collected, lines

_SUFFIX = ".jsonl"


@dataclass(frozen=True, slots=True)
class Given:
    """A domain as a source gave it: `target` is that of an alias domain, else empty."""

    name: str
    extras: Mapping[str, str]
    target: str
    logins: Mapping[str, str]


def path_of(state: Path, name: str) -> Path:
    """The file of a source."""
    return state / f"{name}{_SUFFIX}"


def write_new(state: Path, name: str, found: Collected) -> int:
    """Write what was read beside what is believed; return the number of log-in names."""
    count = 0
    new = _new(state, name)
    new.unlink(missing_ok=True)  # of a run that was killed
    # Log-in names are nobody else's business.
    descriptor = os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        for domain, extras, target, logins in lines(found):
            count += len(logins)
            line = json.dumps((domain, extras, target, logins))
            file.write(f"{line}\n")
    return count


def believe(state: Path, name: str) -> None:
    """Put what was read in the place of what is there, if it differs."""
    new, old = _new(state, name), path_of(state, name)
    if old.exists() and filecmp.cmp(new, old, shallow=False):
        new.unlink()
    else:
        new.replace(old)


def forget(state: Path, name: str) -> None:
    """Drop what was read and is not believed."""
    _new(state, name).unlink(missing_ok=True)


def others(state: Path, names: frozenset[str]) -> list[str]:
    """The sources that there are no more, whose files are still there."""
    return sorted(each.stem for each in state.glob(f"*{_SUFFIX}") if each.stem not in names)


def forget_others(state: Path, names: frozenset[str]) -> None:
    """Drop the files of sources that there are no more."""
    for name in others(state, names):
        path_of(state, name).unlink()


def read(state: Path, name: str) -> Iterator[Given]:
    """What is believed of a source; nothing where there is no file. Raises ValueError, OSError."""
    path = path_of(state, name)
    if not path.exists():
        return
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield Given(*json.loads(line))


def mark(state: Path, name: str) -> tuple[int, ...]:
    """What tells a file from the one that replaces it."""
    try:
        found = path_of(state, name).stat()
    except FileNotFoundError:
        return ()
    return found.st_ino, found.st_mtime_ns, found.st_size


def lost(state: Path, name: str) -> tuple[int, int]:
    """How many domains are believed of a source, and how many of them were not read this time.

    Nothing is counted where both are the same.
    """
    new, old = _new(state, name), path_of(state, name)
    if not old.exists() or filecmp.cmp(new, old, shallow=False):
        return 0, 0
    before = _names(old)
    return len(before), len(before - _names(new))


def _names(path: Path) -> set[str]:
    """The names in a file; JSON as a whole would take ten times as long."""
    with path.open(encoding="utf-8") as file:
        return {line.removeprefix('["').partition('"')[0] for line in file}


def _new(state: Path, name: str) -> Path:
    return state / f".{name}.new"
