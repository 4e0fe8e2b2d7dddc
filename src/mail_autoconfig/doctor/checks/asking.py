"""What the checks ask web servers, in their own name, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import quote

from ...formats.pox import request as pox_request
from ...formats.words import CONFIG_PATH, POX_PATH
from ..case import Case, redirected
from ..catalogue import finding
from ..data import Exchange, Finding, Request, Setting
from ..fetch import LONGEST_ANSWER, TIMEOUT
from ..replays.outlook import SAFE, post
from .grammar import Format, Reading, read
from .status import judged, of_page

_REDIRECTS = 10
_REFUSALS = 403, 406, 429, 503
MOST_SERVERS = 20
"""Servers of one answer that are visited, and targets of one SRV record set."""


@dataclass(frozen=True, slots=True)
class Chain:
    """A request and the redirects on the way to its answer."""

    exchanges: tuple[Exchange, ...]
    findings: tuple[Finding, ...]
    reading: Reading | None = None

    @property
    def all_findings(self) -> tuple[Finding, ...]:
        """Those about the way, and those about the answer."""
        return self.findings + (self.reading.findings if self.reading else ())

    @property
    def is_good(self) -> bool:
        """Whether a client finds settings there."""
        return self.reading is not None and self.reading.is_good

    @property
    def settings(self) -> tuple[Setting, ...]:
        """The servers that the answer names, as far as they are clear."""
        return self.reading.settings if self.reading else ()

    @property
    def subject(self) -> str:
        """The URL that was asked first."""
        return shown(self.exchanges[0].request.url)


async def published(case: Case) -> tuple[Setting, ...]:
    """Each server that an answer or a client names, once; Autoconfig's word before Autodiscover's.

    Those of `vouched_for` come first; of each answer so many count as are visited.
    """
    found: dict[tuple[object, ...], Setting] = {}
    told = (each.settings[:MOST_SERVERS] for each in case.outcomes)
    for each in (*await vouched_for(case), *(setting for some in told for setting in some)):
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
        if all(each.request.url.startswith("https:") and each.vouched for each in chain.exchanges)
        for setting in chain.settings[:MOST_SERVERS]
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
    hosts = dict.fromkeys(candidates[:MOST_SERVERS])
    return tuple([host for host in hosts if await exists(case, host)])


async def exists(case: Case, host: str) -> bool:
    """Whether a name has an address, an alias, or no answer from its name server."""
    lookups = await case.resolver.addresses(host)
    return any(each.status in ("found", "no answer") or each.aliases for each in lookups)


async def ask_config(case: Case, scheme: str = "https", at: str = "", place: str = "") -> Chain:
    """Autoconfig's request at `autoconfig.` or another place, as Thunderbird sends it."""
    query = f"?emailaddress={quote(case.address, safe='')}"
    where = place or f"{case.host('autoconfig')}{CONFIG_PATH}"
    return await chain(case, Request("GET", f"{scheme}://{where}{query}", at=at), "config")


async def ask_pox(
    case: Case, host: str, path: str = POX_PATH, scheme: str = "https", at: str = ""
) -> Chain:
    """Autodiscover's request, as Outlook sends it."""
    found = post(f"{scheme}://{host}{path}", pox_request(case.address))
    request = Request(found.method, found.url, found.body, found.headers, at)
    return await chain(case, request, "pox")


async def chain(case: Case, request: Request, format_: Format) -> Chain:
    """Ask and follow redirects as Outlook does: what was a POST stays one."""
    exchanges = [await _asked(case, request)]
    while exchanges[-1].redirects and len(exchanges) <= _REDIRECTS:
        url = redirected(exchanges[-1]).url
        following = Request(request.method, url, request.body, request.headers)
        if any(each.request == following for each in exchanges):
            break
        exchanges.append(await _asked(case, following))
    last = exchanges[-1]
    reading = None
    if last.status == 200 and not last.error:
        reading = of_page(exchanges, format_) or read(last, format_, case.address)
    return Chain(tuple(exchanges), tuple(_way(exchanges, format_)), reading)


async def _asked(case: Case, request: Request) -> Exchange:
    """What the doctor is told; where it is refused for its own name, what a client is told."""
    exchange = await case.ask(request)
    if exchange.status not in _REFUSALS and not (exchange.error and exchange.status == 0):
        return exchange
    for each in case.exchanges:
        same = (each.request.method, each.request.url, each.request.body, each.request.at)
        if each.status == 200 and same == (request.method, request.url, request.body, request.at):
            return each
    return exchange


def _way(exchanges: list[Exchange], format_: Format) -> Iterator[Finding]:
    """What is wrong on the way to an answer, and with its status."""
    for each, following in pairwise(exchanges):
        here, there = each.request, following.request
        location = shown(following.request.url)
        if (here.scheme, there.scheme) == ("https", "http"):
            yield finding("web-redirect-plain", shown(here.url), location=location)
        elif here.host != there.host and format_ == "pox" and not there.host.endswith(SAFE):
            yield finding("web-redirect-elsewhere", shown(here.url), location=location)
    last = exchanges[-1]
    subject = shown(last.request.url)
    if any(each.limited or each.status == 429 for each in exchanges):
        yield finding("web-rate-limit", subject, host=last.request.host)
    if last.error:
        yield failure(last)
    elif last.redirects:
        yield finding("web-redirect-loop", subject, location=shown(redirected(last).url))
    elif last.status not in (200, 429):
        yield judged(last, format_)


def failure(exchange: Exchange) -> Finding:
    """Say why there is no answer."""
    assert exchange.error  # noqa: S101  # for mypy: the caller's word
    subject = shown(exchange.request.url)
    if exchange.error.kind == "size":
        return finding("answer-too-big", subject, octets=LONGEST_ANSWER)
    if exchange.error.kind == "timeout":
        return finding("web-silent", subject, seconds=f"{TIMEOUT:g}")
    if exchange.error.kind == "private":
        return finding("address-private", subject, text=exchange.error.text)
    return finding("web-broken", subject, text=exchange.error.text, host=exchange.request.host)


def shown(url: str) -> str:
    """A URL without its query, which may contain an address."""
    return url.partition("?")[0]
