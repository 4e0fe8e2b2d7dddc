from __future__ import annotations

from mail_autoconfig.doctor.data import Finding, Severity
from mail_autoconfig.doctor.order import Accepted, arranged


def fault(code: str, severity: Severity, subject: str = "s") -> Finding:
    return Finding(code, severity, subject, "what")


def codes(*found: Finding) -> list[str]:
    return [each.code for each in arranged(found)]


def test_cause_before_effect() -> None:
    assert codes(
        fault("ns-serial", "warning"),
        fault("client-outlook-fails", "error"),
        fault("settings-plain", "warning"),
        fault("web-status", "error"),
        fault("dns-optional", "note"),
        fault("dns-doubled", "error"),
    ) == [
        *("dns-doubled", "web-status", "settings-plain"),
        *("client-outlook-fails", "ns-serial", "dns-optional"),
    ]


def test_stopped_server_before_the_wildcard_that_leads_there() -> None:
    mute, closed = fault("dns-wildcard-mute", "error"), fault("port-closed", "error")
    assert codes(mute, closed)[0] == "port-closed"
    stranger, other = fault("dns-wildcard", "error"), fault("tls-wrong-name", "error")
    assert codes(other, stranger)[0] == "dns-wildcard"


def test_host_that_was_left_comes_first() -> None:
    assert codes(fault("web-status", "error"), fault("web-rate-limit", "warning"))[0] == (
        "web-rate-limit"
    )


def test_accepted_findings_weigh_nothing_and_are_shown() -> None:
    found = fault("tls-expired", "error", "https://a.test"), fault("tls-expired", "error", "b")
    kept, accepted = arranged(found, [Accepted("tls-expired", "https://a.test")])
    assert (kept.subject, kept.severity) == ("b", "error")
    assert (accepted.subject, accepted.severity) == ("https://a.test", "accepted")
    assert {each.severity for each in arranged(found, [Accepted("tls-expired")])} == {"accepted"}
