"""Classic Outlook for Windows, and the Mail app of Windows 10.

Outlook first tries what nobody else can ask: its cached URL, a local file, the last good URL,
Microsoft 365's own endpoint, the Active Directory. Then the order below (Microsoft, "Autodiscover
service in Outlook"; third parties agree on it; Outlook itself was not observed).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...formats.pox import request as pox_request
from ...formats.words import MOBILESYNC_REQUEST, MOBILESYNC_RESPONSE, POX_PATH
from ...inventory.hosts import host_of, record_of
from ..answers import AnswerError, Pox, mobilesync, pox
from ..case import Case, redirected
from ..data import Exchange, Outcome, Request
from .asked import Asked

_REMEDY = (
    "let a server answer POST at https://autodiscover.DOMAIN/autodiscover/autodiscover.xml with "
    "Autodiscover's XML, as this project's does"
)
_FEWER_QUESTIONS = (
    "let autodiscover.DOMAIN answer by itself over https, or list the host in RedirectServers "
    "(docs/outlook.md)"
)
_CERTIFICATE = "put HOST on the certificate of its web server, and keep it valid"
SAFE = "outlook.com", "office365.com", "hotmail.com"
"""Domains to whose hosts Outlook goes without a question, as its own RedirectServers say."""
_BAD = "the certificate of "
_HOPS = 10  # after which clients stop (MS-OXDSCLI)


def post(url: str, content: bytes) -> Request:
    """A question to Autodiscover."""
    return Request("POST", url, content, (("Content-Type", "text/xml; charset=utf-8"),))


async def replay_outlook(case: Case) -> Outcome:
    """The domain itself, `autodiscover.`, the redirect over plain http, the SRV record."""
    asked = Asked(case, "outlook", "Outlook (classic)", "error")
    questions: list[str] = []
    address, domain = case.address, case.domain
    for _hop in range(_HOPS):
        found = await _outlook_at(asked, address, domain, questions)
        if not found:
            return asked.failed(_REMEDY)
        if not found.redirect_address:
            return _outcome(asked, found, questions)
        address = found.redirect_address
        domain = address.rpartition("@")[2].lower()
    return asked.failed(_REMEDY, "too many redirects from one address to another")


@dataclass(frozen=True, slots=True)
class _Found(Pox):
    """What Autodiscover says; `behind` is the answer that wants a log-in first."""

    behind: Exchange | None = None


def _outcome(asked: Asked, found: _Found, questions: list[str]) -> Outcome:
    if questions:
        remedy = _FEWER_QUESTIONS
        if questions[0].startswith(_BAD):
            remedy = _CERTIFICATE.replace("HOST", questions[0].removeprefix(_BAD).split()[0])
        if found.behind:
            asked.hit(found.behind)
        return asked.asks(found.settings, questions[0], remedy)
    if found.behind:
        return asked.after_log_in(found.settings, found.behind)
    return asked.found(found.settings)


async def _outlook_at(
    asked: Asked, address: str, domain: str, questions: list[str]
) -> _Found | None:
    """What Outlook finds for one address."""
    content = pox_request(address)
    own = host_of("autodiscover", domain)
    for url in (f"https://{domain}{POX_PATH}", f"https://{own}{POX_PATH}"):
        if found := await _asked_at(asked, post(url, content), address, questions):
            return found
    plain = await asked.one(Request("GET", f"http://{own}{POX_PATH}"))
    if plain.redirects:
        following = redirected(plain)
        target = following.url
        if target.startswith("https://"):
            count = len(questions)
            if following.host.endswith(SAFE):  # nor does it mind the certificate on the way there
                questions[:] = [each for each in questions if not each.startswith(_BAD + own)]
            else:
                questions.append(f"may {following.host} configure the account?")
            if found := await _asked_at(asked, post(target, content), address, questions):
                return found
            del questions[count:]
        else:
            asked.miss(plain, f"redirects to {target}, not to https")
    else:
        asked.miss(plain, "no redirect to https")
    if server := await asked.service(record_of("_autodiscover._tcp", domain)):
        host, port = server
        where = host if port == 443 else f"{host}:{port}"
        questions.append(f"may {host} configure the account?")
        request = post(f"https://{where}{POX_PATH}", content)
        if found := await _asked_at(asked, request, address, questions):
            return found
    return None


async def _asked_at(
    asked: Asked, request: Request, address: str, questions: list[str]
) -> _Found | None:
    """What a URL says, redirects of both kinds followed."""
    for _hop in range(_HOPS):
        exchange = await _posted(asked, request)
        if exchange.error and exchange.error.kind == "certificate":
            # Outlook shows it to the user, who may continue; nothing of it is trusted here.
            questions.append(f"{_BAD}{exchange.request.host} is not valid; continue?")
        if exchange.status == 401:
            if exchange.asks_log_in:
                return await _behind(asked, exchange)
            asked.miss(exchange, "status 401, without a way to log in")
            return None
        try:
            found = pox(exchange, address)
        except AnswerError as error:
            asked.miss(exchange, str(error))
            return None
        if not found.redirect_url:
            asked.hit(exchange)
            return _Found(found.settings, "", found.redirect_address)
        if not found.redirect_url.lower().startswith("https://"):
            asked.miss(exchange, f"redirects to {found.redirect_url}, not to https")
            return None
        request = replace(request, url=found.redirect_url)
    asked.miss(exchange, "too many redirects")
    return None


async def _behind(asked: Asked, exchange: Exchange) -> _Found:
    """What is behind a log-in; without a password, that there is one."""
    answer = await asked.case.log_in_at(exchange)
    if answer is None:
        return _Found(behind=exchange)
    try:
        settings = pox(answer, asked.case.address).settings
    except AnswerError:  # Exchange's own protocols, which name no mail server
        settings = ()
    return _Found(settings, behind=exchange)


async def _posted(asked: Asked, request: Request) -> Exchange:
    """The answer to a POST, which stays a POST where https redirects."""
    exchange = await asked.one(request)
    for _hop in range(_HOPS):
        target = redirected(exchange).url if exchange.redirects else ""
        if not target.startswith("https://"):
            break
        exchange = await asked.one(replace(request, url=target))
    return exchange


async def replay_windows_mail(case: Case) -> Outcome:
    """The Mail app of Windows 10, "Exchange": it asks for an ActiveSync server.

    As far as known from third parties; for IMAP it asks Microsoft's service, not the domain.
    Microsoft ended it in 2024, so it weighs nothing.
    """
    asked = Asked(case, "windows-mail", "Mail of Windows 10", "ok")
    content = pox_request(case.address, MOBILESYNC_REQUEST, MOBILESYNC_RESPONSE)
    for host in (case.domain, case.host("autodiscover")):
        exchange = await _posted(asked, post(f"https://{host}{POX_PATH}", content))
        try:
            setting = mobilesync(exchange)
        except AnswerError as error:
            asked.miss(exchange, str(error))
        else:
            asked.hit(exchange)
            return asked.found((setting,))
    why = f"no ActiveSync: {asked.reasons}; for IMAP it asks Microsoft, not the domain"
    return asked.failed("", why)
