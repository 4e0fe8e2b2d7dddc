"""Examine domains, several at a time: the replays, then the checks."""

from __future__ import annotations

import asyncio
import math
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
WAITING = 64
"""Reports that wait for one that comes before them."""
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
    return dict(sorted(((k, seen[k]) for k in subjects if k in seen), key=lambda kv: kv[1]))


async def examine_all(
    cases: Iterable[Case],
    take: Callable[[Report], None],
    at_once: int = AT_ONCE,
    until: float = math.inf,
) -> None:
    """Give `take` each report: in the order of the cases, as long as not many wait for one.

    After `until` (time.monotonic) no further domain is begun. What is given is not kept.
    """
    numbered = enumerate(cases)
    ready: dict[int, Report] = {}
    expected = 0

    def give(number: int, report: Report) -> None:
        nonlocal expected
        ready[number] = report
        while ready and (min(ready) <= expected or len(ready) > WAITING):
            following = min(ready)
            take(ready.pop(following))
            expected = max(expected, following + 1)

    async def some() -> None:
        for number, case in numbered:
            give(number, await _whatever_happens(case))
            if time.monotonic() > until:
                break

    await asyncio.gather(*(some() for _each in range(at_once)))
    for number in sorted(ready):
        take(ready[number])


async def _whatever_happens(case: Case) -> Report:
    """The report; what one domain answers must not hide the others."""
    try:
        return await examine(case)
    except OwnTroubleError:
        raise
    except Exception as error:
        traceback.print_exception(error)
        fault = finding("doctor-broken", case.domain, error=type(error).__name__)
        return Report(case.domain, case.address, (), (fault,), 0.0)
