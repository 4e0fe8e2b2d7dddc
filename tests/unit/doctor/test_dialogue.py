from __future__ import annotations

import asyncio
from base64 import b64encode

import pytest

from mail_autoconfig.doctor.dialogue import (
    DIALOGUES,
    LONGEST_LINE,
    Dialogue,
    ForeignError,
    Offer,
    RefusedError,
    Wire,
    looks_like_mail,
)
from support.mail_server import MailServer

PLAIN = b64encode(b"\0user\0secret").decode()


def talk(
    type_: str, server: MailServer, *, log_in: bool = False, password: str = "secret"
) -> Offer:
    """Greet, ask for the offer and, if wanted, log in."""

    async def run() -> Offer:
        async with server.running(), asyncio.timeout(5):
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", server.port, limit=LONGEST_LINE
            )
            wire, dialogue = Wire(reader, writer), dialogue_of(type_)
            try:
                await dialogue.greet(wire)
                offer = await dialogue.offers(wire)
                if log_in:
                    await dialogue.log_in(wire, "user", password)
                return offer
            finally:
                writer.transport.abort()

    return asyncio.run(run())


def dialogue_of(type_: str) -> Dialogue:
    return DIALOGUES[type_]()


CAPABILITY = "* CAPABILITY IMAP4rev1 {}\r\nTAG OK done"


def test_imap_offers() -> None:
    server = MailServer("* OK hi", {"CAPABILITY": CAPABILITY.format("STARTTLS AUTH=XOAUTH2")})
    assert talk("imap", server) == Offer(True, frozenset({"PLAIN", "XOAUTH2"}))


def test_imap_login_disabled() -> None:
    server = MailServer("* OK hi", {"CAPABILITY": CAPABILITY.format("STARTTLS LOGINDISABLED")})
    assert talk("imap", server) == Offer(True, frozenset())


def test_imap_log_in_by_sasl() -> None:
    replies = {"CAPABILITY": CAPABILITY.format("AUTH=PLAIN"), "AUTHENTICATE": "+", PLAIN: "d2 OK"}
    server = MailServer("* OK hi", replies)
    talk("imap", server, log_in=True)
    assert server.log[1:] == ["d2 AUTHENTICATE PLAIN", PLAIN]


def test_imap_log_in_without_sasl() -> None:
    replies = {"CAPABILITY": CAPABILITY.format(""), "LOGIN": "TAG OK"}
    server = MailServer("* OK hi", replies)
    talk("imap", server, log_in=True)
    assert server.log[1:] == ['d2 LOGIN "user" "secret"']


def test_imap_password_is_quoted() -> None:
    server = MailServer("* OK", {"CAPABILITY": CAPABILITY.format(""), "LOGIN": "TAG OK"})
    talk("imap", server, log_in=True, password=r'a"b\c')
    assert server.log[1:] == [r'd2 LOGIN "user" "a\"b\\c"']


def test_pop3_offers() -> None:
    server = MailServer("+OK hi", {"CAPA": "+OK\r\nSTLS\r\nUSER\r\nSASL CRAM-MD5 XOAUTH2\r\n."})
    assert talk("pop3", server) == Offer(True, frozenset({"PLAIN", "CRAM-MD5", "XOAUTH2"}))


def test_pop3_without_capa_takes_user() -> None:
    assert talk("pop3", MailServer("+OK", {"CAPA": "-ERR"})) == Offer(False, frozenset({"PLAIN"}))


def test_pop3_log_in() -> None:
    server = MailServer("+OK", {"CAPA": "-ERR", "USER": "+OK", "PASS": "+OK"})
    talk("pop3", server, log_in=True)
    assert server.log[1:] == ["USER user", "PASS secret"]


def test_smtp_offers() -> None:
    server = MailServer(
        "220-slow\r\n220 hi", {"EHLO": "250-mx\r\n250-STARTTLS\r\n250-AUTH LOGIN PLAIN\r\n250 X"}
    )
    assert talk("smtp", server) == Offer(True, frozenset({"LOGIN", "PLAIN"}))


def test_smtp_of_old() -> None:
    server = MailServer("220 hi", {"EHLO": "250-mx\r\n250 AUTH=LOGIN"})
    assert talk("smtp", server) == Offer(False, frozenset({"LOGIN"}))


def test_smtp_log_in() -> None:
    server = MailServer("220", {"EHLO": "250 mx", "AUTH PLAIN": "334", PLAIN: "235 done"})
    talk("smtp", server, log_in=True)
    assert server.log[1:] == ["AUTH PLAIN", PLAIN]


@pytest.mark.parametrize(
    ("type_", "greeting", "replies", "said"),
    [
        ("imap", "* BYE later", {}, "* BYE later"),
        ("imap", "* OK", {"CAPABILITY": "TAG NO never"}, "NO never"),
        ("pop3", "-ERR later", {}, "-ERR later"),
        ("smtp", "554-no\r\n554 never", {}, "554 never"),
    ],
)
def test_refusal_is_what_the_server_said(
    type_: str, greeting: str, replies: dict[str, str], said: str
) -> None:
    with pytest.raises(RefusedError) as refusal:
        talk(type_, MailServer(greeting, replies))
    assert str(refusal.value) == said


@pytest.mark.parametrize("type_", DIALOGUES)
def test_wrong_password(type_: str) -> None:
    replies = {
        "CAPABILITY": CAPABILITY.format(""),
        "CAPA": "-ERR",
        "EHLO": "250 mx",
        "LOGIN": "TAG NO wrong",
        "USER": "+OK",
        "PASS": "-ERR wrong",
        "AUTH PLAIN": "334",
        PLAIN: "535 wrong",
    }
    greeting = {"imap": "* OK", "pop3": "+OK", "smtp": "220"}[type_]
    with pytest.raises(RefusedError, match="wrong"):
        talk(type_, MailServer(greeting, replies), log_in=True)


@pytest.mark.parametrize("type_", DIALOGUES)
@pytest.mark.parametrize("greeting", ["SSH-2.0-OpenSSH", "HTTP/1.1 400 Bad Request", "x" * 9999])
def test_other_protocol(type_: str, greeting: str) -> None:
    with pytest.raises(ForeignError):
        talk(type_, MailServer(greeting, {}))


@pytest.mark.parametrize(
    ("type_", "greeting", "command", "line"),
    [
        ("imap", "* OK", "CAPABILITY", "* CAPABILITY X\r\n"),
        ("pop3", "+OK", "CAPA", "+OK\r\n"),
        ("smtp", "220", "EHLO", "250-X\r\n"),
    ],
)
def test_answer_without_end_is_cut(type_: str, greeting: str, command: str, line: str) -> None:
    with pytest.raises(ForeignError, match="without an end"):
        talk(type_, MailServer(greeting, {command: line * 300}))


def test_connection_that_ends() -> None:
    async def run() -> None:
        reader = asyncio.StreamReader()
        reader.feed_data(b"* OK but")
        reader.feed_eof()
        async with MailServer("", {}).running() as server:
            _, writer = await asyncio.open_connection("127.0.0.1", server.port)
            with pytest.raises(ConnectionResetError):
                await Wire(reader, writer).line()
            writer.transport.abort()

    asyncio.run(run())


def test_one_line_is_sent_at_a_time() -> None:
    """A user name is from a stranger's answer: it must not contain commands."""

    async def run() -> None:
        async with MailServer("", {}).running() as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            with pytest.raises(ForeignError, match="control"):
                await Wire(reader, writer).send("USER a\r\nDELE 1")
            writer.transport.abort()
        assert server.log == []

    asyncio.run(run())


def test_wire_without_tls_has_none() -> None:
    async def run() -> None:
        async with MailServer("", {}).running() as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            with pytest.raises(ConnectionError, match="no TLS"):
                _ = Wire(reader, writer).tls
            writer.transport.abort()

    asyncio.run(run())


@pytest.mark.parametrize("greeting", ["* OK IMAP", "+OK POP3", "220 mx ESMTP", "554-no"])
def test_greetings_of_mail_servers(greeting: str) -> None:
    assert looks_like_mail(greeting)
    assert not looks_like_mail(f"HTTP/1.1 {greeting}")
