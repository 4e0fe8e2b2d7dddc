"""The replays: each asks as one client does, and says how that client fares."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ..case import Case
from ..data import Outcome
from .apple import apple
from .others import delta_chat, evolution, kmail
from .outlook import outlook, windows_mail
from .records import pacc, srv
from .thunderbird import thunderbird, thunderbird_android

Replay = Callable[[Case], Awaitable[Outcome]]

REPLAYS: tuple[Replay, ...] = (
    outlook,
    thunderbird,
    thunderbird_android,
    evolution,
    kmail,
    delta_chat,
    apple,
    srv,
    pacc,
    windows_mail,
)
"""In the order in which they are shown."""
