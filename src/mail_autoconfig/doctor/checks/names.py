"""The DNS records that point clients to their settings."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Address

from ...zones.records import MAIL_SERVICES, RecordSet, records
from ..case import Case
from ..catalogue import finding
from ..data import Finding, Lookup
from .asking import vouched_for

_BESIDE = "MX", "SRV", "TXT"  # a resolver can't tell A and AAAA beside a CNAME from its target's
AUTOCONFIG_ALONE = "thunderbird", "thunderbird-android", "evolution", "kmail", "delta-chat"
"""The clients that need Autoconfig, some of them beside Autodiscover."""
_AT_DOMAIN = "outlook", "delta-chat"  # they ask at the domain itself too, and never by its MX
_OPTIONAL = "dns-optional"
_SOMEWHERE = IPv4Address("192.0.2.1")  # RFC 5737: that there is an address is asked, not which


async def check_names(case: Case) -> list[Finding]:
    """The records of a domain as a resolver gives them."""
    parts = await asyncio.gather(
        _discovery(case),
        *(_alias(case, name) for name in _hosts(case)),
        _autodiscover_target(case),
        _mail_services(case),
        _inventory(case),
    )
    return [each for part in parts for each in part]


def _hosts(case: Case) -> tuple[str, str, str]:
    return case.domain, case.host("autoconfig"), case.host("autodiscover")


async def _discovery(case: Case) -> list[Finding]:
    """Whether records point clients to settings, and mail to the domain."""
    found: list[Finding] = []
    leads = dict.fromkeys(("autoconfig", "autodiscover"), False)
    srv, mx = await asyncio.gather(
        case.look_up(case.record("_autodiscover._tcp"), "SRV"), case.look_up(case.domain, "MX")
    )
    is_found = bool(srv.values)
    silent = [each for each in (srv, mx) if each.status == "no answer"]
    for kind, host in zip(leads, _hosts(case)[1:], strict=True):
        lookups = await case.resolver.addresses(host)
        silent += [each for each in lookups if each.status == "no answer"]
        leads[kind] = any(each.values or each.aliases for each in lookups)
        is_found = is_found or any(each.values for each in lookups)
    if silent:
        return [finding("dns-no-answer", f"{silent[0].name} {silent[0].type}")]
    if not is_found and not any(
        each.settings for each in case.outcomes if each.client in _AT_DOMAIN
    ):
        found.append(finding("dns-nothing", case.domain, domain=case.domain))
    elif not leads["autoconfig"] or not (leads["autodiscover"] or srv.values):
        found += _half(case, leads["autoconfig"])
    if not mx.values:
        found.append(finding("dns-no-mx", case.domain))
    return found


def _half(case: Case, has_autoconfig: bool) -> list[Finding]:
    """What is missing where records lead some clients to settings, and others not."""
    fails = {each.client: each.title for each in case.outcomes if each.verdict == "fails"}
    verdicts = {each.client: each.verdict for each in case.outcomes}
    if not has_autoconfig:
        clients = ", ".join(title for key, title in fails.items() if key in AUTOCONFIG_ALONE)
        code = "dns-exchange-alone" if verdicts.get("outlook") == "log-in" else "dns-no-autoconfig"
        return [finding(code, case.domain, clients=clients, domain=case.domain)] if clients else []
    if "outlook" in fails:
        return [finding("dns-no-autodiscover", case.domain, domain=case.domain)]
    return []


async def _alias(case: Case, name: str) -> list[Finding]:
    """A CNAME where it must not be (RFC 1034, section 3.6.2)."""
    alias = await case.look_up(name, "CNAME")
    if not alias.values:
        return []
    if name == case.domain:
        return [finding("dns-alias", name, target=alias.values[0])]
    addresses = await case.resolver.addresses(name)
    if not any(each.values or each.status == "no answer" for each in addresses):
        return [finding("dns-alias-nowhere", name, target=alias.values[0])]
    lookups = await asyncio.gather(*(case.look_up(name, type_) for type_ in _BESIDE))
    beside = [each.type for each in lookups if each.values and not each.aliases]
    return [finding("dns-alias-beside", name, types=", ".join(beside))] if beside else []


async def _autodiscover_target(case: Case) -> list[Finding]:
    """The SRV record that points Outlook to the server of many domains."""
    name = case.record("_autodiscover._tcp")
    found: list[Finding] = []
    for port, target in _endpoints(await case.look_up(name, "SRV")):
        if port != 443:
            found.append(finding("srv-port", name, port=port))
        alias, *addresses = await asyncio.gather(
            case.look_up(target, "CNAME"), *(case.look_up(target, type_) for type_ in ("A", "AAAA"))
        )
        if alias.values:  # if its target has no address, `_alias` says so
            found.append(finding("srv-target-alias", name, target=target))
        elif {each.status for each in addresses} <= {"no name", "no record"}:
            found.append(finding("srv-target-unknown", name, target=target))
    return found


def _endpoints(lookup: Lookup) -> Iterator[tuple[int, str]]:
    """Ports and targets of SRV records, without those that say that there is no service."""
    for value in lookup.values:
        _priority, _weight, port, target = value.split()
        if target != ".":
            yield int(port), target.rstrip(".").lower()


async def _mail_services(case: Case) -> list[Finding]:
    """Whether the records of RFC 6186 say what the answers say."""
    # Without what the records themselves say: they would always agree.
    others = (each.settings for each in case.outcomes if each.client != "srv")
    settings = [*await vouched_for(case), *(each for found in others for each in found)]
    if not settings:
        return []
    found: list[Finding] = []
    for (type_, security), label in MAIL_SERVICES.items():
        if type_ == "managesieve":
            continue
        name = f"{label}.{case.domain}"
        lookup = await case.look_up(name, "SRV")
        # Another port or security of a host is visited as any server: it may work as well.
        here = {host for _port, host in _endpoints(lookup)}
        alike = [s for s in settings if s.type == type_ and s.host]
        there = {each.host.lower() for each in alike}
        published_so = any(s.security == security for s in alike)
        if lookup.values and not (here & there if here else not published_so):
            shown = " and ".join(sorted(here)) or "that there is no such service"
            published_ = " and ".join(sorted(there)) or f"no {type_} with {security}"
            found.append(finding("srv-disagrees", name, found=shown, published=published_))
    return found


async def _inventory(case: Case) -> list[Finding]:
    """Whether the records are those that the inventory needs, where there is one."""
    if case.configuration is None or case.domain not in case.configuration.domains:
        return []
    domain = case.configuration.domains[case.domain]
    alone = replace(case.configuration, domains={case.domain: domain}, default=None)
    found = [await _record(case, each) for each in records(alone, [_SOMEWHERE])]
    return [each for each in found if each]


async def _has_address(case: Case, name: str) -> bool:
    return any(each.values for each in await case.resolver.addresses(name))


async def _record(case: Case, wanted: RecordSet) -> Finding | None:
    subject = f"{wanted.name} {wanted.type}"
    if wanted.type in ("A", "AAAA", "CNAME"):
        lookups = await case.resolver.addresses(wanted.name)
        if any(each.values or each.status == "no answer" for each in lookups):
            return None
        should = wanted.values[0] if wanted.type == "CNAME" else "the server's address"
        code = "dns-missing" if wanted.name.partition(".")[0] != "ua-auto-config" else _OPTIONAL
        return finding(code, subject, values=should)
    lookup = await case.look_up(wanted.name, wanted.type)
    should, shown = "; ".join(wanted.values), "; ".join(lookup.values)
    if lookup.status == "no answer":
        return None  # `_discovery` says so
    if wanted.type == "SRV":
        ours = replace(lookup, values=wanted.values)
        if set(_endpoints(ours)) == set(_endpoints(lookup)):
            return None  # a service that is not offered needs no record that says so
    elif set(wanted.values) <= set(lookup.values):
        return None
    if not lookup.values:
        name = case.host("autodiscover")
        needed = wanted.name.startswith("_autodiscover.") and not await _has_address(case, name)
        return finding("dns-missing" if needed else _OPTIONAL, subject, values=should)
    return finding("dns-wrong", subject, values=should, found=shown)
