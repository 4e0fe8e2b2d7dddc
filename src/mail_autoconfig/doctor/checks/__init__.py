"""The checks: each is told of a domain whose replays have ended, and says what it finds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from ..case import Case
from ..data import Finding

Check = Callable[[Case], Awaitable[Iterable[Finding]]]

CHECKS: tuple[Check, ...] = ()
"""In the order in which their findings are shown; the first error is the first thing to do."""
