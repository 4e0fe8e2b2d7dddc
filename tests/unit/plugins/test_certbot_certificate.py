from __future__ import annotations

from typing import Any

import pytest

GOOD: dict[str, Any] = {
    "names": ["a.test", "b.test"],
    "directory_url": "https://acme.test/dir",
    "webroot": "/var/www",
    "ends_soon": False,
    "signed_by_root": True,
}
WANTED = {key: GOOD[key] for key in ("names", "directory_url", "webroot")}


@pytest.mark.parametrize(
    ("current", "reason"),
    [
        ({}, "there is none"),
        (GOOD, ""),
        (GOOD | {"names": ["a.test"]}, "other names"),
        (GOOD | {"directory_url": "https://staging.test/dir"}, "another authority"),
        (GOOD | {"webroot": "/srv"}, "renewal by another directory"),
        (GOOD | {"signed_by_root": False}, "not signed by the root"),
        (GOOD | {"ends_soon": True}, "ends in less than 7 days"),
    ],
)
def test_why(current: dict[str, Any], reason: str) -> None:
    from ansible_collections.mailhost.autoconfig.plugins.modules.certbot_certificate import why

    assert why(current, WANTED) == reason


def test_names_of() -> None:
    from ansible_collections.mailhost.autoconfig.plugins.modules import certbot_certificate

    printed = (
        "X509v3 Subject Alternative Name: \n    DNS:b.test, DNS:a.test, IP Address:192.0.2.1\n"
    )
    assert certbot_certificate.names_of(printed) == ["a.test", "b.test"]


CHALLENGE = """
Certbot failed to authenticate some domains (authenticator: webroot). The Certificate Authority \
reported these problems:
  Domain: autoconfig.dead.test
  Type:   dns
  Detail: DNS problem: NXDOMAIN looking up A for autoconfig.dead.test

  Domain: autodiscover.dead.test
  Type:   connection
  Detail: Connection refused

Ask for help or search for solutions at https://community.letsencrypt.org.
"""
HIDDEN = """
An unexpected error occurred:
AttributeError: can't set attribute
--- log ---
acme.messages.Error: urn:ietf:params:acme:error:rateLimited :: There were too many requests
AttributeError: can't set attribute
"""


@pytest.mark.parametrize(
    ("output", "lines"),
    [
        (
            CHALLENGE,
            [
                "autoconfig.dead.test: DNS problem: NXDOMAIN looking up A for "
                "autoconfig.dead.test (dns)",
                "autodiscover.dead.test: Connection refused (connection)",
            ],
        ),
        (HIDDEN, ["There were too many requests (rateLimited)"]),
        ("Saving debug log to x\nfirst\nsecond\nthird\n", ["second", "third"]),
        ("first\n--- log ---\nTraceback", ["first"]),
        ("", []),
    ],
)
def test_failures_of(output: str, lines: list[str]) -> None:
    from ansible_collections.mailhost.autoconfig.plugins.modules import certbot_certificate

    assert certbot_certificate.failures_of(output) == lines
