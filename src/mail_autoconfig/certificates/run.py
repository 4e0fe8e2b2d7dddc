"""One run over all certificates of this host: order what is needed, put it in force, report.

The play runs it and so does the timer; whatever one run could not have, a later one gets.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ..host import locked, reload_nginx
from . import groups
from .certbot import Certbot
from .directory import Directory
from .ledger import Ledger, Past, schedule
from .links import Links
from .name_check import Check, name_check
from .orders import Lineage, Order, Plan, needs
from .remedies import NO_RECORD
from .renewal_info import RenewalInfo
from .report import Report, write
from .settings import CertificatesError, Settings, parse

ASSIGNMENT = Path("/etc/mail-autoconfig/certificates.json")
STATE = Path("/var/lib/mail-autoconfig/certificates")
Advise = Callable[[Mapping[str, Lineage]], Mapping[str, Lineage]]
"""Adds to certificates when their authority suggests to renew them."""
_PATIENCE = 3  # failures in a row that no name is the reason of, before a run ends


class Run:
    """One run, planned or applied.

    `advise` adds when the authority wants renewals; `complaint` says what is wrong with how to
    order, though orders are possible. `patient` leaves out the names that still rest. `state` is a
    directory for what was ordered and the last report; `reload` makes nginx take the links, and
    raises NginxError.
    """

    def __init__(
        self,
        settings: Settings,
        assignment: groups.Assignment,
        certbot: Certbot,
        check: Check,
        *,
        advise: Advise = dict,
        complaint: Callable[[], str] = str,
        patient: bool = False,
        state: Path = STATE,
        clock: Callable[[], float] = time.time,
        reload: Callable[[], None] = reload_nginx,
    ) -> None:
        self._settings = settings
        self._names = {
            certificate: groups.certified(names, settings.wildcards)
            for certificate, names in groups.names(assignment).items()
        }
        self._certbot = certbot
        self._check = check
        self._advise = advise
        self._complaint = complaint
        self._patient = patient
        self._state = state
        self._clock = clock
        authority = settings.authority.directory_url
        self._ledger = Ledger(state / "orders.jsonl", authority, settings.limits, clock)
        self._links = Links(settings.tls_directory, state / "to-deploy", certbot.live, reload)
        self._lineages: dict[str, Lineage] = {}
        self._report = Report()

    def plan(self, forced: frozenset[str] = frozenset()) -> Report:
        """Say what :meth:`apply` would do. Raises CertificatesError or OSError.

        `forced` are certificates to renew, whether they are due or not.
        """
        plan = self._look(forced)
        orders = self._decide(plan)
        now = self._clock()
        for planned in schedule(orders, self._ledger.budget, now) if orders else ():
            if planned.time > now:
                self._report.add_wait(planned.order, planned.time, planned.limit)
            else:
                self._ordered(planned.order, "would be ordered")
        self._delete_unused(dry=True)
        wrong = self._links.wrong(self._names, self._lineages) or self._links.pending()
        self._report.changed = bool(self._report.orders or wrong)
        return self._report

    def apply(self, forced: frozenset[str] = frozenset()) -> Report:
        """Order, point the links, reload nginx; one run at a time. Raises OSError."""
        self._state.mkdir(parents=True, exist_ok=True)
        with locked(self._state):
            self._report.changed = self._links.pending()
            failing: Mapping[str, str] = {}
            try:
                plan = self._look(forced)
                orders = self._decide(plan)
            except (CertificatesError, OSError) as error:
                # What there is goes in force all the same, and into the report.
                self._report.problems.append(str(error))
            else:
                self._order_all(plan, orders)
                failing = plan.failing
            self._lineages = self._certbot.lineages()
            self._deploy()
            self._delete_unused(dry=False)
            self._ledger.forget()
            serious = any(why != NO_RECORD for why in failing.values())
            if serious and not self._lineages and not self._report.problems:
                line = "there is no certificate, since none of the names passes its check"
                self._report.problems.append(line)
            self._write()
        return self._report

    # Plan

    def _look(self, forced: frozenset[str]) -> Plan:
        """See which certificates there are, which need an order, and which names fail."""
        now, authority = self._clock(), self._settings.authority.directory_url
        there = self._certbot.lineages()
        ours = {name: there[name] for name in self._names if name in there}
        self._lineages = there | dict(self._advise(ours))
        if complaint := self._complaint():
            self._report.problems.append(complaint)
        reasons: dict[str, str] = {}
        for certificate, names in self._names.items():
            lineage = self._lineages.get(certificate)
            reason = needs(names, lineage, authority, now, forced=certificate in forced)
            if reason:
                reasons[certificate] = reason
        asked = [name for certificate in reasons for name in self._names[certificate]]
        failing: dict[str, str] = {}
        if asked:
            budget = self._ledger.budget
            failing = {**self._check(asked), **budget.tired(asked, now)}
            if self._patient:
                failing = budget.resting(asked, now) | failing
        return Plan(self._names, dict(self._lineages), reasons, failing, now)

    def _decide(self, plan: Plan) -> list[Order]:
        orders = [self._decide_one(plan, certificate) for certificate in plan.reasons]
        return plan.in_turn(order for order in orders if order)

    def _decide_one(self, plan: Plan, certificate: str) -> Order | None:
        """Decide about a certificate, and report which names the decision leaves out."""
        decision = plan.decide(certificate)
        self._report.add_decision(certificate, self._names[certificate], decision)
        return decision.order

    # Apply

    def _order_all(self, plan: Plan, orders: Sequence[Order]) -> None:
        failed = 0
        for order in orders:
            if plan.must_wait(order, self._report.after):
                line = f"{order.certificate}: waits until other certificates have its names"
                self._report.waiting.append(line)
                continue
            failed = 0 if self._order(plan, order) else failed + 1
            if failed == _PATIENCE:
                self._report.problems.append("the others wait for the next run")
                return

    def _order(self, plan: Plan, order: Order) -> bool:
        """Order one certificate, without the names that the authority refuses if it must be.

        Return whether the authority answered as it should.
        """
        wanted: Order | None = order
        while wanted:
            now = self._clock()
            free, limit = self._ledger.budget.when(wanted.names, now)
            if free > now:
                self._report.add_wait(wanted, free, limit)
                return True
            self._links.mark()
            outcome = self._certbot.order(wanted)
            names = frozenset(wanted.names)
            self._ledger.add(Past(now, names, outcome.succeeded, outcome.refused))
            if outcome.succeeded:
                self._ordered(wanted, "ordered")
                return True
            if outcome.problem:
                self._failed(order.certificate, outcome.problem)
                return False
            plan.failing.update(outcome.refused)
            wanted = self._decide_one(plan, order.certificate)
        return True

    def _ordered(self, order: Order, verb: str) -> None:
        self._report.add_order(order, verb, self._lineages.get(order.certificate))

    def _failed(self, certificate: str, problem: str) -> None:
        there = certificate in self._lineages
        stays = "the one in force stays" if there else "there is none"
        self._report.problems.append(f"{certificate} was not ordered, {stays}: {problem}")

    def _deploy(self) -> None:
        if self._links.wrong(self._names, self._lineages):
            self._report.changed = True
        self._report.problems += self._links.deploy(self._names, self._lineages)

    def _delete_unused(self, *, dry: bool) -> None:
        """Delete the certificates whose domains have all gone, once nginx does without them."""
        needed = self._links.targets(self._names)
        for certificate in sorted(self._lineages.keys() - self._names.keys()):
            if self._certbot.live(certificate) in needed:
                continue
            if not dry and (self._links.pending() or self._links.exists(certificate)):
                continue
            problem = "" if dry else self._certbot.delete(certificate)
            if problem:
                self._report.problems.append(f"{certificate} was not deleted: {problem}")
                continue
            verb = "would be deleted" if dry else "deleted"
            self._report.add_deletion(certificate, verb, self._lineages[certificate])
            if not dry:
                del self._lineages[certificate]

    def _write(self) -> None:
        ends = {name: lineage.ends for name, lineage in sorted(self._lineages.items())}
        write(self._report, ends, self._clock(), self._state, self._settings.metrics)


def _served(settings: Settings) -> frozenset[str]:
    """The names that nginx has, before a play that is only tried changes them."""
    try:
        assignment = _assigned(settings, ASSIGNMENT)
    except (OSError, CertificatesError):
        return frozenset()
    return frozenset(name for each in groups.names(assignment).values() for name in each)


def _assigned(settings: Settings, file: Path) -> groups.Assignment:
    """What is assigned to certificates, also of the sources' domains. Raises CertificatesError."""
    found: groups.Assignment = {}
    sourced = [settings.sourced] if settings.sourced and settings.sourced.exists() else []
    for path in [file, *sourced]:
        try:
            found |= groups.load(path.read_text("utf-8"))
        except ValueError as error:
            raise CertificatesError(f"{path}: {error}") from None
    return found


def run(
    settings_file: Path,
    assignment_file: Path,
    *,
    dry: bool,
    forced: frozenset[str] = frozenset(),
    patient: bool = False,
) -> Report:
    """Do one run, as the files say, and another while they change meanwhile.

    `patient` is that of :class:`Run`. Raises CertificatesError or OSError.
    """
    settings = parse(settings_file.read_text("utf-8"))
    certbot, directory = Certbot(settings.authority), Directory(settings.authority)
    check = name_check(settings, directory, certbot.account, _served(settings) if dry else None)
    advise = RenewalInfo(directory, STATE / "renewal-info.json", time.time, dry=dry)
    complaint = directory.lacks_profile
    report, assignment = Report(), _assigned(settings, assignment_file)
    if strange := forced - assignment.keys():
        raise CertificatesError(f"no certificate {min(strange)}; there is {', '.join(assignment)}")
    while True:
        job = Run(
            settings,
            assignment,
            certbot,
            check,
            advise=advise,
            complaint=complaint,
            patient=patient,
            state=STATE,
        )
        if dry:
            return job.plan(forced)
        report = job.apply(forced).after_another(report)
        before, assignment = assignment, _assigned(settings, assignment_file)
        if assignment == before:
            return report
        forced = frozenset()
