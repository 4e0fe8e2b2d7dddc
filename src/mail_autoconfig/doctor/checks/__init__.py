"""The checks: each is told of a domain whose replays have ended, and says what it finds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from ..case import Case
from ..data import Finding
from .agreement import check_agreement
from .astray import check_astray
from .clients import check_clients
from .dav import check_dav
from .mail import check_mail
from .name_servers import check_name_servers
from .names import check_names
from .web import check_web

Check = Callable[[Case], Awaitable[Iterable[Finding]]]

CHECKS: tuple[Check, ...] = (
    check_astray,
    check_name_servers,
    check_names,
    check_web,
    check_agreement,
    check_mail,
    check_dav,
    check_clients,
)
"""From causes to effects: so their findings are shown; the first error is the first thing to do."""
