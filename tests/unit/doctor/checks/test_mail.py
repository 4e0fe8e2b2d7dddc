from __future__ import annotations

import asyncio
import ssl
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mail_autoconfig.doctor.checks import mail
from mail_autoconfig.doctor.checks.mail import check_mail, check_server
from mail_autoconfig.doctor.checks.tls import Contexts
from mail_autoconfig.doctor.data import Finding, Setting
from support.answers import CONFIG, Reply
from support.local_servers import certificate
from support.mail_server import STARTTLS, MailServer

from ..conftest import DOMAIN, MAIL, World

USER = f"user@{DOMAIN}"
SECRET = "s3cret"
PLAIN = b64encode(f"\0{USER}\0{SECRET}".encode()).decode()
OFFER = "* CAPABILITY IMAP4rev1 {}\r\nTAG OK done"
IMAP = Setting("imap", MAIL, 993, "tls", USER, ("password",))
TALK = {"CAPABILITY": OFFER.format("AUTH=PLAIN"), "AUTHENTICATE": "+", PLAIN: "d2 OK"}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "GREETING", 0.3)


def tls(directory: Path, *names: str) -> tuple[ssl.SSLContext, Path]:
    """A server's context, and the authority of its certificate."""
    path = certificate(directory, names or (MAIL,), days=60)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context, path


def visit(
    world: World, setting: Setting, server: MailServer, ca: Path, password: str | None = None
) -> list[Finding]:
    async def run() -> tuple[Finding, ...]:
        async with server.running(), asyncio.timeout(20):
            here = replace(setting, port=server.port)
            contexts = Contexts.trusting(ca)
            return await check_server(here, world.fetcher(), contexts, datetime.now(UTC), password)

    return list(asyncio.run(run()))


def lines(found: list[Finding]) -> list[str]:
    return [f"{each.code}: {each.what}" for each in found]


@pytest.fixture
def server(tmp_path: Path) -> tuple[MailServer, Path]:
    context, ca = tls(tmp_path)
    return MailServer("* OK", TALK, context), ca


def test_all_is_right(world: World, server: tuple[MailServer, Path]) -> None:
    assert visit(world, IMAP, *server) == []
    assert not [line for line in server[0].log if "AUTHENTICATE" in line]


def test_subject_is_the_published_server(world: World, tmp_path: Path) -> None:
    _, ca = tls(tmp_path)
    contexts = Contexts.trusting(ca)
    setting = replace(IMAP, port=1)
    found = asyncio.run(check_server(setting, world.fetcher(), contexts, datetime.now(UTC)))
    assert [(each.code, each.subject) for each in found] == [("port-closed", f"imap {MAIL}:1")]


def test_log_in(world: World, server: tuple[MailServer, Path]) -> None:
    assert visit(world, IMAP, *server, SECRET) == []
    assert server[0].log[-2:] == ["d2 AUTHENTICATE PLAIN", PLAIN]


@pytest.mark.parametrize("echo", [SECRET, PLAIN])
def test_refused_log_in_does_not_say_the_password(echo: str, world: World, tmp_path: Path) -> None:
    context, ca = tls(tmp_path)
    replies = TALK | {PLAIN: f"d2 NO wrong {echo}\x1b[31m"}
    found = visit(world, IMAP, MailServer("* OK", replies, context), ca, SECRET)
    said = "NO wrong …[31m"
    assert lines(found) == [f"mail-login: the log-in as {USER} is refused: {said}"]


def test_user_name_with_a_line_break_is_not_sent(world: World, tmp_path: Path) -> None:
    context, ca = tls(tmp_path)
    replies = {"CAPABILITY": OFFER.format(""), "LOGIN": "TAG OK"}
    server = MailServer("* OK", replies, context)
    (found,) = visit(world, replace(IMAP, username='a"\r\nd9 DELETE x'), server, ca, SECRET)
    assert found.code == "mail-login"
    assert not [line for line in server.log if "DELETE" in line or "LOGIN" in line]


def test_no_password_to_another_name(world: World, tmp_path: Path) -> None:
    context, ca = tls(tmp_path, "other.test")
    server = MailServer("* OK", TALK, context)
    found = visit(world, IMAP, server, ca, SECRET)
    assert lines(found) == ["tls-wrong-name: the certificate is for other.test"]
    assert not [line for line in server.log if "AUTHENTICATE" in line]


def test_no_password_without_tls(world: World, tmp_path: Path) -> None:
    server = MailServer("* OK", TALK)
    assert visit(world, replace(IMAP, security="none"), server, tls(tmp_path)[1], SECRET) == []
    assert not [line for line in server.log if "AUTHENTICATE" in line]


STARTTLS_TALK = {
    "CAPABILITY": OFFER.format("STARTTLS LOGINDISABLED"),
    "STARTTLS": f"TAG OK {STARTTLS}",
}


def test_starttls(world: World, tmp_path: Path) -> None:
    context, ca = tls(tmp_path)
    replies = STARTTLS_TALK | {"CAPABILITY": OFFER.format("STARTTLS AUTH=PLAIN")}
    server = MailServer("* OK", replies, context, implicit=False)
    found = visit(world, replace(IMAP, security="starttls"), server, ca)
    assert lines(found) == ["mail-plain-password: the server accepts passwords before STARTTLS"]


def test_certificate_after_starttls(world: World, tmp_path: Path) -> None:
    context, ca = tls(tmp_path, "other.test")
    server = MailServer("* OK", STARTTLS_TALK, context, implicit=False)
    setting = replace(IMAP, security="starttls", authentication=())
    found = visit(world, setting, server, ca, SECRET)
    assert lines(found) == ["tls-wrong-name: the certificate is for other.test"]


def test_starttls_is_not_offered(world: World, tmp_path: Path) -> None:
    server = MailServer("* OK", {"CAPABILITY": OFFER.format("")})
    found = visit(world, replace(IMAP, security="starttls"), server, tls(tmp_path)[1])
    assert [each.code for each in found] == ["mail-no-starttls"]


def test_tls_published_where_starttls_is(world: World, tmp_path: Path) -> None:
    context, ca = tls(tmp_path)
    server = MailServer("* OK", STARTTLS_TALK, context, implicit=False)
    assert [each.code for each in visit(world, IMAP, server, ca)] == ["mail-is-starttls"]


def test_starttls_published_where_tls_is(world: World, server: tuple[MailServer, Path]) -> None:
    found = visit(world, replace(IMAP, security="starttls"), *server)
    assert [each.code for each in found] == ["mail-is-tls"]


@pytest.mark.parametrize("security", ["tls", "starttls", "none"])
def test_tarpit(
    security: str, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "CONNECT", 0.3)
    found = visit(world, replace(IMAP, security=security), MailServer("", {}), tls(tmp_path)[1])
    assert [each.code for each in found] == ["mail-silent"]


def test_silence_after_the_greeting(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "_TALK", 0.3)
    found = visit(world, replace(IMAP, security="none"), MailServer("* OK", {}), tls(tmp_path)[1])
    assert [each.code for each in found] == ["mail-silent"]


def test_another_protocol_in_tls(world: World, tmp_path: Path) -> None:
    context, ca = tls(tmp_path)
    found = visit(world, IMAP, MailServer("+OK POP3 \x1b[1m", {}, context), ca)
    assert lines(found) == ["mail-protocol: no IMAP: the server says +OK POP3 [1m"]


def test_another_protocol_in_plain_text(world: World, tmp_path: Path) -> None:
    found = visit(world, IMAP, MailServer("SSH-2.0-OpenSSH_9.2", {}), tls(tmp_path)[1])
    assert lines(found) == ["mail-protocol: no IMAP: the server says SSH-2.0-OpenSSH_9.2"]


def test_server_that_refuses(world: World, tmp_path: Path) -> None:
    context, ca = tls(tmp_path)
    found = visit(world, IMAP, MailServer("* BYE later", {}, context), ca)
    assert lines(found) == ["mail-refuses: the server refuses: * BYE later"]


@pytest.mark.parametrize(
    ("published", "offered", "expected"),
    [
        (("password",), "AUTH=XOAUTH2 LOGINDISABLED", "password … XOAUTH2"),
        (("oauth2",), "AUTH=PLAIN", "oauth2 … PLAIN"),
        (("oauth2",), "LOGINDISABLED", "oauth2 … none"),
        (("password_encrypted",), "AUTH=CRAM-MD5", None),
        (("gssapi", "password"), "AUTH=GSSAPI", None),
        (("client certificate",), "", None),  # nothing is known of it
    ],
)
def test_ways_to_log_in(
    published: tuple[str, ...], offered: str, expected: str | None, world: World, tmp_path: Path
) -> None:
    context, ca = tls(tmp_path)
    server = MailServer("* OK", {"CAPABILITY": OFFER.format(offered)}, context)
    found = visit(world, replace(IMAP, authentication=published), server, ca)
    shown = [each.what.replace("is published, but the server offers", "…") for each in found]
    assert shown == ([expected] if expected else [])


def config(*ports: int) -> bytes:
    """Autoconfig's answer with IMAP servers at these ports of this machine."""
    servers = "".join(
        f'<incomingServer type="imap"><hostname>{MAIL}</hostname><port>{port}</port>'
        "<socketType>plain</socketType><username>%EMAILADDRESS%</username>"
        "<authentication>password-cleartext</authentication></incomingServer>"
        for port in ports
    )
    return (
        f'<clientConfig version="1.1"><emailProvider id="x">{servers}'
        "</emailProvider></clientConfig>"
    ).encode()


def test_each_server_is_visited_once_for_all_domains(world: World) -> None:
    async def run() -> tuple[list[list[Finding]], list[str]]:
        server = MailServer("* OK", {"CAPABILITY": OFFER.format("LOGINDISABLED")})
        async with server.running():
            cases = [world.case(f"{user}@{DOMAIN}") for user in ("a", "b")]
            for case in cases:
                case.visits = cases[0].visits
            body = config(server.port)
            url = f"https://autoconfig.{DOMAIN}{CONFIG}"
            world.replies[url] = Reply(200, {"Content-Type": "text/xml"}, body)
            return [await check_mail(case) for case in cases], server.log

    found, log = asyncio.run(run())
    assert [[each.code for each in findings] for findings in found] == [["mail-authentication"]] * 2
    assert log == ["d1 CAPABILITY"]
