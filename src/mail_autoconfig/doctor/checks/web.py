"""The web servers that answer mail clients: TLS, status, redirects, any case, and the answers."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from urllib.parse import quote

from ...formats.pox import request as pox_request
from ...formats.words import CONFIG_PATH, POX_PATH
from ..case import Case, redirected
from ..catalogue import finding
from ..data import Exchange, Finding, Request, Setting
from ..fetch import LONGEST_ANSWER, TIMEOUT
from ..replays.outlook import post
from .connect import CONNECT, reach
from .grammar import Format, Reading, disagreements, read
from .tls import Contexts, examine

OTHER_CASES = (
    "/Autodiscover/Autodiscover.xml",
    "/AutoDiscover/AutoDiscover.xml",
    "/AUTODISCOVER/AUTODISCOVER.XML",
)
"""As Microsoft's clients and exchangelib write the path, and as nobody does yet."""

_REDIRECTS = 10
# Replays that read other formats than Autoconfig and Autodiscover.
_OTHER_FORMATS = "apple", "pacc"
# Where https fails in one of these ways, http may be the only way that is meant.
_NO_HTTPS = "port-closed", "port-silent", "tls-none", "tls-wrong-name", "tls-name-refused"


@dataclass(frozen=True, slots=True)
class _Chain:
    """A request and the redirects on the way to its answer."""

    exchanges: tuple[Exchange, ...]
    findings: tuple[Finding, ...]
    reading: Reading | None = None

    @property
    def all_findings(self) -> tuple[Finding, ...]:
        return self.findings + (self.reading.findings if self.reading else ())

    @property
    def is_good(self) -> bool:
        return self.reading is not None and self.reading.is_good

    @property
    def subject(self) -> str:
        return _shown(self.exchanges[0].request.url)


async def check_web(case: Case) -> list[Finding]:
    """All about the hosts that answer for a domain, and whether their answers agree."""
    hosts = await autodiscover_hosts(case)
    parts = await asyncio.gather(_autoconfig(case), *(_autodiscover(case, host) for host in hosts))
    found = [each for part in parts for each in part]
    config = await ask_config(case)
    for host in hosts:
        pox = await ask_pox(case, host)
        if config.reading and pox.reading:
            found += disagreements(pox.subject, config.subject, pox.reading, config.reading)
    if config.reading and config.reading.settings:
        for outcome in case.outcomes:
            if outcome.client in _OTHER_FORMATS and outcome.settings:
                other = Reading((), outcome.settings)
                found += disagreements(outcome.source, config.subject, other, config.reading)
    return list(dict.fromkeys(found))


async def published(case: Case) -> tuple[Setting, ...]:
    """Each server that an answer or a client names, once; Autoconfig's word before Autodiscover's.

    Those of `vouched_for` come first.
    """
    found: dict[tuple[object, ...], Setting] = {}
    for each in (*await vouched_for(case), *case.published):
        key = (each.type, each.host, each.port, each.security, each.username, each.url)
        found.setdefault(key, each)
    return tuple(found.values())


async def vouched_for(case: Case) -> tuple[Setting, ...]:
    """The servers that answers name which came by https, from first to last redirect.

    Who could forge another answer could collect passwords: no other server gets one.
    """
    chains = [await ask_config(case)]
    chains += [await ask_pox(case, host) for host in await autodiscover_hosts(case)]
    return tuple(
        setting
        for chain in chains
        if chain.reading and all(each.request.url.startswith("https:") for each in chain.exchanges)
        for setting in chain.reading.settings
    )


async def autodiscover_hosts(case: Case) -> tuple[str, ...]:
    """The hosts that answer Outlook: `autodiscover.`, the SRV record's target, the domain."""
    candidates = [case.host("autodiscover")]
    for value in (await case.look_up(case.record("_autodiscover._tcp"), "SRV")).values:
        port, target = value.split()[2:4]
        if port == "443":  # others: `names` says so
            candidates.append(target.rstrip(".").lower())
    if case.configuration and case.expected and case.expected.apex:
        candidates.append(case.domain)
    return tuple([host for host in dict.fromkeys(candidates) if await _exists(case, host)])


async def _exists(case: Case, host: str) -> bool:
    lookups = await case.resolver.addresses(host)
    return any(each.status in ("found", "no answer") or each.aliases for each in lookups)


async def ask_config(case: Case, scheme: str = "https") -> _Chain:
    """Autoconfig's request at `autoconfig.`, as Thunderbird sends it."""
    query = f"?emailaddress={quote(case.address, safe='')}"
    url = f"{scheme}://{case.host('autoconfig')}{CONFIG_PATH}{query}"
    return await _chain(case, Request("GET", url), "config")


async def ask_pox(case: Case, host: str, path: str = POX_PATH, scheme: str = "https") -> _Chain:
    """Autodiscover's request, as Outlook sends it."""
    request = post(f"{scheme}://{host}{path}", pox_request(case.address))
    return await _chain(case, request, "pox")


async def _chain(case: Case, request: Request, format_: Format) -> _Chain:
    """Ask and follow redirects as Outlook does: what was a POST stays one."""
    exchanges = [await case.ask(request)]
    while exchanges[-1].redirects and len(exchanges) <= _REDIRECTS:
        url = redirected(exchanges[-1]).url
        following = Request(request.method, url, request.body, request.headers)
        if any(each.request == following for each in exchanges):
            break
        exchanges.append(await case.ask(following))
    found = tuple(_way(exchanges, format_))
    last = exchanges[-1]
    reading = None
    if last.status == 200 and not last.error:
        reading = read(last, format_, case.address)
    return _Chain(tuple(exchanges), found, reading)


def _way(exchanges: list[Exchange], format_: Format) -> Iterator[Finding]:
    """What is wrong on the way to an answer, and with its status."""
    for each, following in pairwise(exchanges):
        here, there = each.request, following.request
        location = _shown(following.request.url)
        if (here.scheme, there.scheme) == ("https", "http"):
            yield finding("web-redirect-plain", _shown(each.request.url), location=location)
        elif here.host != there.host and format_ == "pox":
            yield finding("web-redirect-elsewhere", _shown(each.request.url), location=location)
    last = exchanges[-1]
    subject = _shown(last.request.url)
    if any(each.limited or each.status == 429 for each in exchanges):
        yield finding("web-rate-limit", subject)
    if last.error:
        yield failure(last)
    elif last.redirects:
        yield finding("web-redirect-loop", subject, location=_shown(redirected(last).url))
    elif last.status == 401:
        yield finding("web-asks-password", subject)
    elif last.status not in (200, 429):
        yield finding("web-status", subject, status=last.status)


def failure(exchange: Exchange) -> Finding:
    """Say why there is no answer."""
    assert exchange.error  # noqa: S101  # for mypy: the caller's word
    subject = _shown(exchange.request.url)
    if exchange.error.kind == "size":
        return finding("answer-too-big", subject, octets=LONGEST_ANSWER)
    if exchange.error.kind == "timeout":
        return finding("web-silent", subject, seconds=f"{TIMEOUT:g}")
    if exchange.error.kind == "private":
        return finding("address-private", subject, text=exchange.error.text)
    return finding("web-broken", subject, text=exchange.error.text)


async def _autoconfig(case: Case) -> list[Finding]:
    host = case.host("autoconfig")
    if not await _exists(case, host):
        return []
    found = list(await _tls(case, host))
    faults = {each.code for each in found if each.severity == "error"}
    if not faults:
        return found + list((await ask_config(case)).all_findings)
    plain = await ask_config(case, "http")
    if faults <= set(_NO_HTTPS) and plain.is_good:
        # So it is meant for domains that are found by SRV: Thunderbird asks http too.
        if case.configuration and case.expected and case.expected.discovery == "srv":
            return []
        return [finding("autoconfig-http-only", f"http://{host}")]
    return found


async def _autodiscover(case: Case, host: str) -> list[Finding]:
    found = list(await _tls(case, host))
    faults = {each.code for each in found if each.severity == "error"}
    if faults:
        return await _over_http(case, host) or found if faults <= set(_NO_HTTPS) else found
    chain = await ask_pox(case, host)
    found += chain.all_findings
    if chain.reading:
        found += await _other_cases(case, host)
    plain = await case.ask(Request("GET", f"http://{host}{POX_PATH}"))
    if plain.status == 200:
        found.append(finding("web-no-redirect", _shown(plain.request.url), host=host))
    return found


async def _over_http(case: Case, host: str) -> list[Finding]:
    """What http says where https does not answer: often another host, as with Microsoft's names."""
    plain = await case.ask(Request("GET", f"http://{host}{POX_PATH}"))
    there = redirected(plain) if plain.redirects else plain.request
    if there.url.startswith("https://") and there.host != host:
        location = _shown(there.url)
        followed = await _chain(case, post(there.url, pox_request(case.address)), "pox")
        return [
            finding("autodiscover-by-http", f"http://{host}", location=location),
            *followed.all_findings,
        ]
    if (await ask_pox(case, host, scheme="http")).is_good:
        return [finding("autodiscover-http-only", f"http://{host}")]
    return []


async def _other_cases(case: Case, host: str) -> list[Finding]:
    chains = await asyncio.gather(*(ask_pox(case, host, path) for path in OTHER_CASES))
    return [
        finding("web-case", chain.subject, status=chain.exchanges[-1].status)
        for chain in chains
        if chain.exchanges[-1].status not in (200, 429) and not chain.exchanges[-1].error
    ]


async def _tls(case: Case, host: str) -> tuple[Finding, ...]:
    subject = f"https://{host}"
    address, found = await reach(subject, host, 443, case.fetcher)
    if address is None:
        return found

    async def handshake(context: ssl.SSLContext) -> ssl.SSLObject:
        async with asyncio.timeout(CONNECT):
            _reader, writer = await asyncio.open_connection(
                address, case.fetcher.port(443), ssl=context, server_hostname=host
            )
        try:
            tls = writer.get_extra_info("ssl_object")
            assert isinstance(tls, ssl.SSLObject)  # noqa: S101  # for mypy: so asyncio has it
            return tls
        finally:
            writer.transport.abort()

    contexts = Contexts.trusting(case.fetcher.ca)
    return found + await examine(subject, host, handshake, contexts, datetime.now(UTC))


def _shown(url: str) -> str:
    """A URL without its query, which may contain an address."""
    return url.partition("?")[0]
