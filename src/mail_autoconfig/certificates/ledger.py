"""What an authority was asked for in the past week, and what its limits allow after that.

Times are seconds since 1970.
"""

from __future__ import annotations

import json
from bisect import insort
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

from ..host import replace_file
from .orders import DAY, Order

HOUR = 3600.0
WEEK = 7 * DAY
_REST, _LONGEST_REST = HOUR / 2, 12 * HOUR
_SUFFIXES = Path("/usr/share/publicsuffix/public_suffix_list.dat")


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


@dataclass(frozen=True, slots=True)
class Past:
    """An order of the past: when, for which names, and which the authority refused, with why."""

    time: float
    names: frozenset[str]
    succeeded: bool
    refused: Mapping[str, str] = field(default_factory=dict)


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
        self._refusals: dict[str, _Refusals] = {}
        for each in past:
            self.take(each)

    def take(self, order: Past) -> None:
        """Count an order."""
        insort(self._orders, order.time)
        for name, why in order.refused.items():
            insort(self._failures[name], order.time)
            former = self._refusals.get(name)
            self._refusals[name] = _Refusals(order.time, why, former.number + 1 if former else 1)
        if order.succeeded:
            for name in order.names:
                self._refusals.pop(name, None)
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

    def resting(self, names: Iterable[str], now: float) -> dict[str, str]:
        """The names that are not asked for again yet, with what the authority said of them.

        A name that was refused rests for half an hour, then for twice as long each time, up to
        twelve hours, until it is on a certificate.
        """
        refused = {name: self._refusals[name] for name in names if name in self._refusals}
        return {name: each.why for name, each in refused.items() if each.rests_until > now}


@dataclass(frozen=True, slots=True)
class _Refusals:
    """Of a name, in a row: the last one's time and reason, and how many."""

    time: float
    why: str
    number: int

    @property
    def rests_until(self) -> float:
        return self.time + min(_REST * 2.0 ** min(self.number - 1, 9), _LONGEST_REST)


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


class Ledger:
    """The orders of this host, one a line in the file `path` (JSON); only one run writes it.

    `authority` is the URL of the ACME directory whose `limits` are kept; the file has the orders
    of other authorities too.
    """

    def __init__(
        self, path: Path, authority: str, limits: Limits, clock: Callable[[], float]
    ) -> None:
        self._path = path
        self._authority = authority
        self._limits = limits
        self._clock = clock

    @cached_property
    def budget(self) -> Budget:
        """What the limits leave. Raises OSError where the Public Suffix List is not installed."""
        if self._limits == NO_LIMITS:
            return Budget(NO_LIMITS, self._past(), str)
        suffixes = PublicSuffixes(_SUFFIXES.read_text("utf-8"))
        return Budget(self._limits, self._past(), suffixes.registered_domain)

    def _past(self) -> Iterator[Past]:
        """The orders of a week from this authority."""
        for line in self._lines():
            try:
                authority, at, names, succeeded, refused = json.loads(line)
                if not isinstance(refused, dict):  # of an older version
                    refused = dict.fromkeys(refused, "refused by the authority")
                past = Past(float(at), frozenset(names), bool(succeeded), refused)
            except (TypeError, ValueError):
                continue  # half a line, of a run that broke off
            if authority == self._authority and past.time > self._clock() - WEEK:
                yield past

    def _lines(self) -> list[str]:
        if not self._path.exists():
            return []
        return self._path.read_text("utf-8", "replace").splitlines(keepends=True)

    def add(self, order: Past) -> None:
        """Count an order, and write it down."""
        self.budget.take(order)
        line = [
            self._authority,
            order.time,
            sorted(order.names),
            order.succeeded,
            dict(order.refused),
        ]
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def forget(self) -> None:
        """Drop the orders that no limit looks at any more."""
        if lines := self._lines():
            oldest = self._clock() - WEEK
            replace_file(self._path, "".join(line for line in lines if _time(line) > oldest))


def _time(line: str) -> float:
    try:
        return float(json.loads(line)[1])
    except (LookupError, TypeError, ValueError):
        return 0.0
