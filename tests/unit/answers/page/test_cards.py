from __future__ import annotations

from typing import Any

from mail_autoconfig.answers.page.cards import cards
from mail_autoconfig.inventory import addresses
from mail_autoconfig.texts import texts

from .samples import MAIL, domain

POP3 = {"type": "pop3", "host": "pop.example.com"}


def kinds(servers: list[dict[str, Any]]) -> tuple[list[str], list[str]]:
    parts = cards(texts("en"), domain(servers=servers), addresses.parse("u@example.com"))
    first, rest = ([f"{card.kind} {card.rows[0][1]}" for card in part] for part in parts)
    return first, rest


def test_pop3_is_below_the_fold_where_there_is_imap() -> None:
    calendar = {"type": "caldav", "url": "https://dav.example.com/"}
    assert kinds([POP3, *MAIL, calendar]) == (
        ["IMAP imap.example.com", "SMTP smtp.example.com"],
        ["POP3 pop.example.com", "CalDAV https://dav.example.com/"],
    )
    assert kinds([POP3, MAIL[1]]) == (["POP3 pop.example.com", "SMTP smtp.example.com"], [])


def test_the_server_that_most_programs_take_is_first() -> None:
    old = {"type": "imap", "host": "old.example.com", "security": "none"}
    kerberos = {"type": "imap", "host": "gssapi.example.com", "authentication": "gssapi"}
    assert kinds([old, kerberos, *MAIL]) == (
        ["IMAP imap.example.com", "SMTP smtp.example.com"],
        ["IMAP old.example.com", "IMAP gssapi.example.com"],
    )


def test_services_alone_are_not_folded() -> None:
    assert kinds([{"type": "caldav", "url": "https://dav.example.com/"}]) == (
        ["CalDAV https://dav.example.com/"],
        [],
    )


def test_rows() -> None:
    servers = [*MAIL[:1], {"type": "smtp", "host": "s.example.com", "authentication": "none"}]
    (incoming, outgoing), _ = cards(
        texts("en"), domain(servers=servers), addresses.parse("u@example.com")
    )
    assert incoming.rows == (
        ("Server", "imap.example.com", True),
        ("Port", "993", True),
        ("Encryption", "SSL/TLS", False),
        ("User name", "u@example.com", True),
        ("Password", "that of your mailbox", False),
    )
    assert outgoing.rows[-1] == ("Log-in", "not needed", False)
    assert "User name" not in [label for label, _, _ in outgoing.rows]
