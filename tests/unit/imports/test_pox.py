from __future__ import annotations

import pytest

from mail_autoconfig.imports.draft import SourceError
from mail_autoconfig.imports.pox import read
from mail_autoconfig.inventory.read import parse

from .ends import by_pox, inventory, rendered

USER = "anna@example.com"
SCHEMA = "http://schemas.microsoft.com/exchange/autodiscover"


def protocol(type_: str, port: int, more: str = "<SSL>on</SSL>", login: str = USER) -> str:
    return (
        f"<Protocol><Type>{type_}</Type><Server>mail.example.net</Server><Port>{port}</Port>"
        f"<LoginName>{login}</LoginName><SPA>off</SPA><AuthRequired>on</AuthRequired>{more}"
        "</Protocol>"
    )


def answer(inside: str) -> bytes:
    return (
        f'<Autodiscover xmlns="{SCHEMA}/responseschema/2006"><Response '
        f'xmlns="{SCHEMA}/outlook/responseschema/2006a"><Account><AccountType>email</AccountType>'
        f"<Action>settings</Action>{inside}</Account></Response></Autodiscover>"
    ).encode()


GOOD = answer(protocol("IMAP", 993) + protocol("SMTP", 465))


@pytest.mark.parametrize(
    "username", ["{email}", "{localpart}", "AD\\{localpart}", "{localpart}%{domain}", "shared"]
)
def test_round_trip(username: str) -> None:
    servers = [
        {"type": "imap", "host": "a.test", "security": "starttls", "username": username},
        {"type": "pop3", "host": "a.test", "username": username},
        {"type": "smtp", "host": "a.test", "port": 2525, "security": "tls", "username": username},
        {"type": "caldav", "url": "https://dav.test/x/", "username": username},
    ]
    webmail = {"login_page": "https://webmail.test/"}
    entry = {"name": "example.com", "servers": servers, "webmail": webmail, "ttl_hours": 24}
    first = parse({"domains": [entry]})
    source = read(rendered(first, USER)[1], address=USER)
    assert source.left == ()
    imported = inventory(source)
    for user in (USER, "otto@example.com"):
        assert rendered(imported, user)[1] == rendered(first, user)[1]


def test_file_as_others_publish_it() -> None:
    source = read(GOOD)
    assert by_pox(rendered(inventory(source), USER)[1], USER) == by_pox(GOOD, USER)
    assert source.left == (f"LoginName {USER}: taken for the whole address; else give --address",)


def test_login_name_that_is_missing_is_the_local_part() -> None:
    """So it is to Outlook (MS-OXDSCLI)."""
    body = GOOD.replace(f"<LoginName>{USER}</LoginName>".encode(), b"")
    found = inventory(read(body, ("example.com",))).domains["example.com"].settings
    assert {each.username for each in found.servers} == {"{localpart}"}


def test_ssl_on_a_port_that_begins_in_plain_text() -> None:
    source = read(answer(protocol("IMAP", 143) + protocol("SMTP", 587)))
    assert {each["security"] for each in source.drafts[0].servers} == {"starttls"}
    found = inventory(source).domains["example.com"].settings.servers
    assert [(each.port, each.security) for each in found] == [(143, "starttls"), (587, "starttls")]
    assert "smtp mail.example.net: SSL on and no Encryption, but port 587" in source.left[2]


@pytest.mark.parametrize(
    ("inside", "line"),
    [
        ("<Protocol><Type>EXCH</Type></Protocol>", "Protocol of Type EXCH: no such service here"),
        (protocol("POP3", 995, "<SPA>on</SPA>").replace("<SPA>off</SPA>", ""), "SPA on"),
        (protocol("POP3", 995, "<DomainRequired>on</DomainRequired>"), "DomainRequired on"),
        (protocol("POP3", 995).replace("995", "x"), "pop3 mail.example.net: port x is no number"),
    ],
)
def test_what_can_not_be_taken_over_is_said(inside: str, line: str) -> None:
    source = read(answer(protocol("IMAP", 993) + inside + protocol("SMTP", 465)), address=USER)
    (said,) = source.left
    assert line in said


def test_smtp_without_log_in() -> None:
    smtp = protocol("SMTP", 465).replace("<AuthRequired>on", "<AuthRequired>off")
    found = inventory(read(answer(protocol("IMAP", 993) + smtp))).domains["example.com"].settings
    assert found.servers[1].authentication == ("none",)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"<Autodiscover", "no well-formed XML"),
        (b"<Autodiscover/>", "no settings in it: no Account"),
        (
            b"<Autodiscover><Response><Error><ErrorCode>500</ErrorCode><Message>x</Message>"
            b"</Error></Response></Autodiscover>",
            "no settings in it: error 500: x",
        ),
        (GOOD.replace(USER.encode(), b"anna"), "it names no domain of its own; give it by"),
    ],
)
def test_bad_files(body: bytes, problem: str) -> None:
    with pytest.raises(SourceError, match="^" + problem):
        read(body)
