"""One run over all certificates of this host: order what is needed, put it in force, report.

The play runs it and so does the timer; whatever one run could not have, a later one gets.
"""

from __future__ import annotations

import fcntl
import json
import os
import ssl
import subprocess
import time
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from ..inventory.names import normalise
from . import groups
from .certbot import Authority, Certbot
from .orders import (
    LIMITS,
    NO_LIMITS,
    WEEK,
    Budget,
    Decision,
    Limits,
    Lineage,
    Order,
    Past,
    PublicSuffixes,
    decide,
    needs,
    schedule,
)

ASSIGNMENT = Path("/etc/mail-autoconfig/certificates.json")
STATE = Path("/var/lib/mail-autoconfig/certificates")
METRICS = "mail-autoconfig-certificates.prom"
"""The doctor's monitor has a file of its own beside it."""
_SUFFIXES = Path("/usr/share/publicsuffix/public_suffix_list.dat")
_TIMEOUT = 20.0  # seconds for the authority's directory
_PATIENCE = 3  # failures in a row that no name is the reason of, before a run ends

Check = Callable[[Sequence[str]], Mapping[str, str]]
"""Names -> those that the authority will refuse, with the reason."""


class CertificatesError(Exception):
    """A run that can't begin; the text says why in one line."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How this host orders certificates, and what it does with them.

    `webroot` is the directory from which nginx answers challenges; None, names are proven in
    another way and nothing is fetched. `identities` are the authority's names in CAA records; none,
    its directory says them. `proof_check` is the command that says which names can't be proven in
    DNS, where they are proven so; `wildcards` are the domains whose names are on certificates as
    `*.D`. `deploy` is a shell command that runs after a change. `metrics` is the directory of
    node_exporter's text files, used where it exists.
    """

    authority: Authority
    tls_directory: Path
    deploy: str
    webroot: Path | None = None
    check_names: bool = True
    identities: tuple[str, ...] = ()
    limits: Limits = NO_LIMITS
    metrics: Path | None = None
    proof_check: tuple[str, ...] = ()
    wildcards: frozenset[str] = frozenset()


def parse_settings(text: str) -> Settings:
    """Read settings (JSON). Raises CertificatesError."""
    try:
        raw = json.loads(text)
        limits = dict(raw["limits"])
        for unknown in limits.keys() - set(LIMITS):
            raise CertificatesError(f'limits: unknown key "{unknown}"; use {", ".join(LIMITS)}')
        return Settings(
            authority=Authority(
                directory_url=raw["directory_url"],
                challenge=tuple(raw["challenge"]),
                email=raw["email"],
                ca_file=Path(raw["ca_file"]) if raw["ca_file"] else None,
                root=raw["root"],
            ),
            tls_directory=Path(raw["tls_directory"]),
            deploy=raw["deploy"],
            webroot=Path(raw["webroot"]) if raw["webroot"] else None,
            check_names=bool(raw["check_names"]),
            identities=tuple(raw["identities"]),
            limits=Limits(**{key: int(value) for key, value in limits.items()}),
            metrics=Path(raw["metrics"]) if raw["metrics"] else None,
            proof_check=tuple(raw.get("proof_check", ())),
            wildcards=frozenset(map(normalise, raw.get("wildcards", ()))),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise CertificatesError(f"not the settings of certificates: {error!r}") from None


@dataclass(slots=True)
class Report:
    """What a run did, or in check mode would do.

    `left_out` and `held` (still on a certificate, whose renewal waits for them): name -> reason.
    `before` and `after`: the names on each certificate that changes.
    """

    changed: bool = False
    orders: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    held: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    before: dict[str, list[str]] = field(default_factory=dict)
    after: dict[str, list[str]] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """All of it for people."""
        return [
            *self.orders,
            *self.waiting,
            *(f"left out: {name}: {why}" for name, why in self.left_out.items()),
            *(f"waits for {name}: {why}" for name, why in self.held.items()),
            *self.problems,
        ]


class Run:
    """One run. `state` is a directory for what was ordered and the last report."""

    def __init__(
        self,
        settings: Settings,
        assignment: groups.Assignment,
        certbot: Certbot,
        check: Check,
        state: Path = STATE,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.settings = settings
        self.names = {
            certificate: groups.certified(names, settings.wildcards)
            for certificate, names in groups.names(assignment).items()
        }
        self.certbot = certbot
        self.check = check
        self.state = state
        self.clock = clock
        self.report = Report()
        self.lineages: dict[str, Lineage] = {}
        self.budget = Budget(NO_LIMITS, (), str)
        self.failing: dict[str, str] = {}
        self.reasons: dict[str, str] = {}

    def dry(self, forced: frozenset[str] = frozenset()) -> Report:
        """Say what a run would do."""
        plan = self._plan(forced)
        now = self.clock()
        for planned in schedule(plan, self.budget, now):
            order = planned.order
            if planned.time > now:
                self._wait(order, planned.time, planned.limit)
            else:
                self._ordered(order, "would be ordered")
        self._gone(dry=True)
        wrong = self._wrong_links(self.lineages) or self._marked().exists()
        self.report.changed = bool(self.report.orders or wrong)
        return self.report

    def wet(self, forced: frozenset[str] = frozenset()) -> Report:
        """Order, lead the links, reload; one run at a time."""
        self.state.mkdir(parents=True, exist_ok=True)
        with _locked(self.state / "lock"):
            self.report.changed = self._marked().exists()
            failed = 0
            try:
                plan = self._plan(forced)
            except (CertificatesError, OSError) as error:
                # What there is goes in force all the same, and into the report.
                plan = []
                self.report.problems.append(str(error))
            for order in plan:
                if self._is_needed(order):
                    line = f"{order.certificate}: waits until other certificates have its names"
                    self.report.waiting.append(line)
                    continue
                failed = 0 if self._order(order) else failed + 1
                if failed == _PATIENCE:
                    self.report.problems.append("the others wait for the next run")
                    break
            self.lineages = self.certbot.lineages()
            self._deploy()
            self._gone(dry=False)
            self._forget()
            if self.failing and not self.lineages and not self.report.problems:
                line = "there is no certificate, since none of the names passes its check"
                self.report.problems.append(line)
            self._write()
        return self.report

    def _plan(self, forced: frozenset[str]) -> list[Order]:
        """What to order: what ends soonest first, other names on what there is last."""
        now, server = self.clock(), self.settings.authority.directory_url
        self.lineages = self.certbot.lineages()
        for certificate, names in self.names.items():
            lineage = self.lineages.get(certificate)
            reason = needs(names, lineage, server, now, forced=certificate in forced)
            if reason:
                self.reasons[certificate] = reason
        asked = [name for certificate in self.reasons for name in self.names[certificate]]
        if asked:
            self.budget = self._budget()
            self.failing = {**self.check(asked), **self.budget.tired(asked, now)}
        orders = [self._decide(certificate).order for certificate in self.reasons]
        return sorted(
            (order for order in orders if order),
            key=lambda order: (order.reason == "other names", self._ends(order.certificate)),
        )

    def _is_needed(self, order: Order) -> bool:
        """Whether names that move from this certificate to a new one are on none but this yet."""
        if order.reason != "other names":
            return False
        lost = self.lineages[order.certificate].names - set(self.names[order.certificate])
        return any(
            not lost.isdisjoint(set(names) - self.failing.keys())
            for certificate, names in self.names.items()
            if certificate not in self.lineages and certificate not in self.report.after
        )

    def _ends(self, certificate: str) -> float:
        lineage = self.lineages.get(certificate)
        return lineage.ends if lineage else float("inf")

    def _decide(self, certificate: str) -> Decision:
        """Decide, and report whom the decision leaves out."""
        decision = decide(
            certificate,
            self.names[certificate],
            self.lineages.get(certificate),
            self.reasons[certificate],
            self.failing,
            self.clock(),
        )
        for name in self.names[certificate]:
            self.report.held.pop(name, None)
        self.report.left_out.update(decision.left_out)
        until = _date(decision.held_until)
        for name, why in decision.held.items():
            self.report.held[name] = f"{why}; {certificate} is renewed without it from {until}"
        return decision

    def _order(self, order: Order) -> bool:
        """Order one certificate, without the names that the authority refuses if it must be.

        Return whether the authority answered as it should.
        """
        wanted: Order | None = order
        while wanted:
            now = self.clock()
            free, limit = self.budget.when(wanted.names, now)
            if free > now:
                self._wait(wanted, free, limit)
                return True
            self._mark()
            outcome = self.certbot.order(wanted)
            refused = frozenset(outcome.refused)
            self._remember(Past(now, frozenset(wanted.names), outcome.succeeded, refused))
            if outcome.succeeded:
                self._ordered(wanted, "ordered")
                return True
            if outcome.problem:
                there = order.certificate in self.lineages
                stays = "the one in force stays" if there else "there is none"
                line = f"{order.certificate} was not ordered, {stays}: {outcome.problem}"
                self.report.problems.append(line)
                return False
            self.failing.update(outcome.refused)
            wanted = self._decide(order.certificate).order
        return True

    def _ordered(self, order: Order, verb: str) -> None:
        count = len(order.names)
        names = f"{count} name{'s' * (count != 1)}"
        self.report.orders.append(f"{order.certificate}: {verb}, {names}; {order.reason}")
        lineage = self.lineages.get(order.certificate)
        if lineage:
            self.report.before[order.certificate] = sorted(lineage.names)
        self.report.after[order.certificate] = sorted(order.names)
        self.report.changed = True

    def _wait(self, order: Order, until: float, limit: str) -> None:
        line = f"{order.certificate}: waits until {_date(until)}; {order.reason}; limit: {limit}"
        self.report.waiting.append(line)

    def _gone(self, *, dry: bool) -> None:
        """Delete the certificates whose domains have all gone, once nginx does without them."""
        directory = self.settings.tls_directory
        links = [link for name in self.names if (link := directory / name).is_symlink()]
        needed = {link.readlink() for link in links}
        for certificate in sorted(self.lineages.keys() - self.names.keys()):
            if self.certbot.live(certificate) in needed:
                continue
            if not dry and (self._marked().exists() or (directory / certificate).is_symlink()):
                continue
            problem = "" if dry else self.certbot.delete(certificate)
            if problem:
                self.report.problems.append(f"{certificate} was not deleted: {problem}")
                continue
            verb = "would be deleted" if dry else "deleted"
            self.report.orders.append(f"{certificate}: {verb}; no domain has it")
            self.report.before[certificate] = sorted(self.lineages[certificate].names)
            self.report.changed = True
            if not dry:
                del self.lineages[certificate]

    # What is in force

    def _wrong_links(self, lineages: Mapping[str, Lineage]) -> dict[str, Path | None]:
        """The links that do not lead where they should: link -> where, None if it should not be."""
        directory = self.settings.tls_directory
        found: dict[str, Path | None] = {}
        for certificate in self.names:
            link, live = directory / certificate, self.certbot.live(certificate)
            if certificate in lineages and not (link.is_symlink() and link.readlink() == live):
                found[certificate] = live
        if directory.is_dir():
            for link in directory.iterdir():
                if link.is_symlink() and groups.is_ours(link.name) and link.name not in self.names:
                    found[link.name] = None
        return found

    def _deploy(self) -> None:
        """Lead the links and run the command, also what a run that broke off left to do."""
        taken: dict[str, Path] = {}
        for name, target in self._wrong_links(self.lineages).items():
            self._mark()
            self.report.changed = True
            if target is None:
                link = self.settings.tls_directory / name
                taken[name] = link.readlink()
                link.unlink()
            else:
                self._lead(name, target)
        if not self._marked().exists():
            return
        problem = self._put_in_force()
        if problem and taken:
            # nginx may have another configuration than the one that this is for.
            for name, target in taken.items():
                self._lead(name, target)
            refused, problem = problem, self._put_in_force()
            if not problem:
                self.report.problems.append(f"{', '.join(taken)}: still needed: {refused}")
        if problem:
            self.report.problems.append(f"not in force yet: {problem}")
        else:
            self._marked().unlink()

    def _lead(self, name: str, target: Path) -> None:
        new = self.settings.tls_directory / f".{name}.new"
        new.unlink(missing_ok=True)
        new.symlink_to(target)
        new.replace(self.settings.tls_directory / name)

    def _put_in_force(self) -> str:
        """Run the command; what is wrong, or an empty string."""
        done = subprocess.run(
            self.settings.deploy, shell=True, capture_output=True, text=True, check=False
        )
        said = (done.stderr or done.stdout).strip().splitlines() or ["no reason said"]
        return said[-1] if done.returncode else ""

    def _marked(self) -> Path:
        """Is there while something is not in force yet."""
        return self.state / "to-deploy"

    def _mark(self) -> None:
        self._marked().touch()

    # What was ordered

    def _past(self) -> Iterator[Past]:
        """The orders of a week from this authority."""
        path = self.state / "orders.jsonl"
        lines = path.read_text("utf-8", "replace").splitlines() if path.exists() else ()
        for line in lines:
            try:
                directory_url, at, names, succeeded, refused = json.loads(line)
                past = Past(float(at), frozenset(names), bool(succeeded), frozenset(refused))
            except (TypeError, ValueError):
                continue  # half a line, of a run that broke off
            ours = directory_url == self.settings.authority.directory_url
            if ours and past.time > self.clock() - WEEK:
                yield past

    def _budget(self) -> Budget:
        if self.settings.limits == NO_LIMITS:
            return Budget(NO_LIMITS, (), str)
        suffixes = PublicSuffixes(_SUFFIXES.read_text("utf-8"))
        return Budget(self.settings.limits, self._past(), suffixes.registered_domain)

    def _remember(self, order: Past) -> None:
        line = [
            self.settings.authority.directory_url,
            order.time,
            sorted(order.names),
            order.succeeded,
            sorted(order.refused),
        ]
        self.budget.take(order)
        with (self.state / "orders.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def _forget(self) -> None:
        """Drop the orders that no limit looks at any more."""
        path = self.state / "orders.jsonl"
        if path.exists():
            lines = path.read_text("utf-8", "replace").splitlines(keepends=True)
            kept = [line for line in lines if _time(line) > self.clock() - WEEK]
            _replace(path, "".join(kept))

    # What others read

    def _write(self) -> None:
        """Write the last report, and the metrics where node_exporter looks for some."""
        ends = {name: lineage.ends for name, lineage in sorted(self.lineages.items())}
        report = asdict(self.report) | {"time": self.clock(), "ends": ends}
        _replace(self.state / "report.json", json.dumps(report, indent=1) + "\n")
        directory = self.settings.metrics
        if directory and directory.is_dir():
            _replace(directory / METRICS, metrics(self.report, ends, self.clock()))


def metrics(report: Report, ends: Mapping[str, float], now: float) -> str:
    """What a run came to, in the text format of Prometheus."""
    figures = {
        "last_run_time_seconds": now,
        "problems": len(report.problems),
        "names_left_out": len(report.left_out),
        "names_held": len(report.held),
        "orders_waiting": len(report.waiting),
    }
    prefix = "mail_autoconfig_certificate"
    lines = [f"{prefix}s_{name} {value:.0f}" for name, value in figures.items()]
    lines += [f'{prefix}_ends_time_seconds{{name="{name}"}} {ends[name]:.0f}' for name in ends]
    return "\n".join(lines) + "\n"


def _time(line: str) -> float:
    try:
        return float(json.loads(line)[1])
    except (LookupError, TypeError, ValueError):
        return 0.0


def _date(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _replace(path: Path, text: str) -> None:
    new = path.with_name(f".{path.name}.new")
    new.write_text(text, "utf-8")
    new.chmod(0o644)
    new.replace(path)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def identities(settings: Settings) -> tuple[str, ...]:
    """The authority's names in CAA records (RFC 8555, section 9.7.6).

    Raises CertificatesError if the authority does not answer.
    """
    if settings.identities:
        return settings.identities
    try:
        with settings.authority.bundle() as bundle:
            context = ssl.create_default_context(cafile=str(bundle))
            url = settings.authority.directory_url
            with urlopen(url, timeout=_TIMEOUT, context=context) as answer:  # noqa: S310 - https
                directory: dict[str, Any] = json.load(answer)
    except (OSError, ValueError) as error:
        raise CertificatesError(f"{settings.authority.directory_url}: {error}") from None
    return tuple(directory.get("meta", {}).get("caaIdentities", ()))


def unproven(command: Sequence[str], names: Sequence[str], *, dry: bool) -> dict[str, str]:
    """Names that can't be proven in DNS, with the reason.

    `command` is what certbot will run too: the same Python with the same libraries. Raises
    CertificatesError.
    """
    ran = subprocess.run(
        [*command, *(["--dry-run"] if dry else [])],
        input=json.dumps(names),
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        if ran.returncode == 0:
            refused: dict[str, str] = json.loads(ran.stdout)
            return refused
    except ValueError:
        pass
    said = (ran.stderr or ran.stdout).strip().splitlines() or [f"ended with {ran.returncode}"]
    raise CertificatesError(f"names can't be proven in DNS: {said[-1]}")


def name_check(settings: Settings, served: Container[str] | None = None) -> Check:
    """What asks of each name what the authority will ask.

    `served` are the names that nginx answers already, in check mode; only those are fetched then.
    """
    if not settings.check_names:
        return lambda _names: {}

    def ask(names: Sequence[str]) -> Mapping[str, str]:
        from .preflight import CHALLENGES, Lookup, check, token

        lookup = Lookup(identities(settings))
        if settings.webroot is None:
            refused = check(names, lookup, None)
            if settings.proof_check:
                dry = served is not None
                refused = unproven(settings.proof_check, names, dry=dry) | refused
            return refused
        if served is not None and not (settings.webroot / CHALLENGES).is_dir():
            return check(names, lookup, lambda _name, _at: "")  # the play would make it
        with token(settings.webroot) as fetch:
            if served is None:
                return check(names, lookup, fetch)
            return check(names, lookup, lambda name, at: fetch(name, at) if name in served else "")

    return ask


def _served() -> frozenset[str]:
    """The names that nginx has, before a play that is only tried changes them."""
    try:
        assignment = groups.load(ASSIGNMENT.read_text("utf-8"))
    except (OSError, ValueError):
        return frozenset()
    return frozenset(name for each in groups.names(assignment).values() for name in each)


def run(
    settings_file: Path, assignment_file: Path, *, dry: bool, forced: frozenset[str] = frozenset()
) -> Report:
    """Do one run, as two files say. Raises CertificatesError or OSError."""
    settings = parse_settings(settings_file.read_text("utf-8"))
    try:
        assignment = groups.load(assignment_file.read_text("utf-8"))
    except ValueError as error:
        raise CertificatesError(f"{assignment_file}: {error}") from None
    if strange := forced - assignment.keys():
        raise CertificatesError(f"no certificate {min(strange)}; there is {', '.join(assignment)}")
    check = name_check(settings, _served() if dry else None)
    job = Run(settings, assignment, Certbot(settings.authority), check)
    return job.dry(forced) if dry else job.wet(forced)
