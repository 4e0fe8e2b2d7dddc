from __future__ import annotations

import pytest

from mail_autoconfig.doctor.checks.grammar import Format
from mail_autoconfig.doctor.checks.status import judged
from mail_autoconfig.doctor.data import Exchange, Request

URL = "https://autodiscover.example.test/autodiscover/autodiscover.xml"


@pytest.mark.parametrize(
    ("status", "format_", "challenge", "body", "code"),
    [
        (401, "pox", "Negotiate, NTLM", b"", "web-asks-password"),
        (401, "pox", 'Basic realm="mail"', b"", "web-asks-password"),
        (401, "pox", "", b"", "web-locked"),
        (401, "config", "Basic", b"", "web-locked"),
        (403, "pox", "", b"", "web-forbidden"),
        (403, "pox", "", b"<title>Just a moment...</title>", "web-bot-check"),
        (404, "pox", "", b"", "web-status"),
        (405, "pox", "", b"", "web-post-refused"),
        (500, "pox", "", b"", "web-program"),
        (502, "pox", "", b"", "web-gateway"),
        (504, "config", "", b"", "web-gateway"),
        (522, "pox", "", b"", "web-proxy"),
        (530, "config", "", b"", "web-proxy"),
    ],
)
def test_status(status: int, format_: Format, challenge: str, body: bytes, code: str) -> None:
    method = "POST" if format_ == "pox" else "GET"
    found = judged(Exchange(Request(method, URL), status, body=body, challenge=challenge), format_)
    assert (found.code, found.subject) == (code, URL)
