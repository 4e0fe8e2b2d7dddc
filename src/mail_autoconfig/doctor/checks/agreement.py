"""Whether all ways lead to the same mail servers: an old host may still answer one of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from ...formats.words import WELL_KNOWN_CONFIG_PATH
from ..case import Case
from ..catalogue import finding
from ..data import Finding, Setting
from ..replays.outlook import SAFE
from ..replays.thunderbird import base_domain
from .asking import (
    MOST_SERVERS,
    Chain,
    ask_config,
    ask_pox,
    autodiscover_hosts,
    exists,
    shown,
)

_APART = "srv", "windows-mail"  # what SRV records say, `names` compares


@dataclass(slots=True)
class _Source:
    """A URL that gives settings, and the clients that end there."""

    url: str
    settings: tuple[Setting, ...]
    clients: list[str]


async def check_agreement(case: Case) -> list[Finding]:
    """Where a way gives other servers than the rest; the MX tells who is right, or the most."""
    sources = await _sources(case)
    found = [
        finding("settings-many", each.url, count=len(each.settings), most=MOST_SERVERS)
        for each in sources
        if len(each.settings) > MOST_SERVERS
    ]
    for type_ in ("imap", "pop3", "smtp"):
        said = {each.subject for each in found}  # one difference of a source is enough
        found += [
            each for each in await _compared(case, type_, sources) if each.subject not in said
        ]
    return found or await _left_behind(case, sources)


async def _left_behind(case: Case, sources: Sequence[_Source]) -> list[Finding]:
    """Outlook that is led to Microsoft 365, where the rest and the MX are elsewhere."""
    named = [(source, each) for source in sources for each in source.settings if each.host]
    hosts = [each.host.lower() for _source, each in named] + await _mail_exchangers(case)
    if not named or any(host.endswith((*SAFE, ".microsoft")) for host in hosts):
        return []
    source, model = named[0]
    return [
        finding(
            "settings-disagree",
            outcome.source,
            found="Microsoft 365, after a log-in",
            clients=f" (to {outcome.title})",
            other=_shown(model),
            source=source.url,
        )
        for outcome in case.outcomes
        if outcome.verdict == "log-in" and (urlsplit(outcome.source).hostname or "").endswith(SAFE)
    ][:1]


async def _sources(case: Case) -> list[_Source]:
    known = {case.domain: await exists(case, case.domain)}
    asked = [ask_config(case), ask_config(case, "http")]
    asked += [ask_pox(case, host) for host in await autodiscover_hosts(case)]
    if known[case.domain]:
        place = f"{case.domain}{WELL_KNOWN_CONFIG_PATH}"
        asked += [ask_config(case, place=place), ask_pox(case, case.domain)]
    found: dict[str, _Source] = {}
    chains: list[Chain] = await asyncio.gather(*asked)
    for each in chains:
        if each.settings:
            url = shown(each.exchanges[-1].request.url)
            found.setdefault(url, _Source(url, each.settings, []))
    for outcome in case.outcomes:
        if outcome.settings and outcome.client not in _APART:
            source = found.setdefault(outcome.source, _Source(outcome.source, outcome.settings, []))
            source.clients.append(outcome.title)
    return list(found.values())


async def _compared(case: Case, type_: str, sources: Sequence[_Source]) -> list[Finding]:
    first = [
        (source, next((each for each in source.settings if each.type == type_), None))
        for source in sources
    ]
    named = [(source, each) for source, each in first if each and each.host]
    spelt = {each.host: await _spelt(case, each.host) for _source, each in named}
    groups: dict[tuple[str, str], list[tuple[_Source, Setting]]] = {}
    for source, each in named:
        groups.setdefault((spelt[each.host], each.username), []).append((source, each))
    if len(groups) < 2:
        return []
    mx = await _mail_exchangers(case)
    bases = {base_domain(host) for host in mx}
    addresses = {await _spelt(case, host) for host in mx}

    def weight(item: tuple[tuple[str, str], list[tuple[_Source, Setting]]]) -> tuple[int, int, int]:
        (spelt_, user), members = item
        near = 2 * (spelt_ in addresses) + (base_domain(members[0][1].host) in bases)
        return (
            near,
            user == case.address,
            sum(1 + len(source.clients) for source, _setting in members),
        )

    right, *wrong = sorted(groups.items(), key=weight, reverse=True)
    model_source, model = right[1][0]
    return [
        finding(
            "settings-disagree",
            source.url,
            found=_shown(each),
            clients=f" (to {', '.join(source.clients)})" if source.clients else "",
            other=_shown(model),
            source=model_source.url,
        )
        for _key, members in wrong
        for source, each in members
    ]


async def _mail_exchangers(case: Case) -> list[str]:
    lookup = await case.look_up(case.domain, "MX")
    return [value.split()[1].rstrip(".").lower() for value in lookup.values]


async def _spelt(case: Case, host: str) -> str:
    """The addresses of a host, by which two names of one server are the same; or its name."""
    lookups = await case.resolver.addresses(host)
    return " ".join(sorted(v for each in lookups for v in each.values)) or host.lower()


def _shown(setting: Setting) -> str:
    return f"{setting.type} {setting.host.lower()} as {setting.username}"
