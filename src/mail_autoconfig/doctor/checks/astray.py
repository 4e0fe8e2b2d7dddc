"""Names that go astray: caught by a wildcard record, or written with the zone's name twice."""

from __future__ import annotations

import asyncio
import secrets

from ...formats.words import PAGE_PATH
from ..case import Case
from ..catalogue import finding
from ..data import ErrorKind, Exchange, Finding, Request
from .asking import Chain, ask_config, ask_pox

_MUTE: tuple[ErrorKind, ...] = ("refused", "unreachable", "timeout")


async def check_astray(case: Case) -> list[Finding]:
    """What a zone file's slip makes of the names that clients look up."""
    nobody = f"x{secrets.token_hex(5)}.{case.domain}"
    caught = await _addresses(case, nobody)
    if caught:
        return await _caught(case, caught)
    names = (case.host("autoconfig"), "A"), (case.host("autodiscover"), "A")
    services = ("_autodiscover._tcp", "_imaps._tcp", "_submissions._tcp")
    asked = (*names, *((f"{label}.{case.domain}", "SRV") for label in services))
    parts = await asyncio.gather(*(_twice(case, name, type_) for name, type_ in asked))
    return [each for each in parts if each]


async def _addresses(case: Case, name: str) -> frozenset[str]:
    lookups = await case.resolver.addresses(name)
    return frozenset(value for each in lookups for value in each.values)


async def _caught(case: Case, caught: frozenset[str]) -> list[Finding]:
    """The names that a wildcard record leads astray.

    Where one of them has settings, the record leads to the right server, and it does no harm.
    """
    config, pox = case.host("autoconfig"), case.host("autodiscover")
    names = [each for each in (config, pox) if await _addresses(case, each) == caught]
    asked = {
        name: await (ask_config(case) if name == config else ask_pox(case, name)) for name in names
    }
    if any(_leads_to_settings(each) for each in asked.values()):
        return []
    return [
        finding(await _code(case, name, each), name, name=name, text=_why(each.all_findings))
        for name, each in asked.items()
    ]


def _leads_to_settings(asked: Chain) -> bool:
    return asked.is_good or bool(asked.settings) or asked.exchanges[-1].asks_log_in


async def _code(case: Case, name: str, asked: Chain) -> str:
    """Whether a stranger answers there, or nobody: the right server may be stopped."""
    if not _is_mute(asked.exchanges[-1]):
        return "dns-wildcard"
    plain = await case.ask(Request("GET", f"http://{name}{PAGE_PATH}"))
    return "dns-wildcard-mute" if _is_mute(plain) else "dns-wildcard"


def _is_mute(exchange: Exchange) -> bool:
    return exchange.error is not None and exchange.error.kind in _MUTE


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
