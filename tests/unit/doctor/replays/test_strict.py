from __future__ import annotations

from collections.abc import Callable

import pytest

from mail_autoconfig.answers import autoconfig
from mail_autoconfig.doctor.answers import AnswerError
from mail_autoconfig.doctor.data import Exchange, Request
from mail_autoconfig.doctor.replays.strict import for_android, for_thunderbird, is_host
from mail_autoconfig.inventory.read import parse

from ..conftest import DOMAIN, SERVERS

CONFIG = autoconfig.render(
    parse({"domains": [{"name": DOMAIN, "servers": SERVERS}]}).domains[DOMAIN]
)
Reader = Callable[[Exchange, str], None]
ID = f' id="{DOMAIN}"'


def refusal(reader: Reader, old: str, new: str) -> str:
    text = CONFIG.decode()
    assert old in text
    exchange = Exchange(Request("GET", "u"), 200, body=text.replace(old, new).encode())
    try:
        reader(exchange, f"user@{DOMAIN}")
    except AnswerError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("reader", [for_thunderbird, for_android])
def test_both_need_a_legal_id_and_a_domain(reader: Reader) -> None:
    assert refusal(reader, ID, ID) == ""
    assert refusal(reader, ID, "") == "emailProvider has no id"
    assert "no host name" in refusal(reader, ID, ' id="My Company"')
    assert refusal(reader, f"<domain>{DOMAIN}<", "<domain>a b<") == (
        "no <domain> that is a domain name"
    )
    assert refusal(reader, f"<domain>{DOMAIN}<", "<domain>%EMAILDOMAIN%<") == ""


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (">SSL<", ">plain<", "the imap server has socketType plain"),
        (">SSL<", ">TLS<", "the imap server has socketType TLS"),
        (">password-cleartext<", ">plain<", "the imap server has no authentication that it knows"),
        ('type="imap"', 'type="pop3"', "no incomingServer of type imap"),
        (">993<", ">x<", "the imap server has no legal port"),
    ],
)
def test_android_needs_more(old: str, new: str, why: str) -> None:
    assert refusal(for_android, old, new) == why
    assert refusal(for_thunderbird, old, new) == ""


@pytest.mark.parametrize(
    ("text", "legal"),
    [
        ("a.test", True),
        ("münchen.test", True),
        ("192.0.2.1", True),
        ("a b", False),
        ("", False),
        ("https://a.test/", False),
        ("-23", False),
        ("a..b", False),
    ],
)
def test_host(text: str, legal: bool) -> None:
    assert is_host(text) is legal
