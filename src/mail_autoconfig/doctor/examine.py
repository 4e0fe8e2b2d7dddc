"""Examine domains, several at a time: the replays, then the checks."""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Callable, Iterable
from datetime import datetime

from .case import Case
from .catalogue import finding
from .checks import CHECKS
from .checks.asking import autodiscover_hosts, published
from .data import Report
from .order import arranged
from .proposals import propose
from .replays import REPLAYS
from .sockets import OwnTroubleError

AT_ONCE = 32
"""Domains that are examined at a time."""
LONGEST = 300.0
"""Seconds of HTTP for one domain: redirects in answers, times those of HTTP, could take hours."""


async def examine(case: Case) -> Report:
    """All about one domain."""
    started = time.monotonic()
    case.deadline = started + LONGEST
    case.outcomes = tuple(await asyncio.gather(*(replay(case) for replay in REPLAYS)))
    found = await asyncio.gather(*(check(case) for check in CHECKS))
    findings = arranged((each for some in found for each in some), case.accepted)
    seconds = time.monotonic() - started
    ends, texts = await _ends(case), await propose(case, findings)
    return Report(case.domain, case.address, case.outcomes, findings, seconds, ends, texts)


async def _ends(case: Case) -> dict[str, datetime]:
    """The ends of the valid certificates of the domain's own servers, the next first."""
    subjects = {f"{each.type} {each.host}:{each.port}" for each in await published(case)}
    hosts = {*await autodiscover_hosts(case), case.host("autoconfig"), case.domain}
    subjects |= {f"https://{host}" for host in hosts}
    seen = case.fetcher.certificates
    return dict(sorted(((k, v) for k, v in seen.items() if k in subjects), key=lambda kv: kv[1]))


async def examine_all(
    cases: Iterable[Case], progress: Callable[[Report], None], at_once: int = AT_ONCE
) -> tuple[Report, ...]:
    """The reports in the order of the cases; `progress` is told of each as it is ready."""
    free = asyncio.Semaphore(at_once)

    async def one(case: Case) -> Report:
        async with free:
            try:
                report = await examine(case)
            except OwnTroubleError:
                raise
            except Exception as error:  # what one domain answers must not hide the others
                traceback.print_exception(error)
                fault = finding("doctor-broken", case.domain, error=type(error).__name__)
                report = Report(case.domain, case.address, (), (fault,), 0.0)
        progress(report)
        return report

    return tuple(await asyncio.gather(*(one(case) for case in cases)))
