"""A domain that is live: what clients are told there, by the doctor's replays."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator

from ..doctor.case import Case
from ..doctor.data import Exchange, Outcome
from ..doctor.known import raw_servers
from ..doctor.replays import REPLAYS
from ..doctor.replays.outlook import SAFE
from ..inventory.addresses import pattern_of
from . import mozilla, pox
from .draft import Draft, Raw, Source, SourceError

_MAIL = "imap", "pop3", "smtp"
_GUESSED = "srv", "windows-mail", "pacc", "apple"  # what they end with, no document says in full


async def find(case: Case) -> Source:
    """What the domain tells clients. Raises SourceError where it tells nothing."""
    case.outcomes = tuple(await asyncio.gather(*(replay(case) for replay in REPLAYS)))
    chosen, source = _chosen(case)
    left = [f"{case.domain}: {line}" for line in (*source.left, *_others(case, chosen))]
    return Source(source.drafts, tuple(left))


def _chosen(case: Case) -> tuple[Outcome, Source]:
    """The document of the first client that finds one, Autoconfig's before Autodiscover's."""
    documents = [(each, _answer(each)) for each in case.outcomes if each.client not in _GUESSED]
    for is_config in (True, False):
        for outcome, answer in documents:
            if answer and (b"clientConfig" in answer.body) == is_config:
                return outcome, _read(case, answer, is_config)
    for outcome in case.outcomes:
        if outcome.client == "srv" and outcome.settings:
            servers = raw_servers(outcome.settings, case.address)
            line = "SRV records alone: they have no user name; taken is the address"
            return outcome, Source((Draft((case.domain,), tuple(servers)),), (line,))
    for outcome in case.outcomes:
        if outcome.verdict == "log-in" and _host(outcome.source).endswith(SAFE):
            return outcome, Source((Draft((case.domain,), provider="microsoft365"),))
    why = next((f": {each.why}" for each in case.outcomes if each.verdict == "log-in"), "")
    raise SourceError(
        f"{case.domain}: no client finds settings{why}; `mail-autoconfig doctor {case.domain}` "
        "says what is wrong"
    )


def _answer(outcome: Outcome) -> Exchange | None:
    """The answer that a client's settings are from."""
    if not outcome.settings:
        return None
    good = (each for each in reversed(outcome.exchanges) if each.status == 200 and not each.error)
    return next((e for e in good if e.request.url.partition("?")[0] == outcome.source), None)


def _read(case: Case, answer: Exchange, is_config: bool) -> Source:
    if not is_config:
        return pox.read(answer.body, (case.domain,), case.address)
    source = mozilla.read(answer.body, (case.domain,))
    drafts = tuple(
        Draft(
            each.domains, tuple(_patterned(raw, case.address) for raw in each.servers), each.extras
        )
        for each in source.drafts
    )
    return Source(drafts, source.left)


def _patterned(raw: Raw, address: str) -> Raw:
    """A server whose answer has the user's own name in the place of a placeholder."""
    user = raw.get("username", "")
    return raw if not user or "{" in user else {**raw, "username": pattern_of(user, address)}


def _others(case: Case, chosen: Outcome) -> Iterator[str]:
    """What other ways say: servers that are not in the chosen document, and log-ins."""
    taken = {(each.type, each.host.lower()) for each in chosen.settings}
    for outcome in case.outcomes:
        more = [
            f"{each.type} {each.host}:{each.port}"
            for each in outcome.settings
            if each.type in _MAIL and (each.type, each.host.lower()) not in taken
        ]
        if more:
            yield f"{outcome.title} ends with {', '.join(more)}, by {outcome.source}"
        if outcome.verdict == "log-in" and outcome is not chosen and not outcome.settings:
            yield f"{outcome.title} is answered after a log-in at {outcome.source}: not read"


def _host(url: str) -> str:
    return url.partition("//")[2].partition("/")[0]


async def find_all(cases: Iterable[Case]) -> tuple[Source, ...]:
    """What each domain tells clients, one after the other. Raises SourceError."""
    return tuple([await find(case) for case in cases])
