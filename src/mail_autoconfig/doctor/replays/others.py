"""Evolution, KMail and Delta Chat: one request after the other."""

from __future__ import annotations

import hashlib
from urllib.parse import quote

from ...formats.words import POX_PATH
from ..answers import AnswerError, autoconfig, pox
from ..case import Case
from ..data import Exchange, Outcome, Request, Setting
from .asked import Asked
from .thunderbird import REMEDY as _REMEDY
from .thunderbird import config_urls


async def replay_evolution(case: Case) -> Outcome:
    """Each name over https and at once over plain http (Evolution 3.56).

    Compared with Evolution's library by tests/e2e/test_replay.py.
    """
    asked = Asked(case, "evolution", "Evolution", "warning")
    digest = hashlib.md5(case.address.encode(), usedforsecurity=False).hexdigest()
    query = f"?emailaddress={quote(case.address, safe='')}&emailmd5={digest}"
    https_own, https_known, http_own, http_known = config_urls(case.domain, query)
    return await _in_order(asked, (https_own, http_own, https_known, http_known))


async def replay_kmail(case: Case) -> Outcome:
    """https, plain http, then https at the domain itself, all without the address (KMail 22.12).

    It goes on where there is no connection, and ends at the first answer, right or wrong.
    Compared with KDE's ispdb by tests/e2e/test_replay.py.
    """
    asked = Asked(case, "kmail", "KMail", "warning")
    https_own, https_known, http_own, _http_known = config_urls(case.domain)
    for url in (https_own, http_own, https_known):
        exchange = await asked.follow(Request("GET", url))
        if settings := _read(asked, exchange):
            return asked.found(settings)
        if exchange.status:
            break
    return asked.failed(_REMEDY)


async def replay_delta_chat(case: Case) -> Outcome:
    """https only; the address goes to `autoconfig.` only; then Autodiscover, by GET.

    Compared with Delta Chat's core by tests/e2e/test_replay.py.
    """
    asked = Asked(case, "delta-chat", "Delta Chat", "warning")
    query = f"?emailaddress={quote(case.address, safe='')}"
    urls = config_urls(case.domain, query)[0], config_urls(case.domain)[1]
    for url in urls:
        exchange = await asked.follow(Request("GET", url))
        if settings := _read(asked, exchange):
            return asked.found(settings)
    for host in (case.domain, case.host("autodiscover")):
        exchange = await asked.follow(Request("GET", f"https://{host}{POX_PATH}"))
        try:
            settings = pox(exchange, case.address, strict=False).settings
        except AnswerError as error:
            asked.miss(exchange, str(error))
            continue
        asked.hit(exchange)
        return asked.found(settings)
    return asked.failed(_REMEDY)


async def _in_order(asked: Asked, urls: tuple[str, ...]) -> Outcome:
    for url in urls:
        if settings := _read(asked, await asked.follow(Request("GET", url))):
            return asked.found(settings)
    return asked.failed(_REMEDY)


def _read(asked: Asked, exchange: Exchange) -> tuple[Setting, ...]:
    try:
        settings = autoconfig(exchange, asked.case.address)
    except AnswerError as error:
        asked.miss(exchange, str(error))
        return ()
    asked.hit(exchange)
    return settings
