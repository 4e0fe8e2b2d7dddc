"""One domain under examination: what replays and checks ask with, and what is known so far."""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import dataclass, field, replace
from urllib.parse import urljoin

from ..inventory.hosts import Host, Record, host_of, record_of
from ..inventory.model import Configuration, Domain
from .data import Exchange, Failure, Finding, Lookup, Outcome, Request, Setting
from .fetch import Fetcher
from .order import Accepted
from .resolve import Resolver

_REDIRECTS = 10  # as browsers and Outlook have it, or less

Visits = dict[Setting, asyncio.Task[tuple[Finding, ...]]]
"""What the mail servers that were asked so far are found to do."""


@dataclass(slots=True)
class Case:
    """A domain and the address that is asked for.

    `domain` is in lower-case A-label form; `address` is the user's, its domain as it was written.
    `configuration` is the inventory where there is one, and `expected` the domain's entry there.
    `password` opens the mailbox of `address`; None: no log-in is tried. `outcomes` are complete
    when checks run. `visits` are those to mail servers, which the cases of one run share: many
    domains have the same. After the `deadline` (time.monotonic) no new request is sent.
    `accepted` is what the user takes as it is.
    """

    domain: str
    address: str
    fetcher: Fetcher
    resolver: Resolver
    configuration: Configuration | None = None
    password: str | None = field(default=None, repr=False)
    visits: Visits = field(default_factory=dict, repr=False)
    outcomes: tuple[Outcome, ...] = ()
    deadline: float = math.inf
    accepted: tuple[Accepted, ...] = ()
    _asked: dict[Request, asyncio.Task[Exchange]] = field(default_factory=dict, repr=False)

    @property
    def expected(self) -> Domain | None:
        """What the inventory says of the domain."""
        return self.configuration.find(self.domain) if self.configuration else None

    @property
    def localpart(self) -> str:
        """The part of the address before its last @."""
        return self.address.rpartition("@")[0]

    def host(self, kind: Host) -> str:
        """A host name at which clients ask for the domain."""
        return host_of(kind, self.domain)

    def record(self, kind: Record) -> str:
        """The name of a record about the domain."""
        return record_of(kind, self.domain)

    async def ask(self, request: Request) -> Exchange:
        """The exchange; the same request is sent once, however many clients send it."""
        if request not in self._asked:
            if time.monotonic() > self.deadline:
                text = "not asked: the requests before it took too long"
                return Exchange(request, error=Failure("protocol", text))
            self._asked[request] = asyncio.create_task(self.fetcher.fetch(request))
        return await self._asked[request]

    async def log_in_at(self, challenge: Exchange) -> Exchange | None:
        """The answer to the same request with the password; None where none is to be sent.

        It goes over https with a verified certificate, by Basic alone, and to no host but those of
        the domain: who answers for another may have been named by a redirect.
        """
        host = challenge.request.host
        own = host == self.domain or host.endswith(f".{self.domain}")
        if (
            self.password is None
            or not own
            or challenge.request.scheme != "https"
            or not challenge.vouched
            or "basic" not in challenge.schemes
        ):
            return None
        return await self.fetcher.fetch(challenge.request, (self.address, self.password))

    async def follow(self, request: Request) -> tuple[Exchange, ...]:
        """The exchange and those of its redirects, which are followed as browsers do it.

        301, 302 and 303 make a GET of a POST (RFC 9110, section 15.4). The last one may still be
        a redirect: after ten, or in a loop.
        """
        exchanges = [await self.ask(request)]
        while exchanges[-1].redirects and len(exchanges) <= _REDIRECTS:
            request = redirected(exchanges[-1])
            if any(each.request == request for each in exchanges):
                break
            exchanges.append(await self.ask(request))
        return tuple(exchanges)

    async def look_up(self, name: str, type_: str) -> Lookup:
        """The records of a name."""
        return await self.resolver.look_up(name, type_)

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """All that was asked and answered so far."""
        return tuple(task.result() for task in self._asked.values() if task.done())

    @property
    def published(self) -> tuple[Setting, ...]:
        """Each server that a client was told of, once, in the order found."""
        settings = (setting for outcome in self.outcomes for setting in outcome.settings)
        return tuple(dict.fromkeys(settings))


def redirected(exchange: Exchange) -> Request:
    """The request that follows an answer with a Location."""
    try:
        url = urljoin(exchange.request.url, exchange.location)
    except ValueError:  # then asking says that it is no URL
        url = exchange.location
    request = replace(exchange.request, url=url)
    if exchange.status in (301, 302, 303) and request.method == "POST":
        return Request("GET", request.url)
    return request
