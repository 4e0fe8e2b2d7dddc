from __future__ import annotations

import pytest

from mail_autoconfig.inventory.environment import configuration
from mail_autoconfig.inventory.read import ConfigurationError, parse

OWN = {
    "AUTOCONFIG_DOMAIN": "a.test",
    "AUTOCONFIG_IMAP": "mail.a.test",
    "AUTOCONFIG_SMTP": "mail.a.test",
}


def test_provider() -> None:
    raw = configuration({"AUTOCONFIG_DOMAIN": "a.test", "AUTOCONFIG_PROVIDER": "ovh"})
    assert raw == {"domains": [{"name": "a.test", "provider": "ovh"}]}
    assert parse(raw)


@pytest.mark.parametrize(
    ("smtp", "port", "security"),
    [
        ("mail.a.test", 465, "tls"),
        ("mail.a.test:465", 465, "tls"),
        ("mail.a.test:587", 587, "starttls"),
        ("mail.a.test:4650", 4650, "tls"),
    ],
)
def test_own_servers(smtp: str, port: int, security: str) -> None:
    (domain,) = parse(configuration(OWN | {"AUTOCONFIG_SMTP": smtp})).domains.values()
    imap, found = domain.settings.servers
    assert (imap.type, imap.host, imap.port, imap.security) == ("imap", "mail.a.test", 993, "tls")
    assert (found.type, found.host, found.port, found.security) == (
        ("smtp", "mail.a.test", port, security)
    )


@pytest.mark.parametrize("environ", [{}, {"AUTOCONFIG_DOMAIN": ""}, {"HOME": "/"}])
def test_nothing_is_said(environ: dict[str, str]) -> None:
    assert configuration(environ) is None


def test_variable_without_a_domain() -> None:
    with pytest.raises(ConfigurationError) as caught:
        configuration({"AUTOCONFIG_IMAP": "mail.a.test"})
    assert caught.value.problems == ["AUTOCONFIG_IMAP without AUTOCONFIG_DOMAIN; set it too"]


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"AUTOCONFIG_IMAP": "mail.a.test:imap"}, 'host: "mail.a.test:imap" is not a host name'),
        ({"AUTOCONFIG_IMAP": "mail.a.test:99999"}, "port: 99999"),
        ({"AUTOCONFIG_DOMAIN": "a b"}, '"a b" is not a host name'),
        ({"AUTOCONFIG_PROVIDER": "gandy"}, 'no provider "gandy"'),
    ],
)
def test_validator_is_that_of_files(wrong: dict[str, str], problem: str) -> None:
    with pytest.raises(ConfigurationError, match=problem):
        parse(configuration(OWN | wrong))
