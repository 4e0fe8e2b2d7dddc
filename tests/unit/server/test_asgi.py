"""What goes to the HTTP server for one answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from mail_autoconfig.server.asgi import Message, Reply


def sent(reply: Reply, method: str = "GET") -> tuple[Mapping[str, Any], bytes]:
    messages: list[Message] = []

    async def send(message: Message) -> None:
        messages.append(message)

    async def receive() -> Message:
        raise AssertionError("an answer asks for nothing")

    asyncio.run(reply({"type": "http", "method": method}, receive, send))
    start, body = messages
    assert (start["type"], body["type"]) == ("http.response.start", "http.response.body")
    return start, body["body"]


def test_text_says_its_charset_and_length() -> None:
    start, body = sent(Reply("é", 404, {"cache-control": "no-store"}, "text/plain"))
    assert (start["status"], body) == (404, "é".encode())
    assert start["headers"] == [
        (b"cache-control", b"no-store"),
        (b"content-length", b"2"),
        (b"content-type", b"text/plain; charset=utf-8"),
    ]


def test_other_types_have_no_charset() -> None:
    start, _body = sent(Reply(b"{}", media_type="application/json"))
    assert (start["status"], start["headers"][-1]) == (200, (b"content-type", b"application/json"))


def test_head_has_the_length_of_get() -> None:
    start, body = sent(Reply(b"four"), "HEAD")
    assert (start["headers"], body) == ([(b"content-length", b"4")], b"")


@pytest.mark.parametrize(
    ("status", "names"), [(304, [b"etag"]), (303, [b"etag", b"content-length"])]
)
def test_length_without_a_body(status: int, names: list[bytes]) -> None:
    start, body = sent(Reply(b"", status, {"etag": '"x"'}))
    assert ([name for name, _value in start["headers"]], body) == (names, b"")


def test_close() -> None:
    reply = Reply(b"")
    reply.close()
    assert (b"connection", b"close") in sent(reply)[0]["headers"]


def test_what_http_can_not_say_fails_before_a_byte_is_sent() -> None:
    with pytest.raises(ValueError, match="latin-1"):
        Reply(b"", 307, {"location": "https://ł.example"})
