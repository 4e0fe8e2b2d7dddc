"""The replays: each asks as one client does, and says how that client fares."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ..case import Case
from ..data import Outcome
from .apple import replay_apple
from .others import replay_delta_chat, replay_evolution, replay_kmail
from .outlook import replay_outlook, replay_windows_mail
from .records import replay_pacc, replay_srv
from .thunderbird import replay_thunderbird, replay_thunderbird_android

Replay = Callable[[Case], Awaitable[Outcome]]

REPLAYS: tuple[Replay, ...] = (
    replay_outlook,
    replay_thunderbird,
    replay_thunderbird_android,
    replay_evolution,
    replay_kmail,
    replay_delta_chat,
    replay_apple,
    replay_srv,
    replay_pacc,
    replay_windows_mail,
)
"""In the order in which they are shown."""
