"""Domains, and the page as somebody sees it."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from mail_autoconfig.answers import page
from mail_autoconfig.answers.page.visitor import Device, Visitor
from mail_autoconfig.inventory import addresses
from mail_autoconfig.inventory.model import Domain, Look
from mail_autoconfig.inventory.read import parse

MAIL = [
    {"type": "imap", "host": "imap.example.com"},
    {"type": "smtp", "host": "smtp.example.com"},
]


def domain(**keys: Any) -> Domain:
    raw = {"domains": [{"name": "example.com"} | keys]}
    return parse(raw).domains["example.com"]


def shown(
    email: str,
    language: str = "en",
    host: str | None = "a.test",
    *,
    device: Device = "windows",
    here: Device = "windows",
    **keys: Any,
) -> str:
    visitor, address = Visitor(language, device, here), addresses.parse(email)
    return page.render(Look(), visitor, domain(**keys), address=address, host=host).decode()


class Elements(HTMLParser):
    """The elements of a page: tag and attributes; whatever is opened must be closed."""

    VOID = ("meta", "input", "img")

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
