"""The last lines of a run, over all hosts: what is right, what is not, and what to do next. Pure.

The rule: a run fails if an answer is wrong, or if a name with a record has no certificate; a name
without a record only waits for it. A name of a source's domain waits for its owner, who is another
than the one who runs this.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..certificates.remedies import NEXT_RUN, NO_RECORD, remedy
from ..inventory.fields import printable
from .endpoints import LACKING
from .output import STAND_IN

_SHOWN = 10  # names or requests of one cause
_RECORDS = 40  # lines


@dataclass(frozen=True, slots=True)
class Host:
    """What was found on one host.

    `found` is what `mail-autoconfig verify --json` says of it, `report` what the last run of its
    certificates says (certificates/report.py); `problem`, why the host could not be asked.
    """

    name: str
    found: Mapping[str, Any] = field(default_factory=dict)
    report: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Summary:
    """Lines for people, and whether the run fails."""

    lines: list[str]
    failed: bool


class _All:
    """What was found on all hosts, each thing once.

    `left_out`: cause -> names; `wrong`: cause -> where; `broken`: the domains that are not right.
    `serious`: a name is left out that its own record leads to, of a domain of the inventory.
    `count`: of all domains, where some stand for those of sources. `sources`: problem -> where.
    """

    def __init__(self, hosts: Sequence[Host]) -> None:
        self.hosts = hosts
        self.domains = _unique(each for host in hosts for each in host.found.get("domains", ()))
        self.count = max((host.found.get("all", 0) for host in hosts), default=0)
        asked = sum(host.found.get("asked", 0) for host in hosts)
        sample = max((host.found.get("sample", 0) for host in hosts), default=0)
        self.answers = f"{asked} answers" + (f" for a sample of {sample}" if sample else "")
        self.left_out: dict[str, dict[str, None]] = {}
        self.wrong: dict[str, dict[str, None]] = {}
        self.sources: dict[str, dict[str, None]] = {}
        self.records: list[str] = []
        self.awaited: dict[str, str] = {}
        self.proxy = _unique(line for host in hosts for line in host.found.get("proxy", ()))
        self.waiting: list[str] = []
        self.broken: set[str] = set()
        self.serious = False
        for host in hosts:
            self._add(host)
        self.records = _unique(self.records)

    def _add(self, host: Host) -> None:
        if host.problem:
            self._put(self.wrong, host.problem, host.name)
        self.awaited.update(host.report.get("awaited", {}))
        self.waiting = _unique([*self.waiting, *host.report.get("waiting", ())])
        for line in _of_sources(host.found.get("sources", {})):
            self._put(self.sources, line, host.name)
        for name, facts in host.found.get("uncertified", {}).items():
            self._add_uncertified(host, name, facts)
        for failure in host.found.get("failures", ()):
            self.broken.add(failure["domain"])
            self._put(self.wrong, failure["why"], self._at(host, _place(failure)))

    def _add_uncertified(self, host: Host, name: str, facts: Mapping[str, Any]) -> None:
        self.broken.add(facts["domain"])
        left_out = host.report.get("left_out", {})
        why = left_out.get(name) or left_out.get(f"*.{name.partition('.')[2]}", "")
        sourced = facts.get("sourced", False)
        if sourced and not why:
            why = NEXT_RUN
        if why:
            self._put(self.left_out, why, name)
            self.serious |= why != NO_RECORD and not sourced
            if why == NO_RECORD:
                self.records += facts["records"]
        elif not host.report.get("waiting"):
            self._put(self.wrong, LACKING, self._at(host, f"{facts['domain']}: https://{name}"))

    def _at(self, host: Host, what: str) -> str:
        return f"{what} ({host.name})" if len(self.hosts) > 1 else what

    @staticmethod
    def _put(causes: dict[str, dict[str, None]], why: str, what: str) -> None:
        causes.setdefault(why, {})[what] = None


def summarise(
    hosts: Sequence[Host], *, rehearsal: bool = False, left_out_fails: bool = True
) -> Summary:
    """Sum up what was found.

    `rehearsal`: the authority is the staging one. `left_out_fails`: a name with a record that has
    no certificate is a failure.
    """
    found = _All(hosts)
    failed = bool(found.wrong) or (found.serious and left_out_fails)
    lines = [_head(found), *_causes(found), *found.proxy]
    steps = [*_steps(found, rehearsal)]
    lines += ["Next:"] if steps else []
    for number, (step, more) in enumerate(steps, 1):
        lines += [f"{number}. {step}", *(f"   {line}" for line in more)]
    return Summary(lines, failed)


def _head(found: _All) -> str:
    count = len(found.domains)
    if not count:
        return "No server could be asked."
    domains = f"{count} domain{'s' * (count != 1)}"
    if found.count > count:
        domains = f"{count} of {found.count} domains"
    broken = sum(domain in found.broken for domain in found.domains)
    if not (broken or found.left_out or found.wrong or found.sources):
        return f"{domains}, all right; {found.answers}."
    right = count - broken
    return f"{domains}: {right} all right, {broken} not; {found.answers}."


def _causes(found: _All) -> Iterator[str]:
    for why, places in found.wrong.items():
        yield f"Wrong: {why}"
        yield from (f"   {line}" for line in _some([*places]))
    for line, places in found.sources.items():
        yield f"Sources: {line}"
        if len(places) < len(found.hosts):
            yield f"   on {', '.join(_some([*places]))}"
    for why, names in found.left_out.items():
        some, more = [*names][:_SHOWN], len(names) - _SHOWN
        yield f"Left out: {', '.join(some)}{f' and {more} more' if more > 0 else ''}"
        yield f"   {why}: {remedy(why)}"
    yield from (f"Waits: {line}" for line in _some(found.waiting))
    if found.awaited:
        yield "On a certificate, but failing the check of its renewal:"
        awaited = [f"{name}: {why}" for name, why in found.awaited.items()]
        yield from (f"   {line}" for line in _some(awaited))


def _of_sources(said: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the sources of a host, which fails no run: what they gave last stays.

    It comes from an account with network, and goes to the terminal of whoever runs the play.
    """
    for name, each in said.get("sources", {}).items():
        if each["problem"]:
            problem = printable(f"{name}: {each['problem']}")
            yield f"{problem}; domains of it that are answered: {each['served']}"
    yield from map(printable, said.get("problems", ()))


def _steps(found: _All, rehearsal: bool) -> Iterator[tuple[str, list[str]]]:
    if found.records:
        stands = f" ({STAND_IN} stands for your server)" if _stands_in(found.records) else ""
        lines = found.records[:_RECORDS]
        if len(found.records) > _RECORDS:
            lines.append(f"and {len(found.records) - _RECORDS} more")
        yield f"Add these DNS records{stands}; playbooks/dns.yml shows all of all domains:", lines
    if found.left_out:
        yield (
            "Run this again, or wait: a timer looks each hour and orders what is missing.",
            [],
        )
    if rehearsal:
        then = "When all is right, set" if found.left_out or found.wrong else "Set"
        yield (
            f"{then} autoconfig_certificates_letsencrypt_environment: production, and run again.",
            [],
        )


def _stands_in(records: Iterable[str]) -> bool:
    return any(line.endswith(f" {STAND_IN}") for line in records)


def _place(failure: Mapping[str, str]) -> str:
    return f"{failure['domain']}: {failure['what']}"


def _some(lines: Sequence[str]) -> list[str]:
    more = len(lines) - _SHOWN
    return [*lines[:_SHOWN], *([f"and {more} more"] if more > 0 else [])]


def _unique(lines: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(lines))
