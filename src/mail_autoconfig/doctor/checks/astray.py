"""Names that go astray: caught by a wildcard record, or written with the zone's name twice."""

from __future__ import annotations

import asyncio
import secrets

from ..case import Case
from ..catalogue import finding
from ..data import Finding
from .asking import ask_config, ask_pox


async def check_astray(case: Case) -> list[Finding]:
    """What a zone file's slip makes of the names that clients look up."""
    nobody = f"x{secrets.token_hex(5)}.{case.domain}"
    caught = await _addresses(case, nobody)
    if caught:
        both = await asyncio.gather(_config_caught(case, caught), _pox_caught(case, caught))
        return [each for each in both if each]
    names = (case.host("autoconfig"), "A"), (case.host("autodiscover"), "A")
    services = ("_autodiscover._tcp", "_imaps._tcp", "_submissions._tcp")
    asked = (*names, *((f"{label}.{case.domain}", "SRV") for label in services))
    parts = await asyncio.gather(*(_twice(case, name, type_) for name, type_ in asked))
    return [each for each in parts if each]


async def _addresses(case: Case, name: str) -> frozenset[str]:
    lookups = await case.resolver.addresses(name)
    return frozenset(value for each in lookups for value in each.values)


async def _config_caught(case: Case, caught: frozenset[str]) -> Finding | None:
    name = case.host("autoconfig")
    if await _addresses(case, name) != caught:
        return None
    asked = await ask_config(case)
    if asked.is_good or asked.settings:
        return None
    return finding("dns-wildcard", name, name=name, text=_why(asked.all_findings))


async def _pox_caught(case: Case, caught: frozenset[str]) -> Finding | None:
    name = case.host("autodiscover")
    if await _addresses(case, name) != caught:
        return None
    asked = await ask_pox(case, name)
    if asked.is_good or asked.settings or asked.exchanges[-1].asks_log_in:
        return None
    return finding("dns-wildcard", name, name=name, text=_why(asked.all_findings))


def _why(found: tuple[Finding, ...]) -> str:
    return found[0].what if found else "no settings there"


async def _twice(case: Case, name: str, type_: str) -> Finding | None:
    """The record at name.domain, where there is none at the name; or a target written so."""
    domain = case.domain
    lookup = await case.look_up(name, type_)
    if lookup.values and type_ == "SRV":
        for value in lookup.values:
            target = value.split()[3].rstrip(".").lower()
            if target.endswith(f".{domain}.{domain}") and not await _addresses(case, target):
                should = target.removesuffix(f".{domain}")
                return finding("dns-target-doubled", name, target=target, should=should)
    if lookup.values:
        return None
    alias = await case.look_up(name, "CNAME")
    for value in alias.values:
        target = value.rstrip(".").lower()
        if target.endswith(f".{domain}"):
            should = target.removesuffix(f".{domain}")
            if "." in should and await _addresses(case, should):
                return finding("dns-target-doubled", name, target=target, should=should)
    if alias.values:
        return None
    doubled = f"{name}.{domain}"
    there = await asyncio.gather(case.look_up(doubled, type_), case.look_up(doubled, "CNAME"))
    if any(each.values for each in there):
        return finding("dns-doubled", name, doubled=doubled, name=name)
    return None
