"""The reports as metrics, in Prometheus's text format, for a file that its node exporter reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from ..prometheus import gauge
from .data import Report
from .summary import faults, plain


def metrics(reports: Sequence[Report], now: float) -> str:
    """The text of the file; `now` is in seconds since 1970."""
    return "".join(f"{line}\n" for line in _lines(_one_each(reports), now))


def _one_each(reports: Sequence[Report]) -> Sequence[Report]:
    """The worst address of each domain: the exporter refuses a sample that is there twice."""
    found: dict[str, Report] = {}
    for report in reports:
        kept = found.setdefault(report.domain, report)
        if _badness(report) > _badness(kept):
            found[report.domain] = report
    return list(found.values())


def _badness(report: Report) -> tuple[int, int]:
    return _count(report, "error"), _count(report, "warning")


def _lines(reports: Sequence[Report], now: float) -> Iterator[str]:
    yield from gauge(
        "mail_autoconfig_doctor_findings",
        "Findings about a domain, by severity.",
        (
            ({"domain": report.domain, "severity": severity}, _count(report, severity))
            for report in reports
            for severity in ("error", "warning")
        ),
    )
    yield from gauge(
        "mail_autoconfig_doctor_faults",
        "Findings about a domain, by code and subject; docs/doctor.md lists the codes.",
        (
            (
                {
                    "domain": report.domain,
                    "code": code,
                    "severity": severity,
                    "subject": plain(subject),
                },
                count,
            )
            for report in reports
            for (code, severity, subject), count in sorted(
                Counter((each.code, each.severity, each.subject) for each in faults(report)).items()
            )
        ),
    )
    yield from _servers_and_clients(reports)
    yield from gauge(
        "mail_autoconfig_doctor_last_run_timestamp_seconds",
        "When the doctor last ran.",
        [({}, int(now))],
    )


def _servers_and_clients(reports: Sequence[Report]) -> Iterator[str]:
    yield from gauge(
        "mail_autoconfig_doctor_client_success",
        "Whether a client finds a domain's settings (1), even after a question, or not (0).",
        (
            ({"domain": report.domain, "client": outcome.client}, outcome.verdict != "fails")
            for report in reports
            for outcome in report.outcomes
            if outcome.gravity != "ok" or outcome.verdict != "fails"
        ),
    )
    if any(report.certificates for report in reports):
        yield from gauge(
            "mail_autoconfig_doctor_certificate_end_timestamp_seconds",
            "When the valid certificate of a server expires.",
            (
                ({"domain": report.domain, "subject": subject}, int(end.timestamp()))
                for report in reports
                for subject, end in sorted(report.certificates.items())
            ),
        )


def _count(report: Report, severity: str) -> int:
    return sum(finding.severity == severity for finding in report.findings)
