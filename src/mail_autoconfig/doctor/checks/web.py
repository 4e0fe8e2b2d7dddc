"""The web servers that answer mail clients: TLS, each address, any case, and the answers."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

from ...formats.pox import request as pox_request
from ...formats.words import POX_PATH
from ..case import Case, redirected
from ..catalogue import finding
from ..data import Finding, Request
from ..replays.agents import AGENTS
from ..replays.outlook import SAFE, post
from .asking import Chain, ask_config, ask_pox, autodiscover_hosts, chain, exists, shown
from .connect import CONNECT, merged, reach_all
from .tls import Contexts, examine

OTHER_CASES = (
    "/Autodiscover/Autodiscover.xml",
    "/AutoDiscover/AutoDiscover.xml",
)
"""As Microsoft's clients and exchangelib write the path."""

_NOT_THERE = 404, 405, 410
_POST_REFUSED = 400, 403, 404, 411, 419, 501  # 419 is Laravel's, for a form without its token
# Where https fails in one of these ways, http may be the only way that is meant.
_NO_HTTPS = "port-closed", "port-silent", "tls-none", "tls-wrong-name", "tls-name-refused"
_BAD_CERTIFICATE = (
    *("tls-expired", "tls-not-yet", "tls-self-signed", "tls-untrusted", "tls-incomplete"),
    *("tls-invalid", "tls-wrong-name"),
)

Ask = Callable[[str], Awaitable[Chain]]
"""Asks at one address of a host."""


async def check_web(case: Case) -> list[Finding]:
    """All about the hosts that answer for a domain."""
    hosts = await autodiscover_hosts(case)
    parts = await asyncio.gather(
        _autoconfig(case), *(_autodiscover(case, host) for host in hosts), _domain_itself(case)
    )
    found = [each for part in parts for each in part]
    found += _by_agent(case, [await ask_config(case), *[await ask_pox(case, h) for h in hosts]])
    return list(dict.fromkeys(found))


async def _autoconfig(case: Case) -> list[Finding]:
    host = case.host("autoconfig")
    if not await exists(case, host):
        return []
    addresses, tls = await _tls(case, host)
    found = [*tls, *await _each_address(host, addresses, lambda at: ask_config(case, at=at))]
    faults = {each.code for each in tls if each.severity == "error"} - {"address-differs"}
    if not faults - {"address-dead"}:
        return found + list((await ask_config(case)).all_findings)
    plain = await ask_config(case, "http")
    if faults <= set(_NO_HTTPS) and plain.is_good:
        # So it is meant for domains that are found by SRV: Thunderbird asks http too.
        if case.configuration and case.expected and case.expected.discovery == "srv":
            return []
        return [finding("autoconfig-http-only", f"http://{host}", host=host)]
    return found


async def _autodiscover(case: Case, host: str) -> list[Finding]:
    addresses, tls = await _tls(case, host)
    found = [*tls, *await _each_address(host, addresses, lambda at: ask_pox(case, host, at=at))]
    faults = {each.code for each in tls if each.severity == "error"} - {"address-differs"}
    if faults - {"address-dead"}:
        return await _over_http(case, host) or found if faults <= set(_NO_HTTPS) else found
    asked = await ask_pox(case, host)
    found += await _refused_alone(case, asked) or asked.all_findings
    if asked.reading:
        found += await _other_cases(case, host)
    plain = await case.ask(Request("GET", f"http://{host}{POX_PATH}"))
    if plain.status == 200:
        found.append(finding("web-no-redirect", shown(plain.request.url), host=host))
    return found


async def _refused_alone(case: Case, asked: Chain) -> list[Finding]:
    """POST that is refused where GET has the settings: as frameworks and static servers do it."""
    last = asked.exchanges[-1]
    if last.status not in _POST_REFUSED:
        return []
    got = await chain(case, Request("GET", last.request.url), "pox")
    return [finding("web-post-refused", asked.subject, status=last.status)] if got.is_good else []


async def _each_address(host: str, addresses: Sequence[str], ask: Ask) -> list[Finding]:
    """Whether all addresses of a host that speak TLS well answer alike."""
    if len(addresses) < 2:
        return []
    chains = dict(zip(addresses, await asyncio.gather(*map(ask, addresses)), strict=True))
    texts = {at: _in_short(each) for at, each in chains.items()}
    good = [at for at in addresses if chains[at].is_good] or list(addresses)
    usual = texts[good[0]]
    return [
        finding("address-differs", f"https://{host}", host=host, address=at, text=text, usual=usual)
        for at, text in texts.items()
        if text != usual
    ]


def _in_short(asked: Chain) -> str:
    """What an answer comes to, in a few words."""
    for each in asked.all_findings:
        if each.severity == "error":
            return each.what
    hosts = dict.fromkeys(f"{each.type} {each.host}" for each in asked.settings if each.host)
    return "settings for " + ", ".join(hosts) if hosts else f"status {asked.exchanges[-1].status}"


async def _domain_itself(case: Case) -> list[Finding]:
    """The certificate that Outlook meets first: at the domain itself."""
    if not await exists(case, case.domain):
        return []
    _addresses, tls = await _tls(case, case.domain)
    return [
        finding("tls-domain-itself", each.subject, text=each.what, domain=case.domain)
        for each in tls
        if each.code in _BAD_CERTIFICATE
    ]


async def _over_http(case: Case, host: str) -> list[Finding]:
    """What http says where https does not answer: often another host, as with Microsoft's names."""
    plain = await case.ask(Request("GET", f"http://{host}{POX_PATH}"))
    there = redirected(plain) if plain.redirects else plain.request
    if there.url.startswith("https://") and there.host != host:
        location = shown(there.url)
        followed = await chain(case, post(there.url, pox_request(case.address)), "pox")
        code = "autodiscover-microsoft" if there.host.endswith(SAFE) else "autodiscover-by-http"
        subject = f"http://{host}"
        return [finding(code, subject, location=location, host=host), *followed.all_findings]
    if (await ask_pox(case, host, scheme="http")).is_good:
        return [finding("autodiscover-http-only", f"http://{host}", host=host)]
    return []


async def _other_cases(case: Case, host: str) -> list[Finding]:
    chains = await asyncio.gather(*(ask_pox(case, host, path) for path in OTHER_CASES))
    return [
        finding("web-case", each.subject, status=each.exchanges[-1].status)
        for each in chains
        if each.exchanges[-1].status in _NOT_THERE
    ]


def _by_agent(case: Case, chains: Sequence[Chain]) -> list[Finding]:
    """Clients that are refused, by the name that they give, what others are told."""
    good = {
        (each.request.method, shown(each.request.url))
        for chain_ in chains
        if chain_.is_good
        for each in chain_.exchanges
    }
    return [
        finding(
            "web-user-agent",
            shown(each.request.url),
            client=outcome.title,
            text=each.error.text if each.error else f"status {each.status}",
            agent=AGENTS[outcome.client],
        )
        for outcome in case.outcomes
        if AGENTS.get(outcome.client)
        for each in outcome.exchanges
        if (each.request.method, shown(each.request.url)) in good
        and (each.error or each.status >= 400)
        and not (each.limited or each.status == 429)
    ]


async def _tls(case: Case, host: str) -> tuple[list[str], tuple[Finding, ...]]:
    """The addresses with good TLS, and what is wrong with the others."""
    subject = f"https://{host}"
    fetcher = case.fetcher
    live, dead = await reach_all(subject, host, 443, fetcher)

    async def at(address: str) -> tuple[Finding, ...]:
        async def handshake(context: ssl.SSLContext) -> ssl.SSLObject:
            async with fetcher.talks, asyncio.timeout(CONNECT):
                _reader, writer = await asyncio.open_connection(
                    address, fetcher.port(443), ssl=context, server_hostname=host
                )
            try:
                tls = writer.get_extra_info("ssl_object")
                assert isinstance(tls, ssl.SSLObject)  # noqa: S101  # for mypy: so asyncio has it
                return tls
            finally:
                writer.transport.abort()

        contexts = Contexts.trusting(fetcher.ca)
        now = datetime.now(UTC)
        return await examine(subject, host, handshake, contexts, now, fetcher.certificates)

    found = dict(zip(live, await asyncio.gather(*map(at, live)), strict=True))
    good = [
        address for address in live if not any(each.severity == "error" for each in found[address])
    ]
    return good, (*dead, *merged(subject, host, found))
