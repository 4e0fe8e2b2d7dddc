"""Push records to the servers of their zones.

Needs dnspython; octoDNS for zones at a provider.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from ..inventory.read import ConfigurationError
from .changes import Zone
from .plan import Plan, plan
from .propagation import NameServer, name_servers, serial_of, wait_for_all
from .providers import ProviderServer
from .records import RecordSet
from .rfc2136 import UpdateServer, ZoneError
from .samba import DirectoryServer, takes
from .servers import Server

_THREADS = 16
_OWNER = re.compile(r"[A-Za-z0-9._-]{1,60}")


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result for one zone: its content before and the plan, or the problem."""

    zone: str
    content: Zone
    plan: Plan
    problem: str = ""


def push(
    servers: Mapping[str, Server],
    wanted: Mapping[str, Sequence[RecordSet]],
    *,
    owner: str,
    ttl: int,
    replace: Collection[str] = (),
    complete: bool = True,
    dry: bool = False,
) -> tuple[Outcome, ...]:
    """Change each zone of `servers` so that it has what is wanted in it; `dry` plans only.

    If a zone fails, its outcome says why, and the others continue. A zone in which nothing is
    wanted loses what is ours. The other arguments are those of `plan.plan`.
    """
    if not _OWNER.fullmatch(owner):
        raise ConfigurationError(
            [f'autoconfig_dns_owner: "{owner}" is not a word of letters, digits and ".-_"']
        )

    plan_of = partial(plan, owner=owner, ttl=ttl, replace=replace, complete=complete)

    def one(zone: str) -> Outcome:
        content: Zone = {}
        planned = Plan((), (), ())
        try:
            content = servers[zone].read(zone)
            records, left = _split(servers[zone], zone, wanted.get(zone, ()))
            planned = plan_of(zone, content, records)
            planned = dataclasses.replace(planned, left=(*planned.left, *left))
            if planned.changes and not dry:
                servers[zone].change(zone, planned.changes)
        except ZoneError as error:
            return Outcome(zone, content, planned, f"zone {zone}: {error}")
        return Outcome(zone, content, planned)

    return _of_all(servers, one)


def _of_all(servers: Mapping[str, Server], one: Callable[[str], Outcome]) -> tuple[Outcome, ...]:
    """Several zones at a time, in their order."""
    # A provider's session is one connection, and its rate limit is one too.
    providers = [zone for zone in servers if isinstance(servers[zone], ProviderServer)]
    others = [zone for zone in servers if zone not in frozenset(providers)]
    with ThreadPoolExecutor(_THREADS) as pool:
        found = {outcome.zone: outcome for outcome in pool.map(one, others)}
    found |= {zone: one(zone) for zone in providers}
    return tuple(found[zone] for zone in servers)


def _split(
    server: Server, zone: str, records: Sequence[RecordSet]
) -> tuple[Sequence[RecordSet], tuple[str, ...]]:
    """The records that the server takes, and a line about the others."""
    if not isinstance(server, DirectoryServer):
        return records, ()
    others = [f"{each.name} {each.type}" for each in records if not takes(each)]
    if not others:
        return records, ()
    more = f" and {len(others) - 3} more" if len(others) > 3 else ""
    line = f"zone {zone}: without {', '.join(others[:3])}{more}, which Samba's name server refuses"
    return [each for each in records if takes(each)], (line,)


def check(
    servers: Mapping[str, Server],
    outcomes: Sequence[Outcome],
    wanted: Mapping[str, Sequence[RecordSet]],
    patience: float,
) -> tuple[str, ...]:
    """Wait, `patience` seconds at most, until the zones' name servers have what was pushed.

    Returns a line for each that has not.
    """
    asked = {}
    for outcome in outcomes:
        zone, server = outcome.zone, servers[outcome.zone]
        serial = None
        if isinstance(server, UpdateServer):
            primary = NameServer(server.address, (server.ip(),), server.port)
            serial = serial_of(zone, primary)
        asked[zone] = name_servers(zone, outcome.content), wanted.get(zone, ()), serial
    return wait_for_all(asked, patience)
