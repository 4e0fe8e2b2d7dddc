"""The replays: each asks as one client does, and says how that client fares."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ..case import Case
from ..data import Outcome

Replay = Callable[[Case], Awaitable[Outcome]]

REPLAYS: tuple[Replay, ...] = ()
"""In the order in which they are shown."""
