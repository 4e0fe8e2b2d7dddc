from __future__ import annotations

import pytest

from mail_autoconfig.answers import autoconfig
from mail_autoconfig.imports.draft import SourceError
from mail_autoconfig.imports.mozilla import pattern, read
from mail_autoconfig.inventory.read import built_in_providers, parse

from .ends import by_config, inventory, rendered

USER = "anna@example.com"


def server(element: str, type_: str, port: int, socket: str, more: str = "") -> str:
    return (
        f'<{element} type="{type_}"><hostname>{type_}.example.net</hostname><port>{port}</port>'
        f"<socketType>{socket}</socketType><username>%EMAILADDRESS%</username>"
        f"<authentication>password-cleartext</authentication>{more}</{element}>"
    )


def document(inside: str, outside: str = "", domain: str = "example.com") -> bytes:
    return (
        '<?xml version="1.0"?><clientConfig version="1.1"><emailProvider id="example.net">'
        f"<domain>{domain}</domain>{inside}</emailProvider>{outside}</clientConfig>"
    ).encode()


IMAP = server("incomingServer", "imap", 993, "SSL")
SMTP = server("outgoingServer", "smtp", 587, "STARTTLS")


@pytest.mark.parametrize("provider", built_in_providers())
def test_our_own_answers_come_back(provider: str) -> None:
    """Round trip: the imported inventory answers what the source answered."""
    domain = parse({"domains": [{"name": "example.com", "provider": provider}]}).find("example.com")
    assert domain
    body = autoconfig.render(domain)
    imported = inventory(read(body))
    assert by_config(rendered(imported, USER)[0], USER) == by_config(body, USER)


def test_everything_that_has_a_key_comes_back() -> None:
    raw = {
        "name": "example.com",
        "display_name": "Acme: Mail #1",
        "short_name": "Acme",
        "servers": [
            {"type": "pop3", "host": "p.example.net", "authentication": "gssapi"},
            {"type": "pop3", "host": "p2.example.net", "leave_on_server": 14},
            {"type": "pop3", "host": "p3.example.net", "leave_on_server": False},
            {"type": "imap", "host": "mail.{domain}", "username": "AD\\{localpart}"},
            {"type": "imap", "host": "i.example.net", "port": 1143, "security": "starttls"},
            {"type": "smtp", "host": "s.example.net", "authentication": ["oauth2", "password"]},
            {"type": "caldav", "url": "https://dav.example.net/{email}/"},
            {"type": "carddav", "url": "https://dav.example.net/", "username": "{localpart}"},
            {"type": "webdav", "url": "https://files.example.net/"},
            {"type": "jmap", "url": "https://jmap.example.net/"},
            {"type": "managesieve", "host": "sieve.example.net"},
        ],
        "documentation": [{"url": "https://example.net/", "text": {"en": "Help", "de": "Hilfe"}}],
        "enable": {"url": "https://example.net/on", "text": {"en": "Switch it on"}},
        "webmail": {"login_page": "https://webmail.example.net/"},
        "mx": ["example.net"],
        "oauth2": {
            "issuer": "example.net",
            "scope": "mail",
            "client_id": "x",
            "auth_url": "https://a.example.net/",
            "token_url": "https://t.example.net/",
        },
    }
    first = parse({"domains": [raw]})
    body, _pox = rendered(first, USER)
    domain = first.find("example.com")
    assert domain
    source = read(autoconfig.render(domain))
    assert rendered(inventory(source), USER)[0] == body
    assert source.left == ()


def test_file_of_the_data_base_for_many_domains() -> None:
    inside = f"<domain>example.org</domain><displayName>Acme</displayName>{IMAP}{SMTP}"
    found = inventory(read(document(inside)))
    assert [*found.domains] == ["example.com", "example.org"]
    assert found.domains["example.com"].settings is found.domains["example.org"].settings
    assert found.domains["example.org"].display_name == "Acme"


def test_given_domains_win() -> None:
    body = document(IMAP + SMTP, domain="%EMAILDOMAIN%")
    assert [*inventory(read(body, ("a.test", "b.test"))).domains] == ["a.test", "b.test"]
    with pytest.raises(SourceError, match="names no domain of its own; give it by --domain"):
        read(body)


@pytest.mark.parametrize(
    ("inside", "line"),
    [
        (server("incomingServer", "exchange", 443, "SSL"), "<incomingServer> of type exchange:"),
        (IMAP.replace("SSL", "TLS"), "imap imap.example.net: socketType TLS: no such word"),
        (IMAP.replace("password-cleartext", "NTLM"), "authentication NTLM: no such method here"),
        (IMAP.replace("993", "x"), "imap imap.example.net: port x is no number"),
        ("<instruction/>", "<instruction>: no key for it here"),
        ("<displayName>%EMAILADDRESS%</displayName>", "<displayName> with a placeholder"),
    ],
)
def test_what_can_not_be_taken_over_is_said(inside: str, line: str) -> None:
    source = read(document(f"{IMAP}{inside}{SMTP}"))
    (said,) = source.left
    assert line in said
    assert inventory(source).find("example.com")


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"<clientConfig", "no well-formed XML"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><clientConfig/>', "no well-formed XML: a document type"),
        (b"<clientConfig/>", "no clientConfig with an emailProvider"),
        (b"<html/>", "no clientConfig with an emailProvider"),
    ],
)
def test_bad_files(body: bytes, problem: str) -> None:
    with pytest.raises(SourceError, match="^" + problem):
        read(body)


def test_placeholders() -> None:
    assert pattern("x%EMAILLOCALPART%@%EMAILDOMAIN%") == "x{localpart}@{domain}"


def test_a_number_too_long_to_read() -> None:
    """Of days, it is as if there were none; Python reads at most 4,300 digits."""
    leave = "<leaveMessagesOnServer>true</leaveMessagesOnServer>"
    days = f"<daysToLeaveMessagesOnServer>{'1' * 5000}</daysToLeaveMessagesOnServer>"
    pop3 = server("incomingServer", "pop3", 995, "SSL", f"<pop3>{leave}{days}</pop3>")
    (draft,) = read(document(pop3 + SMTP)).drafts
    assert draft.servers[0]["leave_on_server"] is True
