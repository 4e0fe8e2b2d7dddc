"""What is known of a domain's mail servers, as an entry of an inventory; the best source wins."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ..inventory import keys
from ..inventory.addresses import pattern_of
from ..inventory.model import Domain
from ..inventory.read import ConfigurationError, built_in_providers, parse
from ..zones.records import MAIL_SERVICES
from .case import Case
from .checks.asking import vouched_for
from .data import Outcome, Setting
from .replays.thunderbird import base_domain

_METHODS = keys.SERVER["authentication"].choices
_INCOMING = "imap", "pop3"


@dataclass(frozen=True, slots=True)
class Known:
    """A domain as an inventory would have it; `source` says in a few words where it is from."""

    domain: Domain
    source: str


async def known(case: Case) -> Known:
    """The inventory, what clients find, SRV records, a provider by its MX, the MX, a guess."""
    if case.expected:
        return Known(case.expected, "the inventory")
    for settings, source in await _told(case):
        if _is_whole(settings):
            return Known(_domain(case, raw_servers(settings, case.address)), source)
        if kinds := {each.type: each.host for each in settings if each.host}:
            other = "imap" if "smtp" in kinds else "smtp"
            half = raw_servers(settings, case.address)
            added = {"type": other, "host": next(iter(kinds.values()))}
            return Known(_domain(case, [*half, added]), f"{source}; {other} is a guess")
    first = await _first_mx(case)
    for name, provider in built_in_providers().items():
        if first and base_domain(first) in {base_domain(each.host) for each in provider.servers}:
            entry = {"name": case.domain, "provider": name}
            return Known(_parsed(entry), f"those of {provider.display_name}, by the MX {first}")
    host = first or f"mail.{case.domain}"
    why = "a guess by the MX" if first else "unknown"
    guess = [{"type": each, "host": host} for each in ("imap", "smtp")]
    return Known(_domain(case, guess), f"{why}; put the right names in place of {host}")


async def _first_mx(case: Case) -> str:
    """The host that receives the domain's mail; empty if there is none (RFC 7505)."""
    lookup = await case.look_up(case.domain, "MX")
    hosts = sorted((int(p), h.rstrip(".").lower()) for p, h in map(str.split, lookup.values))
    return hosts[0][1] if hosts else ""


async def _told(case: Case) -> list[tuple[Sequence[Setting], str]]:
    """What clients find, what damaged answers say, and SRV records, without what is empty."""
    found = [(each.settings, each.source) for each in case.outcomes if each.client != "srv"]
    found.append((await vouched_for(case), "an answer of the domain"))
    found += [(_of_records(each), "its SRV records") for each in case.outcomes]
    return [each for each in found if each[0]]


def _of_records(outcome: Outcome) -> tuple[Setting, ...]:
    """What SRV records say, even half of it."""
    kinds = {label: kind for kind, label in MAIL_SERVICES.items()}
    found = []
    for lookup in outcome.lookups if outcome.client == "srv" else ():
        kind = kinds.get(".".join(lookup.name.split(".")[:2]))
        for value in lookup.values[:1]:
            _priority, _weight, port, target = value.split()
            if kind and target != ".":
                found.append(Setting(kind[0], target.rstrip("."), int(port), kind[1], ""))
    return tuple(found)


def _is_whole(settings: Iterable[Setting]) -> bool:
    """Whether there is a server to read mail from, and one to send it by."""
    kinds = {each.type for each in settings}
    return bool(kinds & {*_INCOMING}) and "smtp" in kinds


def raw_servers(settings: Iterable[Setting], address: str) -> list[dict[str, Any]]:
    """The servers as an inventory has them, user names as patterns of the address."""
    found = []
    for each in settings:
        methods = [word for word in each.authentication if word in _METHODS]
        raw: dict[str, Any] = {"type": each.type}
        if each.url:
            raw["url"] = each.url
        else:
            raw |= {"host": each.host.lower(), "port": each.port, "security": each.security}
        if (pattern := pattern_of(each.username, address)) != "{email}":
            raw["username"] = pattern
        if methods and methods != ["password"]:
            raw["authentication"] = methods if len(methods) > 1 else methods[0]
        found.append(raw)
    return found


def _domain(case: Case, servers: list[dict[str, Any]]) -> Domain:
    """The entry; where a server is none that may be published, with its host alone."""
    try:
        return _parsed({"name": case.domain, "servers": servers})
    except ConfigurationError:
        usual = [
            {key: each[key] for key in ("type", "host", "url") if key in each} for each in servers
        ]
        return _parsed({"name": case.domain, "servers": usual})


def _parsed(entry: dict[str, Any]) -> Domain:
    (domain,) = parse({"domains": [entry]}).domains.values()
    return domain
