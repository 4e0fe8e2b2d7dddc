from __future__ import annotations

from mail_autoconfig.doctor.data import Finding, Report, Severity
from mail_autoconfig.doctor.summary import causes, faults, first, headline, plain


def finding(code: str, severity: Severity = "error") -> Finding:
    return Finding(code, severity, f"subject of {code}", "what", "should", "remedy")


def report(domain: str, *findings: Finding) -> Report:
    return Report(domain, f"u@{domain}", (), findings, 0.1)


def test_errors_come_first_and_else_the_order_of_the_checks() -> None:
    found = report(
        "a.test", finding("w", "warning"), finding("o", "ok"), finding("b"), finding("a")
    )
    assert [each.code for each in faults(found)] == ["b", "a", "w"]
    assert first(found) == finding("b")
    assert first(report("a.test", finding("o", "ok"))) is None
    assert headline(found) == "2 errors, 1 warning"
    assert headline(report("a.test")) == "all right"


def test_causes_that_domains_share() -> None:
    found = causes(
        [
            report("a.test", finding("x"), finding("x"), finding("w", "warning")),
            report("b.test", finding("y"), finding("w", "warning"), finding("o", "ok")),
            report("c.test", finding("y"), finding("w", "warning")),
        ]
    )
    assert [(cause.code, cause.severity, cause.domains) for cause in found] == [
        ("y", "error", ("b.test", "c.test")),
        ("x", "error", ("a.test",)),
        ("w", "warning", ("a.test", "b.test", "c.test")),
    ]
    assert found[0].example == finding("y")


def test_plain() -> None:
    assert plain("a\x1b[31mb\x9bc\nd é") == "a�[31mb�c�d é"
