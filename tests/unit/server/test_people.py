from __future__ import annotations

import asyncio
from typing import Any

import pytest

from mail_autoconfig.answers.page.visitor import Visitor
from mail_autoconfig.inventory.model import Look
from mail_autoconfig.server.people import form_of, visitor
from mail_autoconfig.server.request import Request


def request(body: bytes = b"", **headers: str) -> Request:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body}

    named = [(key.replace("_", "-").encode(), text.encode()) for key, text in headers.items()]
    scope = {"type": "http", "method": "POST", "path": "/settings", "headers": named}
    return Request(scope, receive)


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (b"email=a%40b.test&device=mac", {"email": "a@b.test", "device": "mac"}),
        (b"device=ios&device=mac", {"device": "mac"}),
        (b"", {}),
        (b"a=b&" * 50, {}),
    ],
)
def test_form(body: bytes, fields: dict[str, str]) -> None:
    assert asyncio.run(form_of(request(body))) == fields


def test_visitor() -> None:
    asked = request(accept_language="fr", user_agent="X11; Linux", sec_ch_ua_platform='"Android"')
    assert visitor(Look(), asked, "", "") == Visitor("fr", "android", "android")
    assert visitor(Look(), asked, "de", "mac") == Visitor("de", "mac", "android")
    assert visitor(Look(), request(user_agent="X11; Linux"), "x", "x") == Visitor(
        "en", "linux", "linux"
    )
