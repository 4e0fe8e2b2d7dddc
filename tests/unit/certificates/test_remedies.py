from __future__ import annotations

import re
from pathlib import Path

import pytest

from mail_autoconfig.certificates.remedies import remedy

PAGE = Path(__file__).parents[3] / "docs/certificates.md"


@pytest.mark.parametrize(
    ("why", "said"),
    [
        ("no record", "give the name its DNS record"),
        ("no record of an address that this host can reach", "an address that this server can"),
        ("points elsewhere: 192.0.2.1 answers 404", "another server"),
        ("port 80 of 192.0.2.1: Connection refused", "open port 80"),
        ("CAA of a.test allows other.test", "CAA records"),
        (
            "CAA accounturi of a.test allows https://ca.test/1; this host has no account yet",
            "account",
        ),
        ("CAA validationmethods of a.test allows dns-01, not http-01", "method"),
        ("its name servers do not answer", "name servers"),
        ("refused 5 times in an hour", "wait"),
        ("The ACME server refuses it (rejectedIdentifier)", "discovery: srv"),
        ("something new", "docs/certificates.md"),
    ],
)
def test_each_cause_has_a_remedy(why: str, said: str) -> None:
    assert said in remedy(why)


def test_the_page_has_each_cause() -> None:
    """All that docs/certificates.md lists has a remedy here too."""
    table = PAGE.read_text("utf-8").partition("| left out: ")[2].partition("\n\n")[0]
    causes = re.findall(r"^\| `(.+?)`", table, re.MULTILINE)
    assert len(causes) > 5
    for cause in causes:
        assert "docs/certificates.md" not in remedy(cause)
