"""Thunderbird, on the desktop and on Android.

Sources: Thunderbird 153's FetchConfig, FindConfig and ExchangeAutoDiscover, whose requests
tests/e2e/test_replay.py compares with these; Thunderbird for Android's autodiscovery modules.
Mozilla's data base is left out: it is not the domain's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from ...formats.pox import request as pox_request
from ...formats.words import CONFIG_PATH, POX_PATH, WELL_KNOWN_CONFIG_PATH
from ...inventory.hosts import host_of, record_of
from ..answers import XML_TYPES, AnswerError, Pox, autoconfig, pox
from ..case import Case
from ..data import Exchange, Outcome, Request, Setting
from .asked import Asked
from .outlook import SAFE, post
from .strict import for_android, for_thunderbird

REMEDY = (
    "put a clientConfig, as text/xml, where https://autoconfig.DOMAIN/mail/config-v1.1.xml finds it"
)
"""What to do where a client of Autoconfig finds nothing."""
Refuse = Callable[[Exchange, str], None]
_PATIENCE = 5.0  # seconds that Thunderbird waits for an answer
_REDIRECTED_ADDRESSES = 2


def config_urls(domain: str, query: str = "") -> tuple[str, ...]:
    """Where Autoconfig is looked for, in the order of Mozilla's documentation."""
    places = (
        f"{host_of('autoconfig', domain)}{CONFIG_PATH}",
        f"{domain}{WELL_KNOWN_CONFIG_PATH}",
    )
    return tuple(f"{scheme}://{place}{query}" for scheme in ("https", "http") for place in places)


def base_domain(host: str) -> str:
    """The domain that a host name was registered under.

    Clients have the list of public suffixes for it; here a short word before a country's label
    counts as such a suffix (co.uk).
    """
    labels = host.rstrip(".").split(".")
    if len(labels) > 2 and len(labels[-1]) == 2 and len(labels[-2]) <= 3:
        return ".".join(labels[-3:])
    return ".".join(labels[-2:])


async def replay_thunderbird(case: Case) -> Outcome:
    """Autoconfig at the domain, then at its MX's domain, then Autodiscover; all asked at once."""
    asked = Asked(case, "thunderbird", "Thunderbird", "error")
    query = f"?emailaddress={quote(case.address, safe='')}"
    own = await asked.all(Request("GET", url) for url in config_urls(case.domain, query))
    by_mx = await _by_mx(asked, query)
    found_pox = await _autodiscover(asked, case.address, case.domain)
    if settings := _first(asked, own) or _first(asked, by_mx):
        return asked.found(settings)
    for _hop in range(_REDIRECTED_ADDRESSES + 1):
        if found_pox is None:
            return asked.failed(REMEDY)
        if not found_pox.pox.redirect_address:
            break
        address = found_pox.pox.redirect_address
        found_pox = await _autodiscover(asked, address, address.rpartition("@")[2].lower())
    if found_pox and found_pox.exchange.asks_log_in:
        return asked.after_log_in((), found_pox.exchange)
    if found_pox is None or not found_pox.pox.settings:
        return asked.failed(REMEDY)
    asked.hit(found_pox.exchange)
    if found_pox.question:
        return asked.asks(found_pox.pox.settings, found_pox.question, REMEDY)
    return asked.found(found_pox.pox.settings)


async def replay_thunderbird_android(case: Case) -> Outcome:
    """Autoconfig at the domain, then at its MX's domain, without the address."""
    asked = Asked(case, "thunderbird-android", "Thunderbird for Android", "error")
    own = await asked.all(Request("GET", url) for url in config_urls(case.domain))
    by_mx = await _by_mx(asked, "")
    for exchange in (*own, *by_mx):
        if settings := _read(asked, exchange, for_android):
            return asked.found(settings)
    return asked.failed(REMEDY)


async def _by_mx(asked: Asked, query: str) -> list[Exchange]:
    """Autoconfig at the domain above the MX and at the one that was registered, https alone."""
    domain = asked.case.domain
    lookup = await asked.look_up(domain, "MX")
    hosts = sorted((int(value.split()[0]), value.split()[1].rstrip(".")) for value in lookup.values)
    if not hosts or not hosts[0][1]:
        return []
    host = hosts[0][1].lower()
    base = base_domain(host)
    if base == domain:
        return []
    domains = dict.fromkeys((host.partition(".")[2], base))
    return await asked.all(
        Request("GET", f"https://{host_of('autoconfig', each)}{CONFIG_PATH}{query}")
        for each in domains
        if each.endswith(base)
    )


def _first(asked: Asked, exchanges: list[Exchange]) -> tuple[Setting, ...]:
    """The settings of the first answer with status 200; what comes after it does not count."""
    for exchange in exchanges:
        if exchange.seconds > _PATIENCE:
            asked.miss(exchange, f"answers after {exchange.seconds:.0f} seconds")
        elif exchange.error or not 200 <= exchange.status < 300:
            _read(asked, exchange, for_thunderbird)
        else:
            return _read(asked, exchange, for_thunderbird)
    return ()


def _read(asked: Asked, exchange: Exchange, refuse: Refuse) -> tuple[Setting, ...]:
    try:
        settings = autoconfig(exchange, asked.case.address, XML_TYPES)
        refuse(exchange, asked.case.address)
    except AnswerError as error:
        asked.miss(exchange, str(error))
        return ()
    asked.hit(exchange)
    return settings


@dataclass(frozen=True, slots=True)
class _Found:
    pox: Pox
    exchange: Exchange
    question: str


async def _autodiscover(asked: Asked, address: str, domain: str) -> _Found | None:
    """`autodiscover.`, the domain, plain http and its redirect, SRV: the first that answers 200."""
    content, own = pox_request(address), host_of("autodiscover", domain)
    urls = (
        f"https://{own}{POX_PATH}",
        f"https://{domain}{POX_PATH}",
        f"http://{own}{POX_PATH}",
    )
    exchanges = await asked.all(post(url, content) for url in urls)
    answers = [(exchange, "") for exchange in exchanges]
    redirected = exchanges[2].request.url
    if redirected.startswith("https:") and exchanges[2].status != 200:
        # What became a GET on the way is asked as a POST again.
        answers[2] = (await asked.one(post(redirected, content)), _question(redirected, domain))
    if server := await asked.service(record_of("_autodiscover._tcp", domain)):
        url = f"https://{server[0]}{POX_PATH}"  # whatever the record's port is
        answers.append((await asked.one(post(url, content)), _question(url, domain)))
    for exchange, question in answers:
        try:
            found = pox(exchange, address, strict=False, types=XML_TYPES)
        except AnswerError as error:
            if "basic" in exchange.schemes and exchange.asks_log_in:
                return _Found(Pox(), exchange, question)
            asked.miss(exchange, str(error))
            if exchange.status == 200 and not exchange.error:
                return None
        else:
            return _Found(found, exchange, question)
    return None


def _question(url: str, domain: str) -> str:
    base = base_domain(Request("POST", url).host)
    known = base == base_domain(domain) or base in SAFE
    return "" if known else f"may {base} configure the account?"
