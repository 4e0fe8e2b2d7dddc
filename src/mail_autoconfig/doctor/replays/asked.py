"""What one client asks, in its order, and why it went on from each answer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace

from ..case import Case
from ..data import Exchange, Lookup, Outcome, Request, Setting, Severity, Verdict
from .agents import AGENTS

_AGENT = "User-Agent"
_MOST_TARGETS = 20  # of SRV records


class Asked:
    """Collects the requests and look-ups of a replay, and makes its outcome of them."""

    def __init__(self, case: Case, client: str, title: str, gravity: Severity) -> None:
        """`client`, `title` and `gravity` are those of the Outcome."""
        self.case = case
        self._client = client
        self._title = title
        self._gravity = gravity
        self.exchanges: list[Exchange] = []
        self.lookups: list[Lookup] = []
        self._misses: dict[str, str] = {}
        self._source = ""

    def _named(self, request: Request) -> Request:
        """The request with the client's own name, if it is known."""
        if self._client not in AGENTS or any(name == _AGENT for name, _text in request.headers):
            return request
        named = (*request.headers, (_AGENT, AGENTS[self._client]))
        return replace(request, headers=named)

    async def one(self, request: Request) -> Exchange:
        """Ask once, redirects not followed."""
        exchange = await self.case.ask(self._named(request))
        self.exchanges.append(exchange)
        return exchange

    async def follow(self, request: Request) -> Exchange:
        """Ask and follow redirects; return the last answer."""
        exchanges = await self.case.follow(self._named(request))
        self.exchanges += exchanges
        return exchanges[-1]

    async def all(self, requests: Iterable[Request]) -> list[Exchange]:
        """Ask all at once, redirects followed; the last answers, in the order of the requests."""
        chains = await asyncio.gather(
            *(self.case.follow(self._named(request)) for request in requests)
        )
        self.exchanges += [exchange for chain in chains for exchange in chain]
        return [chain[-1] for chain in chains]

    async def look_up(self, name: str, type_: str) -> Lookup:
        """Ask the DNS."""
        lookup = await self.case.look_up(name, type_)
        self.lookups.append(lookup)
        return lookup

    async def service(self, name: str) -> tuple[str, int] | None:
        """The host and the port of the first SRV record of a name (RFC 2782), if it has one."""
        lookup = await self.look_up(name, "SRV")
        records = sorted(value.split() for value in lookup.values)
        targets = sorted(
            (int(priority), -int(weight), target.rstrip("."), int(port))
            for priority, weight, port, target in records
            if target != "."
        )
        if not targets:
            self._misses[f"SRV {name}"] = lookup.status if not records else "not offered"
            return None
        return targets[0][2].lower(), targets[0][3]

    def miss(self, exchange: Exchange, why: str) -> None:
        """An answer that the client can't use."""
        request = exchange.request
        self._misses[f"{request.method} {request.url.partition('?')[0]}"] = why

    def hit(self, source: Exchange | str) -> None:
        """The answer, or the record set, that the settings are from."""
        self._source = source if isinstance(source, str) else source.request.url.partition("?")[0]

    @property
    def reasons(self) -> str:
        """Why each answer was none, in the order asked; what shares a reason shares its words."""
        found: dict[str, list[str]] = {}
        for asked, why in self._misses.items():
            found.setdefault(why, []).append(asked)
        return "; ".join(f"{', '.join(asked)}: {why}" for why, asked in found.items())

    def found(self, settings: tuple[Setting, ...]) -> Outcome:
        """The outcome of a client that finds settings without a question."""
        return self._outcome("found", f"finds settings at {self._source}", "", settings)

    def after_log_in(self, settings: tuple[Setting, ...], source: Exchange) -> Outcome:
        """The outcome of a client that logs in before it is answered."""
        self.hit(source)
        schemes = ", ".join(sorted(source.schemes)) or "a password"
        why = f"found, after a log-in ({schemes}) at {self._source}"
        return self._outcome("log-in", why, "", settings)

    def asks(self, settings: tuple[Setting, ...], question: str, remedy: str) -> Outcome:
        """The outcome of a client that asks its user on the way to the settings."""
        why = f"finds settings at {self._source}, after a question: {question}"
        return self._outcome("asks", why, remedy, settings)

    def failed(self, remedy: str, why: str = "") -> Outcome:
        """The outcome of a client that finds nothing, by default for the reasons met."""
        outcome = self._outcome("fails", why or self.reasons, remedy, ())
        return outcome if why else replace(outcome, misses=tuple(self._misses.items()))

    def _outcome(
        self, verdict: Verdict, why: str, remedy: str, settings: tuple[Setting, ...]
    ) -> Outcome:
        return Outcome(
            self._client,
            self._title,
            verdict,
            why,
            remedy.replace("DOMAIN", self.case.domain),
            self._source if settings or verdict == "log-in" else "",
            settings,
            tuple(self.exchanges),
            tuple(self.lookups),
            self._gravity,
        )
