"""The order of findings: what to mend first. A cause comes before the effects that it explains."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from .data import Finding

# Warnings that can be why a client fails.
_CAUSES = {
    *("web-redirect-elsewhere", "autodiscover-by-http", "autoconfig-http-only", "web-rate-limit"),
    *("settings-plain", "dns-no-autodiscover", "dns-no-autoconfig", "tls-domain-itself"),
    *("web-case", "dns-wrong"),
}
_ROOTS = "dns-doubled", "dns-target-doubled", "dns-wildcard", "dns-alias", "address-differs"
_LATE = ("dns-wildcard-mute",)  # a stopped server is the cause, if it is the right one
_LEFT = "web-rate-limit"


@dataclass(frozen=True, slots=True)
class Accepted:
    """What a user accepts: a code, and the subject that it is about; empty: any."""

    code: str
    subject: str = ""

    def covers(self, finding: Finding) -> bool:
        """Whether a finding is accepted so."""
        return self.code == finding.code and self.subject in ("", finding.subject)


def arranged(found: Iterable[Finding], accepted: Sequence[Accepted] = ()) -> tuple[Finding, ...]:
    """The findings, each once, those accepted marked so, in the order in which to mend them."""
    marked = [
        replace(each, severity="accepted") if any(a.covers(each) for a in accepted) else each
        for each in dict.fromkeys(found)
    ]
    return in_order(marked)


def in_order(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Causes before effects, what weighs most first."""
    marked = list(found)
    left = any(each.code == _LEFT and each.severity != "accepted" for each in marked)
    return tuple(sorted(marked, key=lambda each: _rank(each, left)))


def _rank(finding: Finding, left: bool) -> tuple[int, int]:
    """Errors that are causes, warnings that may be, failing clients, other warnings, notes."""
    is_client = finding.code.startswith("client-")
    root = 0 if finding.code in _ROOTS else 2 if finding.code in _LATE else 1
    if left and finding.code == _LEFT:
        return -1, 0  # what else was found there may come of it
    if finding.severity == "error":
        return (2 if is_client else 0), root
    if finding.severity == "warning":
        return (4 if is_client else 1 if finding.code in _CAUSES else 3), root
    return {"note": 5, "accepted": 6}.get(finding.severity, 7), root
