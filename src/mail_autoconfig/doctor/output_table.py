"""The reports as tables for people at a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from .data import Exchange, Finding, Lookup, Report
from .summary import causes, counted, faults, first, headline, plain

FEW = 5
"""Up to so many domains are shown with all their findings; with more, causes come first."""

_STYLES = {"ok": "green", "warning": "yellow", "error": "bold red"}
_VERDICTS = {"found": ("finds", "green"), "asks": ("asks", "yellow"), "fails": ("fails", "red")}


def show(console: Console, reports: Sequence[Report], *, verbose: bool = False) -> None:
    """Print the reports; `verbose` with each request and its answer."""
    if len(reports) > FEW:
        console.print(_causes(reports))
        reports = [report for report in reports if first(report)]
        console.print(_domains(reports) if reports else Text("All right.", "green"))
        if not verbose:
            return
    for report in reports:
        console.print(_report(report, verbose))


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _text(text: str, style: str = "") -> Text:
    return Text(plain(text), style)  # Text: what servers say is no markup


def _report(report: Report, verbose: bool) -> RenderableType:
    parts: list[RenderableType] = [
        Text(),
        Text.assemble(
            (plain(report.domain), "bold"),
            ": ",
            (headline(report), _STYLES[report.severity]),
            (f", {report.seconds:.1f} s", "dim"),
        ),
    ]
    if todo := first(report):
        parts.append(Text.assemble(("First: ", "bold"), _advice(todo)))
    found = faults(report)
    if found:
        table = _table("severity", "where", "what", "should be", "what to do")
        for finding in found:
            table.add_row(
                Text(finding.severity, _STYLES[finding.severity]),
                _text(finding.subject),
                _text(finding.what),
                _text(finding.should),
                _text(finding.remedy),
            )
        parts += [Text(), table]
    table = _table("client", "result", "why")
    for outcome in report.outcomes:
        word, style = _VERDICTS[outcome.verdict]
        if outcome.verdict == "fails" and outcome.gravity == "ok":
            style = "dim"
        table.add_row(_text(outcome.title), Text(word, style), _text(outcome.why))
    parts += [Text(), table]
    if verbose:
        for outcome in report.outcomes:
            parts += [Text(), _text(outcome.title, "bold")]
            parts.append(_requests(outcome.lookups, outcome.exchanges))
    return Group(*parts)


def _advice(finding: Finding) -> Text:
    return _text(f"{finding.subject}: {finding.what}; {finding.remedy}".removesuffix("; "))


def _requests(lookups: Iterable[Lookup], exchanges: Iterable[Exchange]) -> Table:
    table = _table("request", "answer", "type", "octets", "seconds")
    for lookup in lookups:
        answer = ", ".join(lookup.values) or lookup.status
        table.add_row(_text(f"{lookup.type} {lookup.name}"), _text(answer))
    for exchange in exchanges:
        answer = exchange.error.text if exchange.error else str(exchange.status)
        if exchange.redirects:
            answer += f" → {exchange.location}"
        table.add_row(
            _text(f"{exchange.request.method} {exchange.request.url}"),
            _text(answer),
            _text(exchange.media_type),
            str(exchange.size),
            f"{exchange.seconds:.2f}",
        )
    return table


def _causes(reports: Sequence[Report]) -> RenderableType:
    right = sum(report.severity == "ok" for report in reports)
    title = Text(f"\n{counted(len(reports), 'domain')}, {right} all right", "bold")
    found = causes(reports)
    if not found:
        return title
    table = _table("severity", "domains", "cause", "for example", "what to do")
    for cause in found:
        table.add_row(
            Text(cause.severity, _STYLES[cause.severity]),
            str(len(cause.domains)),
            Text(cause.code),
            _text(f"{cause.example.subject}: {cause.example.what}"),
            _text(cause.example.remedy),
        )
    return Group(title, Text(), table, Text())


def _domains(reports: Iterable[Report]) -> Table:
    table = _table("domain", "findings", "first")
    for report in reports:
        todo = first(report)
        if todo:
            table.add_row(
                _text(report.domain),
                Text(headline(report), _STYLES[report.severity]),
                _advice(todo),
            )
    return table
