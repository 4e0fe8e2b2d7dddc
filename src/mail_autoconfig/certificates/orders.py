"""Which certificates to order, with which names, and when an authority's limits allow it: pure.

Times are seconds since 1970.
"""

from __future__ import annotations

from bisect import insort
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cache

HOUR = 3600.0
DAY = 24 * HOUR
WEEK = 7 * DAY


@dataclass(frozen=True, slots=True)
class Lineage:
    """A certificate of certbot as it is now.

    `server` is the URL of the ACME directory that it came from; `trusted` says whether the root
    that is asked for has signed it.
    """

    names: frozenset[str]
    server: str
    begins: float
    ends: float
    trusted: bool = True

    def due(self, now: float) -> bool:
        """Renew in the last third of its life; one of less than ten days, in the last half.

        As certbot does since 4.0.
        """
        life = self.ends - self.begins
        return self.ends - now < life / (2 if life < 10 * DAY else 3)

    def may_lose_names(self) -> float:
        """From when a renewal goes without names that fail their check: the last ninth of its life.

        Of 90 days, the last 10; so a name has 20 days to come back.
        """
        return self.ends - (self.ends - self.begins) / 9


@dataclass(frozen=True, slots=True)
class Order:
    """A certificate to order: its name, the host names, why."""

    certificate: str
    names: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What is done about one certificate.

    `left_out` are the names that fail their check and will not be on it, with the reason; `held`
    those that are on it and for which its renewal waits until `held_until`.
    """

    order: Order | None = None
    left_out: Mapping[str, str] = field(default_factory=dict)
    held: Mapping[str, str] = field(default_factory=dict)
    held_until: float = 0.0


def needs(
    names: Collection[str],
    lineage: Lineage | None,
    server: str,
    now: float,
    *,
    forced: bool = False,
) -> str:
    """Say why a certificate has to be looked at, or return an empty string.

    `names` are all that are assigned to it.
    """
    if lineage is None:
        return "there is none"
    if lineage.server != server:
        return "another authority"
    if not lineage.trusted:
        return "not signed by the root"
    if forced:
        return "asked for"
    if lineage.due(now):
        return "due"
    return "" if lineage.names == set(names) else "other names"


def decide(
    certificate: str,
    names: Sequence[str],
    lineage: Lineage | None,
    reason: str,
    failing: Mapping[str, str],
    now: float,
) -> Decision:
    """Decide about a certificate that needs an order, as :func:`needs` says.

    `failing` are the names that fail their check, with the reason.
    """
    good = tuple(name for name in names if name not in failing)
    bad = {name: failing[name] for name in names if name in failing}
    order = Order(certificate, good, reason) if good else None
    if lineage is None or reason in ("another authority", "not signed by the root"):
        return Decision(order, bad)
    held = {name: why for name, why in bad.items() if name in lineage.names}
    if reason == "other names":
        # Failing names alone are no reason: what is on the certificate may come back.
        if set(good) <= lineage.names <= set(names):
            return Decision(None, {name: why for name, why in bad.items() if name not in held})
        return Decision(order, bad)
    if held and now < lineage.may_lose_names():
        left_out = {name: why for name, why in bad.items() if name not in held}
        return Decision(None, left_out, held, lineage.may_lose_names())
    return Decision(order, bad)


@dataclass(frozen=True, slots=True)
class Limits:
    """What an authority allows an account; 0 is no limit.

    Those of Let's Encrypt are the pattern, https://letsencrypt.org/docs/rate-limits/.
    """

    orders_per_3_hours: int = 0
    certificates_per_domain_per_week: int = 0
    same_names_per_week: int = 0
    failures_per_name_per_hour: int = 0


NO_LIMITS = Limits()
LIMITS = tuple(each.name for each in fields(Limits))


@dataclass(frozen=True, slots=True)
class Past:
    """An order of the past: when, for which names, and which of them the authority refused."""

    time: float
    names: frozenset[str]
    succeeded: bool
    refused: frozenset[str] = frozenset()


class Budget:
    """What the limits leave, after what was ordered."""

    def __init__(
        self, limits: Limits, past: Iterable[Past], registered_domain: Callable[[str], str]
    ) -> None:
        self._limits = limits
        self._registered_domain = cache(registered_domain)
        self._orders: list[float] = []
        self._domains: dict[str, list[float]] = defaultdict(list)
        self._sets: dict[frozenset[str], list[float]] = defaultdict(list)
        self._failures: dict[str, list[float]] = defaultdict(list)
        for each in past:
            self.take(each)

    def take(self, order: Past) -> None:
        """Count an order."""
        insort(self._orders, order.time)
        for name in order.refused:
            insort(self._failures[name], order.time)
        if order.succeeded:
            # The same names again are a renewal, which does not count for their domains.
            if not self._sets[order.names]:
                for domain in set(map(self._registered_domain, order.names)):
                    insort(self._domains[domain], order.time)
            insort(self._sets[order.names], order.time)

    def when(self, names: Iterable[str], now: float) -> tuple[float, str]:
        """When names may be ordered together: a time, `now` or later, and which limit it is."""
        wanted, limits = frozenset(names), self._limits
        waits = [(now, "")]
        limit = limits.orders_per_3_hours
        waits.append((_free(self._orders, limit, 3 * HOUR), f"{limit} orders in 3 hours"))
        limit = limits.same_names_per_week
        again = self._sets.get(wanted, [])
        waits.append((_free(again, limit, WEEK), f"{limit} certificates of the same names a week"))
        limit = limits.certificates_per_domain_per_week
        if not again:
            for domain in sorted(set(map(self._registered_domain, wanted))):
                why = f"{limit} certificates for {domain} a week"
                waits.append((_free(self._domains.get(domain, []), limit, WEEK), why))
        return max(waits, key=lambda wait: wait[0])

    def tired(self, names: Iterable[str], now: float) -> dict[str, str]:
        """The names that the authority has refused too often in the last hour, with the reason."""
        limit = self._limits.failures_per_name_per_hour
        return {
            name: f"refused {limit} times in an hour"
            for name in names
            if _free(self._failures.get(name, []), limit, HOUR) > now
        }


def _free(times: Sequence[float], limit: int, span: float) -> float:
    """From when fewer than `limit` of `times` (ascending) lie within `span`."""
    return times[-limit] + span if 0 < limit <= len(times) else 0.0


@dataclass(frozen=True, slots=True)
class Planned:
    """An order, when it may be made, and the limit that it waits for, if it does."""

    order: Order
    time: float
    limit: str


def schedule(orders: Iterable[Order], budget: Budget, now: float) -> tuple[Planned, ...]:
    """When each of `orders` may be made, one after the other, if all succeed; uses `budget` up."""
    found = []
    for order in orders:
        time, limit = budget.when(order.names, now)
        budget.take(Past(time, frozenset(order.names), succeeded=True))
        found.append(Planned(order, time, limit))
    return tuple(found)


class PublicSuffixes:
    """The Public Suffix List (https://publicsuffix.org/list/), for the domains people register."""

    def __init__(self, text: str) -> None:
        lines = (line.split()[0] for line in text.splitlines() if line.strip())
        self._rules = {_a_label(line) for line in lines if not line.startswith("//")}

    def registered_domain(self, name: str) -> str:
        """The public suffix of a name and one label more; the name itself if it is a suffix."""
        labels = name.removeprefix("*.").split(".")
        for index in range(len(labels)):
            suffix, parent = ".".join(labels[index:]), ".".join(labels[index + 1 :])
            if f"!{suffix}" in self._rules:
                return suffix
            if suffix in self._rules or f"*.{parent}" in self._rules:
                return ".".join(labels[max(index - 1, 0) :])
        return ".".join(labels[-2:])


def _a_label(rule: str) -> str:
    return rule if rule.isascii() else rule.encode("idna").decode("ascii")
