from __future__ import annotations

import pytest

from mail_autoconfig.certificates.caa import Issuer, Record, forbidden

OURS = "https://ca.test/acct/1"
CA = Issuer(frozenset({"ca.test"}), OURS, "http-01")


def said(*values: str, issuer: Issuer = CA) -> str:
    return forbidden("a.test", [Record(0, "issue", each) for each in values], issuer, wild=False)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["ca.test"], ""),
        ([" CA.test "], ""),
        (["x.test", "ca.test"], ""),
        (["x.test"], "CAA of a.test allows x.test"),
        (["y.test", "x.test"], "CAA of a.test allows x.test and y.test"),
        ([";"], "CAA of a.test allows nobody"),
        ([""], "CAA of a.test allows nobody"),
        ([], ""),
        # What only another authority's parameters say.
        (["x.test; accounturi=https://x.test/1", "ca.test"], ""),
        # A parameter that is none of RFC 8657's, or none at all.
        (["ca.test; policy=x; half"], ""),
    ],
)
def test_authority(values: list[str], expected: str) -> None:
    assert said(*values) == expected


ANOTHER = "https://ca.test/acct/2"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([f"ca.test; accounturi={OURS}"], ""),
        ([f"ca.test;AccountURI = {OURS} ;validationmethods=dns-01,http-01"], ""),
        (
            [f"ca.test; accounturi={ANOTHER}"],
            f"CAA accounturi of a.test allows {ANOTHER}, not {OURS}",
        ),
        (
            [f"ca.test; AccountURI={ANOTHER}"],
            f"CAA accounturi of a.test allows {ANOTHER}, not {OURS}",
        ),
        # Each record by itself; one that fits is enough.
        ([f"ca.test; accounturi={ANOTHER}", f"ca.test; accounturi={OURS}"], ""),
        ([f"ca.test; accounturi={ANOTHER}", "ca.test"], ""),
        (
            [f"ca.test; accounturi={ANOTHER}; accounturi={OURS}"],
            f"CAA accounturi of a.test allows none, not {OURS}",
        ),
        (
            ["ca.test; validationmethods=dns-01"],
            "CAA validationmethods of a.test allows dns-01, not http-01",
        ),
        (
            ["ca.test; validationmethods=tls-alpn-01, dns-01"],
            "CAA validationmethods of a.test allows tls-alpn-01, dns-01, not http-01",
        ),
        (
            ["ca.test; validationmethods="],
            "CAA validationmethods of a.test allows none, not http-01",
        ),
    ],
)
def test_account_and_method(values: list[str], expected: str) -> None:
    assert said(*values) == expected


def test_account_before_the_first_order() -> None:
    new = Issuer(CA.names, "", "http-01")
    expected = f"CAA accounturi of a.test allows {OURS}; this host has no account yet"
    assert said(f"ca.test; accounturi={OURS}", issuer=new) == expected
    assert said("ca.test", issuer=new) == ""


def test_other_records() -> None:
    """Without a word on who may issue, anybody may; what is critical must be known."""
    for record in Record(0, "iodef", "mailto:a@b.test"), Record(0, "new", "x"):
        assert forbidden("a.test", [record], CA, wild=False) == ""
    critical = forbidden("a.test", [Record(128, "New", "x")], CA, wild=False)
    assert critical == "CAA of a.test: new is critical and unknown"
    assert forbidden("a.test", [Record(128, "Issue", "ca.test")], CA, wild=False) == ""


def test_wildcard() -> None:
    records = [Record(0, "issue", "ca.test"), Record(0, "issuewild", "x.test")]
    assert forbidden("a.test", records, CA, wild=False) == ""
    assert forbidden("a.test", records, CA, wild=True) == "CAA of a.test allows x.test"
    assert forbidden("a.test", records[:1], CA, wild=True) == ""
