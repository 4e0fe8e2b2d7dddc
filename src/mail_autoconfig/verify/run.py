"""Ask a deployed server, and say what is not right.

Three things make all answers right: what the responder says of each domain, the certificate and the
redirect that nginx has for each name, and that nginx passes requests on. nginx limits the rate of
requests, so where the responder can be asked past it, whole requests are asked for a sample: for a
domain of each certificate, since nginx has one server block for each. Elsewhere for all domains.

Of very many domains the responder is asked for the sample alone too, and of the names on one
certificate one is asked for: nginx and the responder have proven before that they have loaded their
files.
"""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

from ..inventory import names
from ..inventory.hosts import HOSTS, host_of
from ..inventory.model import Configuration, Domain
from .checks import Check, of_port_80, of_the_answers, of_the_clients, pox_host
from .endpoints import LACKING, Answer, Endpoints, Shown, explain, lacks_name
from .judges import CheckError

_Any = TypeVar("_Any")
_THREADS = 16
_ALL = 1000  # domains that are asked for one by one; of more, a sample
_AT_A_TIME = 32  # certificates that are looked at, before the names on them are left out
_FEW = 100  # domains of the sample, where there are not more certificates
_MOST = 400  # of the sample: nginx lets 600 requests of a kind through at once, and 50 a second


@dataclass(frozen=True, slots=True)
class Failure:
    """What is wrong for a `domain`, as the inventory writes it."""

    domain: str
    what: str
    why: str

    def line(self) -> str:
        """All of it for people."""
        return f"{self.domain}: {self.what}: {self.why}"


@dataclass(slots=True)
class Result:
    """What came of it.

    `domains` are those that were asked for, `asked` the number of questions. `uncertified`: name
    -> domain, where the certificate that is shown does not have the name. `sample`: so many of the
    domains were asked for in full, where not all were.
    """

    domains: tuple[str, ...]
    asked: int = 0
    failures: list[Failure] = field(default_factory=list)
    uncertified: dict[str, str] = field(default_factory=dict)
    sample: int = 0

    @property
    def wrong(self) -> list[Failure]:
        """The failures, and for each name that is on no certificate one."""
        missing = (
            Failure(domain, f"https://{name}", LACKING) for name, domain in self.uncertified.items()
        )
        return [*missing, *self.failures]


class _Job:
    """One run over some of a configuration's domains."""

    def __init__(
        self, configuration: Configuration, domains: Sequence[Domain], endpoints: Endpoints
    ) -> None:
        self._configuration = configuration
        self._generic_host = configuration.generic_host
        self._domains = domains
        self._endpoints = endpoints
        self._wrong: set[tuple[str, str]] = set()  # scheme and name, which are asked no more
        self.result = Result(tuple(domain.written for domain in domains))

    def run(self) -> Result:
        with ThreadPoolExecutor(_THREADS) as pool:
            shown, sample = {}, self._domains
            if not self._endpoints.as_proxy:
                shown = self._certificates(pool)
            if self._endpoints.has_responder:
                few = _sample(sample, lambda domain: shown.get(self._host(domain), ""))
                asked = few if self._many else sample
                self.result.sample = len(few) if self._many else 0
                if not self._endpoints.as_proxy:
                    self._judge(pool, self._of_port_80(asked), self._endpoints.ask_kept)
                answers = self._of(of_the_answers, asked)
                self._judge(pool, answers, self._endpoints.ask_past_limits)
                sample = few
            clients = self._of(of_the_clients, sample)
            reached = (check for check in clients if check.place not in self._wrong)
            self._judge(pool, reached, self._endpoints.ask)
        return self.result

    @property
    def _many(self) -> bool:
        return self._endpoints.has_responder and len(self._domains) > _ALL

    def _of(
        self, checks: Callable[[Domain, str | None], Iterable[Check]], domains: Iterable[Domain]
    ) -> Iterator[Check]:
        for domain in domains:
            yield from checks(domain, self._generic_host)

    def _host(self, domain: Domain) -> str:
        return pox_host(domain, self._generic_host)

    def _served(self, domains: Iterable[Domain]) -> dict[str, str]:
        """Name on a certificate -> the domain that has it, as it is written."""
        by_domain = names.served_by_domain(self._configuration)
        found = {
            name: domain.written for domain in domains for name in by_domain.get(domain.name, ())
        }
        if self._generic_host and any(
            self._host(domain) == self._generic_host for domain in domains
        ):
            found.setdefault(self._generic_host, self._generic_host)
        return found

    def _certificates(self, pool: ThreadPoolExecutor) -> dict[str, str]:
        """Look at the certificate of each name; name -> its digest, where it is right.

        Of many domains it is looked at for one name: those on it need no handshake of their own.
        """

        def one(name: str) -> Shown | OSError:
            try:
                return self._endpoints.certificate(name)
            except OSError as error:
                return error

        left, shown = self._served(self._domains), {}
        while left:
            some = _spread([*left], _AT_A_TIME if self._many else len(left))
            on_them: dict[str, str] = {}
            for name, found in zip(some, pool.map(one, some), strict=True):
                self.result.asked += 1
                if isinstance(found, Shown):
                    shown[name] = found.digest
                    on_them |= dict.fromkeys(found.names, found.digest)
                else:
                    self._without(name, left[name], found)
            asked = frozenset(some)
            left = {name: domain for name, domain in left.items() if name not in asked}
            for name in [*left] if self._many else ():
                digest = on_them.get(name) or on_them.get(f"*.{name.partition('.')[2]}")
                if digest:
                    shown[name] = digest
                    del left[name]
        return shown

    def _without(self, name: str, domain: str, error: OSError) -> None:
        """A name for which no right certificate is shown."""
        self._wrong.add(("https", name))
        if lacks_name(error):
            self.result.uncertified[name] = domain
        else:
            self._fail(domain, f"https://{name}", explain(error, name))

    def _of_port_80(self, domains: Sequence[Domain]) -> Iterator[Check]:
        for name, domain in self._served(domains).items():
            yield of_port_80(domain, name, name)
        plain = frozenset(names.plain_names(self._configuration))
        for each in domains:
            for kind in HOSTS:
                if (name := host_of(kind, each.name)) in plain:
                    yield of_port_80(each.written, name, self._host(each))

    def _judge(
        self,
        pool: ThreadPoolExecutor,
        checks: Iterable[Check],
        ask: Callable[[str, str, bytes | None], Answer],
    ) -> None:
        def one(check: Check) -> str:
            try:
                check.judge(ask(check.method, check.url, check.body))
            except CheckError as error:
                return str(error)
            except (OSError, http.client.HTTPException) as error:
                return explain(error, check.place[1])
            return ""

        listed = list(checks)
        self.result.asked += len(listed)
        for check, why in zip(listed, pool.map(one, listed), strict=True):
            if why:
                self._wrong.add(check.place)
                self._fail(check.domain, check.shown, why)

    def _fail(self, domain: str, what: str, why: str) -> None:
        self.result.failures.append(Failure(domain, what, why))


def _sample(domains: Sequence[Domain], certificate: Callable[[Domain], str]) -> Sequence[Domain]:
    """A domain of each certificate, and some more; spread over all where those are too many."""
    first: dict[str, Domain] = {}
    for domain in domains:
        first.setdefault(certificate(domain), domain)
    if len(first) >= _FEW:
        return _spread([*first.values()], _MOST)
    chosen = {domain.name for domain in first.values()}
    more = _spread([domain for domain in domains if domain.name not in chosen], _FEW)
    return [*first.values(), *more][:_FEW]


def _spread(listed: Sequence[_Any], most: int) -> Sequence[_Any]:
    return listed[:: -(-len(listed) // most) or 1]


def verify(
    configuration: Configuration, endpoints: Endpoints, only: Sequence[Domain] | None = None
) -> Result:
    """Ask for each domain of a configuration, or for some of them."""
    domains = list(only or configuration.domains.values())
    if configuration.default and configuration.generic_host and not only:
        domains.append(configuration.default)
    try:
        return _Job(configuration, domains, endpoints).run()
    finally:
        endpoints.close()
