"""What is believed of what a source gives, and what may not be lost by a new store."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from . import snapshot
from .reading import Reading
from .report import Report, State
from .settings import Source

_NO_DOMAIN = (
    "it has no domain; if that is not right, look at its query and at what its user may see"
)


def judge(
    source: Source, last: State, reading: Reading, state: Path, begun: float, *, accepted: bool
) -> State:
    """How a source stands after a reading; what is believed is put in place.

    `state` is the directory with what each source gave, `begun` when it was begun to be read.
    """
    problem = f"not read: {reading.problem}" if reading.problem else ""
    if not problem and not accepted:
        problem = _doubts(source, last, reading, state)
    if problem:
        snapshot.forget(state, source.name)
        return replace(last, tried=begun, problem=problem)
    snapshot.believe(state, source.name)
    empty = not reading.domains and not reading.left_out_count and not accepted
    return replace(
        last,
        tried=begun,
        read=begun,
        problem="",
        domains=reading.domains,
        logins=reading.logins,
        lines=[*reading.lines, *[_NO_DOMAIN] * empty],
        left_out=dict(reading.left_out),
        left_out_count=reading.left_out_count,
    )


def lost(state: Path, found: Report, accepted: Collection[str]) -> str:
    """Which domains a new store would lack since nobody could read them; empty if none."""
    old = snapshot.others(state, frozenset(found.sources))
    for name, each in found.sources.items():
        if name in accepted:
            continue
        if each.read and not snapshot.path_of(state, name).exists():
            return f"{name}: the file with what it gave last is gone"
        if old and not each.read:  # as one with a new name
            return (
                f"{name} was never read, and {', '.join(old)} is no source any more; if that is "
                f"right: {command(name)}"
            )
    return ""


def command(name: str) -> str:
    """What lets a source be believed."""
    return f"mail-autoconfig sources update --accept {name}"


def doubt(source: Source, what: str, had: int, now: int, gone: int = 0) -> str:
    """Why far less than before is not believed; empty if it is.

    One less is always believed, as long as some are left: of three domains it is a third. `gone`
    are no more there, though others may be.
    """
    missing = max(had - now, gone)
    if had and (not now or (missing > 1 and missing > had * source.shrink)):
        kept = had - missing
        others = f" and {now - kept} others" if now > kept else ""
        return f"only {kept} of {had} {what}{others}"
    return ""


def _doubts(source: Source, last: State, reading: Reading, state: Path) -> str:
    had, gone = snapshot.lost(state, source.name)
    found = doubt(source, "domains", max(had, last.domains), reading.domains, gone)
    if source.logins and not found:
        found = doubt(source, "log-in names", last.logins, reading.logins)
    return f"{found}: not believed; if that is right: {command(source.name)}" if found else ""
