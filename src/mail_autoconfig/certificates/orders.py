"""Which certificates to order, and with which names: pure.

Times are seconds since 1970.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

DAY = 24 * 3600.0
DUE = "due"
ADVISED = "the authority asks for it"
OTHER_NAMES = "other names"
ANOTHER_AUTHORITY = "another authority"
NOT_SIGNED = "not signed by the root"


@dataclass(frozen=True, slots=True)
class Window:
    """When an authority suggests to renew a certificate, and the URL of a page that says why."""

    begins: float
    ends: float
    explanation: str = ""

    def moment(self, identifier: str) -> float:
        """A time in the window, by chance, and at each run the same for a certificate.

        RFC 9773, section 4.2: so that the renewals of all hosts do not come at once.
        """
        chance = int.from_bytes(sha256(identifier.encode()).digest()[:6], "big") / 2**48
        return self.begins + chance * (self.ends - self.begins)


@dataclass(frozen=True, slots=True)
class Lineage:
    """A certificate of certbot as it is now.

    `server` is the URL of the ACME directory that it came from; `trusted` says whether the root
    that is asked for has signed it; by `identifier` the authority knows it, and suggests a `window`
    for its renewal.
    """

    names: frozenset[str]
    server: str
    begins: float
    ends: float
    trusted: bool = True
    identifier: str = ""
    window: Window | None = None

    @property
    def life(self) -> float:
        """How long it is valid, in seconds."""
        return self.ends - self.begins

    def due_from(self) -> float:
        """Renew in the last third of its life; one of less than ten days, in the last half.

        As certbot does since 4.0.
        """
        return self.ends - self.life / (2 if self.life < 10 * DAY else 3)

    def due(self, now: float) -> str:
        """Why to renew it now, or an empty string.

        The authority's window decides, if there is one, but not until it is too late.
        """
        if self.window is None:
            return DUE if now > self.due_from() else ""
        if now >= self.window.moment(self.identifier):
            return f"{ADVISED}: {self.window.explanation}" if self.window.explanation else ADVISED
        return DUE if now >= self._last_tries() else ""

    def _last_tries(self) -> float:
        """The last ninth of its life; of a short one more, for a server that is down for a day."""
        return self.ends - max(self.life / 9, min(2 * DAY, self.life / 4))

    def may_lose_names(self) -> float:
        """From when a renewal goes without names that fail their check.

        Of 90 days, the last 10; so a name has 20 days to come back. Where the authority wants the
        renewal before it is due, as for a revocation, until its window ends.
        """
        if self.window and self.window.ends < self.due_from():
            return self.window.ends
        return self._last_tries()


@dataclass(frozen=True, slots=True)
class Order:
    """A certificate to order: its name, the host names, why."""

    certificate: str
    names: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What is done about one certificate.

    Both mappings are name -> why it fails its check: `left_out` are those that will not be on the
    certificate; `awaited` are on it, and its renewal waits for them until `awaited_until`.
    """

    order: Order | None = None
    left_out: Mapping[str, str] = field(default_factory=dict)
    awaited: Mapping[str, str] = field(default_factory=dict)
    awaited_until: float = 0.0


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
        return ANOTHER_AUTHORITY
    if not lineage.trusted:
        return NOT_SIGNED
    if forced:
        return "asked for"
    if due := lineage.due(now):
        return due
    return "" if lineage.names == set(names) else OTHER_NAMES


def decide(
    certificate: str,
    names: Sequence[str],
    lineage: Lineage | None,
    reason: str,
    failing: Mapping[str, str],
    now: float,
) -> Decision:
    """Decide about a certificate that has to be looked at for a `reason` of :func:`needs`.

    `failing` are the names that fail their check, with why.
    """
    good = tuple(name for name in names if name not in failing)
    bad = {name: failing[name] for name in names if name in failing}
    order = Order(certificate, good, reason) if good else None
    if lineage is None or reason in (ANOTHER_AUTHORITY, NOT_SIGNED):
        return Decision(order, bad)
    on_it = {name: why for name, why in bad.items() if name in lineage.names}
    new = {name: why for name, why in bad.items() if name not in lineage.names}
    if reason == OTHER_NAMES:
        # Failing names alone are no reason: what is on the certificate may come back.
        if set(good) <= lineage.names <= set(names):
            return Decision(None, new)
        return Decision(order, bad)
    if on_it and now < lineage.may_lose_names():
        return Decision(None, new, on_it, lineage.may_lose_names())
    return Decision(order, bad)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run knows when it begins, and what to order after that.

    `names`: certificate -> the names that are assigned to it; `lineages`: certificate -> as it is;
    `reasons`: certificate that has to be looked at -> why, of :func:`needs`; `failing`: name -> why
    it fails its check, to which a run adds the names that the authority refuses.
    """

    names: Mapping[str, Sequence[str]]
    lineages: Mapping[str, Lineage]
    reasons: Mapping[str, str]
    failing: dict[str, str]
    now: float

    def decide(self, certificate: str) -> Decision:
        """Decide about one of the certificates that have a reason."""
        return decide(
            certificate,
            self.names[certificate],
            self.lineages.get(certificate),
            self.reasons[certificate],
            self.failing,
            self.now,
        )

    def in_turn(self, orders: Iterable[Order]) -> list[Order]:
        """What expires first comes first; mere changes of names on what there is come last."""
        return sorted(
            orders, key=lambda order: (order.reason == OTHER_NAMES, self._ends(order.certificate))
        )

    def _ends(self, certificate: str) -> float:
        lineage = self.lineages.get(certificate)
        return lineage.ends if lineage else float("inf")

    def must_wait(self, order: Order, ordered: Container[str]) -> bool:
        """Whether a name would be on no certificate after `order`.

        It moves to a certificate that does not exist yet, nor is among those that were `ordered`.
        """
        if order.reason != OTHER_NAMES:
            return False
        lost = self.lineages[order.certificate].names - set(self.names[order.certificate])
        return any(
            not lost.isdisjoint(set(names) - self.failing.keys())
            for certificate, names in self.names.items()
            if certificate not in self.lineages and certificate not in ordered
        )
