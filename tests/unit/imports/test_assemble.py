from __future__ import annotations

from typing import Any

import pytest

from mail_autoconfig.imports.assemble import assemble
from mail_autoconfig.imports.draft import Draft
from mail_autoconfig.inventory.read import ConfigurationError

IMAP = {"type": "imap", "host": "mail.example.net", "port": 993, "security": "tls"}
SMTP = {"type": "smtp", "host": "mail.example.net", "port": 587, "security": "starttls"}
SHORT = [
    {"type": "imap", "host": "mail.example.net", "security": "tls"},
    {"type": "smtp", "host": "mail.example.net", "security": "starttls"},
]


def draft(*domains: str, **extras: Any) -> Draft:
    return Draft(domains or ("example.com",), (IMAP, SMTP), extras)


def test_one_domain() -> None:
    usual = {"username": "{email}", "authentication": "password"}
    found = assemble([Draft(("example.com",), ({**IMAP, **usual}, SMTP))])
    assert found.domains == ({"name": "example.com", "servers": SHORT},)
    assert (found.providers, found.left) == ({}, ())


def test_servers_of_several_domains_are_a_provider() -> None:
    other = Draft(("c.test", "d.test"), (IMAP, SMTP), {"display_name": "Acme", "webmail": {}})
    found = assemble([draft("a.test", "b.test", short_name="Acme"), other])
    assert found.domains == (
        {"name": "a.test", "provider": "acme"},
        {"name": "b.test", "provider": "acme"},
        {"name": "c.test", "provider": "acme_2"},
        {"name": "d.test", "provider": "acme_2"},
    )
    assert found.providers["acme"] == {"servers": SHORT, "short_name": "Acme"}


def test_built_in_provider() -> None:
    host = {"host": "mail.gandi.net"}
    gandi = [{"type": each, **host} for each in ("imap", "pop3", "smtp")]
    found = assemble([Draft(("a.test", "b.test"), tuple(gandi), {"display_name": "X"})])
    assert found.domains[1] == {"name": "b.test", "provider": "gandi"}
    other = assemble([Draft(("a.test",), tuple(gandi[:2]), {})])
    assert "provider" not in other.domains[0]


def test_security_that_the_port_can_not_have() -> None:
    found = assemble([Draft(("example.com",), (IMAP, {**SMTP, "security": "tls"}))])
    assert found.domains[0]["servers"] == SHORT
    (line,) = found.left
    assert line.startswith("smtp mail.example.net: ")
    assert line.endswith("taken is what its port begins with")


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        ({"type": "pop3", "host": "a b"}, "pop3 a b: "),
        ({"type": "pop3", "host": "x.test", "port": 0}, "pop3 x.test: "),
        ({"type": "caldav", "url": "http://x.test/"}, "caldav http://x.test/: "),
        ({"type": "pop3", "host": "x.test", "username": "{user}"}, "pop3 x.test: "),
        ({"type": "pop3", "host": "{{ x }}"}, "pop3 {{ x }}: has the marks of a template"),
    ],
)
def test_server_that_is_refused_is_said(raw: dict[str, Any], line: str) -> None:
    found = assemble([Draft(("example.com",), (IMAP, raw, SMTP))])
    assert found.domains[0]["servers"] == SHORT
    (said,) = found.left
    assert said.startswith(line)


@pytest.mark.parametrize(
    ("extras", "line"),
    [
        ({"webmail": {"login_page": "http://x.test/"}}, "webmail.login_page: "),
        ({"display_name": "x" * 61}, "display_name: "),
        ({"display_name": "{{ lookup('pipe', 'id') }}"}, "display_name: has the marks"),
        (
            {"documentation": [{"url": "https://x/", "text": {"en": "{% x %}"}}]},
            "documentation: has",
        ),
    ],
)
def test_other_keys_that_are_refused_are_said(extras: dict[str, Any], line: str) -> None:
    """What a stranger wrote is no template for Ansible to run."""
    found = assemble([draft(**extras)])
    assert found.domains == ({"name": "example.com", "servers": SHORT},)
    (said,) = found.left
    assert said.startswith(line)


def test_names_that_a_domain_has_anyway() -> None:
    usual = draft(display_name="example.com", short_name="example.com")
    assert assemble([usual]).domains == ({"name": "example.com", "servers": SHORT},)
    (one,) = assemble([draft(display_name="Acme", short_name="Acme")]).domains
    assert (one.get("display_name"), one.get("short_name")) == ("Acme", None)


def test_user_name_of_one_mailbox_is_said() -> None:
    """So it is in a file that was made for one user."""
    found = assemble([Draft(("example.com",), ({**IMAP, "username": "otto@example.com"}, SMTP))])
    assert found.domains[0]["servers"][0]["username"] == "otto@example.com"
    (line,) = found.left
    assert line.endswith("user name otto@example.com for everybody; is it one mailbox's?")


def test_half_an_account() -> None:
    receives, sends = (Draft((f"{n}.test",), (each,)) for n, each in enumerate((IMAP, SMTP)))
    found = assemble([receives, sends])
    assert found.domains[0]["receive_only"] is True
    assert found.domains[1]["send_only"] is True
    assert len(found.left) == 2


def test_domains_that_are_refused_are_said() -> None:
    found = assemble([draft("example.com", "a b", "example.com")])
    assert [each["name"] for each in found.domains] == ["example.com"]
    assert len(found.left) == 1


def test_domain_of_two_sources() -> None:
    other = Draft(("example.com",), ({**IMAP, "host": "x.test"}, SMTP))
    found = assemble([draft(), other])
    assert found.domains == ({"name": "example.com", "servers": SHORT},)
    assert found.left == ("example.com: named twice; its first settings are kept",)


def test_nothing_is_left() -> None:
    with pytest.raises(ConfigurationError) as error:
        assemble([Draft(("example.com",), ({"type": "imap", "host": "a b"},))])
    assert error.value.problems[-1] == "nothing that an inventory can have"
