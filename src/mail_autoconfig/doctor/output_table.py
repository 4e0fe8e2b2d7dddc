"""The reports as text for people at a terminal, and for a mail: 80 columns, one line first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from .changes import Changes
from .data import Exchange, Finding, Lookup, Outcome, Proposal, Report, Setting
from .summary import causes, counted, faults, first, headline, listed, plain, wrapped

FEW = 5
"""Up to so many domains are shown with all their findings; with more, causes come first."""
NEVER_ASK = (
    "Classic Outlook asks a domain only with a registry value: see docs/outlook.md.",
    "The new Outlook and Outlook's apps never ask a domain: they ask Microsoft.",
)
"""Which Outlook asks at all."""

_SCREEN = 24  # lines; after more, the first thing to do is said again
_STYLES = {"ok": "green", "warning": "yellow", "error": "bold red", "note": "", "accepted": "dim"}
_VERDICTS = {
    "found": ("finds", "green"),
    "log-in": ("finds, after a log-in", "green"),
    "asks": ("asks the user", "yellow"),
    "fails": ("fails", "red"),
}


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    style: str = ""


def show(
    console: Console,
    reports: Sequence[Report],
    *,
    verbose: bool = False,
    changes: Changes | None = None,
    waiting: int = 0,
) -> None:
    """Print the reports; `verbose` with each request and its answer.

    `waiting` is how many domains are left to a later run.
    """
    width = console.width
    if len(reports) > FEW:
        lines = list(_many(reports, width))
        if verbose:
            lines += (line for each in reports for line in (_Line(""), *_one(each, width, True)))
    else:
        lines = [line for each in reports for line in (*_one(each, width, verbose), _Line(""))][:-1]
    if changes:
        lines[1:1] = [_Line(plain(text)) for text in changes.lines()]
    if waiting:
        lines[1:1] = [_Line(f"{counted(waiting, 'domain')} more: the next run begins with them")]
    if len(reports) == 1 and len(lines) > _SCREEN and (todo := first(reports[0])):
        lines += [_Line(""), *_first(todo, width)]
    for line in lines:
        console.print(Text(line.text, line.style), soft_wrap=True)


def _headline(report: Report, width: int) -> _Line:
    text = f"{report.domain}: {headline(report)}"
    if todo := first(report):
        longer = f"{text}: {todo.code} at {todo.subject}"
        text = longer if len(longer) <= width else f"{text}: {todo.code}"
    return _Line(plain(text), _STYLES[report.severity])


def _one(report: Report, width: int, verbose: bool) -> Iterator[_Line]:
    yield _headline(report, width)
    yield _Line(f"asked as {plain(report.address)}, {report.seconds:.1f} s", "dim")
    found = faults(report)
    todo = first(report)
    if todo:
        yield _Line("")
        yield from _first(todo, width)
    shown = [each for each in found if not each.code.startswith("client-") and each != todo]
    if shown:
        yield _Line("")
    for each in shown:
        yield from _finding(each, width)
    yield _Line("")
    yield from _clients(report, width)
    for subject, end in list(report.certificates.items())[:3]:
        yield _Line(f"certificate of {plain(subject)}: until {end:%Y-%m-%d}", "dim")
    if verbose:
        for outcome in report.outcomes:
            yield from (_Line(""), _Line(plain(outcome.title), "bold"))
            yield from _requests(outcome.lookups, outcome.exchanges)
        for proposal in report.proposals:
            yield from _proposal(proposal, width)
    elif report.proposals:
        titles = listed([each.title for each in report.proposals])
        yield from (_Line(each) for each in wrapped(f"To paste: -v shows {titles}.", width, ""))


def _first(todo: Finding, width: int) -> Iterator[_Line]:
    """The one thing to do, with the text to paste."""
    yield _Line(plain(f"First: {todo.code} at"), "bold")
    yield _Line(plain(f"  {todo.subject}"), "bold")
    yield from _texts(todo, width)
    for line in todo.paste.splitlines():
        yield _Line(plain(f"    {line}"))


def _proposal(proposal: Proposal, width: int) -> Iterator[_Line]:
    """A text from the first column on: before <?xml there may be nothing."""
    yield from (_Line(""), _Line(plain(f"To paste: {proposal.title} for"), "bold"))
    yield _Line(plain(f"  {proposal.where}"), "bold")
    for text in (proposal.how, f"mail servers: {proposal.source}"):
        yield from (_Line(line) for line in wrapped(text, width, "  "))
    yield _Line("")
    yield from (_Line(plain(line)) for line in proposal.text.splitlines())


def _finding(finding: Finding, width: int) -> Iterator[_Line]:
    yield _Line(f"{finding.severity}: {finding.code} at", _STYLES[finding.severity])
    yield _Line(plain(f"  {finding.subject}"))
    yield from _texts(finding, width)


def _texts(finding: Finding, width: int) -> Iterator[_Line]:
    should = f"should be: {finding.should}" if finding.should else ""
    remedy = f"do: {finding.remedy}" if finding.remedy else ""
    for text in (finding.what, should, remedy):
        yield from (_Line(line) for line in wrapped(text, width, "  "))


def _clients(report: Report, width: int) -> Iterator[_Line]:
    """What each client ends with; its sentence where it finds nothing or asks."""
    known: dict[tuple[Setting, ...], str] = {}
    said: set[str] = set()
    for outcome in report.outcomes:
        word, style = _VERDICTS[outcome.verdict]
        if outcome.verdict == "fails" and outcome.gravity == "ok":
            style = "dim"
        same = known.get(outcome.settings) if outcome.settings else None
        end = f": the same as {same}" if same else ""
        why = [each for each in reasons(outcome) if each not in said]
        if outcome.verdict == "fails" and outcome.misses and not why:
            end = " for the same reasons"
        yield _Line(f"{plain(outcome.title)} {word}{end}", style)
        if outcome.verdict == "asks" or (outcome.verdict == "fails" and outcome.gravity != "ok"):
            yield from (_Line(line) for line in wrapped("; ".join(why), width, "  "))
            said.update(why)
        if outcome.settings and not same:
            known[outcome.settings] = outcome.title
            yield from (_Line(plain(f"  {text}")) for text in servers(outcome))
    yield from (_Line(text, "dim") for text in NEVER_ASK if report.outcomes)


def reasons(outcome: Outcome) -> list[str]:
    """Why a client went on, each reason once: with the host that it is about, without the URL."""
    found = []
    for asked, why in outcome.misses:
        name = asked.split(" ", 1)[1].partition("://")[2].partition("/")[0] or asked
        found.append(why if name in why else f"{name}: {why}")
    return list(dict.fromkeys(found)) or [outcome.why]


def servers(outcome: Outcome) -> Iterator[str]:
    """The servers that a client ends with, a line each: host, port, security, user name."""
    for each in outcome.settings:
        where = each.url or f"{each.host}:{each.port} {each.security}"
        yield f"{each.type} {where}" + (f" as {each.username}" if each.username else "")


def _requests(lookups: Iterable[Lookup], exchanges: Iterable[Exchange]) -> Iterator[_Line]:
    for lookup in lookups:
        answer = ", ".join(lookup.values) or lookup.status
        yield _Line(plain(f"  {lookup.type} {lookup.name}"))
        yield _Line(plain(f"    {answer}"))
    for exchange in exchanges:
        answer = exchange.error.text if exchange.error else str(exchange.status)
        if exchange.redirects:
            answer += f" → {exchange.location}"
        rest = [exchange.media_type, f"{exchange.size} octets", f"{exchange.seconds:.2f} s"]
        yield _Line(plain(f"  {exchange.request.method} {exchange.request.url}"))
        yield _Line(plain("    " + ", ".join(each for each in (answer, *rest) if each)))


def _many(reports: Sequence[Report], width: int) -> Iterator[_Line]:
    right = sum(report.severity == "ok" for report in reports)
    found = causes(reports)
    worst = f"; first: {found[0].code}" if found else ""
    yield _Line(f"{counted(len(reports), 'domain')}, {right} all right{worst}", "bold")
    if not found:
        return
    for cause in found:
        domains = counted(len(cause.domains), "domain")
        text = f"{cause.severity}: {cause.code} at {domains}, for example"
        yield _Line(text, _STYLES[cause.severity])
        yield _Line(plain(f"  {cause.example.subject}"))
        yield from _texts(cause.example, width)
    yield _Line("")
    yield from (_headline(report, width) for report in reports if first(report))
