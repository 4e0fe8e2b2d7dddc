from __future__ import annotations

import base64
import hashlib
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from typing import Any

import pytest

from mail_autoconfig.answers import page
from mail_autoconfig.inventory import addresses
from mail_autoconfig.inventory.model import Domain, Look
from mail_autoconfig.inventory.read import built_in_providers, parse
from mail_autoconfig.texts import texts


def domain(**keys: Any) -> Domain:
    raw = {"domains": [{"name": "example.com"} | keys]}
    return parse(raw).domains["example.com"]


def shown(email: str, language: str = "en", host: str | None = "a.test", **keys: Any) -> str:
    address = addresses.parse(email)
    return page.render(Look(), language, domain(**keys), address=address, host=host).decode()


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


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("de", "de"),
        ("FR-ca", "fr"),
        ("pl, de;q=0.5, en;q=0.4", "de"),
        ("de;q=0.4, fr;q=0.5", "fr"),
        ("de; q=0.5, fr;q=1.000", "fr"),
        ("de;q=0, fr;q=0.001", "fr"),
        ("de;q=2, fr;q=x, *", "en"),
        ("den, frx", "en"),
        (",;,;q=1,", "en"),
    ],
)
def test_language(accepted: str, language: str) -> None:
    assert page.choose_language(accepted, Look()) == language


def test_all_languages_have_the_same_texts() -> None:
    english = texts("en")
    for language in ("fr", "de"):
        assert texts(language).keys() == english.keys()
    used = set()
    for text in english.values():
        assert text == text.strip()
        used.add(text)
    assert len(used) == len(english)


@pytest.mark.parametrize("language", ["en", "fr", "de"])
def test_every_provider_in_every_language(language: str) -> None:
    for name in built_in_providers():
        html = shown('o"b&<c>@example.com', language, provider=name)
        Elements(html)
        assert 'o"b&<c>' not in html
        assert "o&#34;b&amp;&lt;c&gt;@example.com</kbd>" in html


def test_nothing_is_loaded_and_no_script_runs() -> None:
    elements = Elements(shown("u@example.com", provider="gandi")).found
    assert {tag for tag, _ in elements}.isdisjoint({"script", "link", "iframe", "object"})
    for _, attributes in elements:
        assert not [key for key in attributes if key == "style" or key.startswith("on")]
        assert not (attributes.get("src") or "").startswith(("http", "/"))


def test_policy_allows_the_style_of_the_page_alone() -> None:
    html = page.render(Look(), "en", None).decode()
    style = html[html.index("<style>") + 7 : html.index("</style>")]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in page.HEADERS["content-security-policy"]


def test_services_and_links() -> None:
    html = shown(
        "a b/ü@Example.com",
        "fr",
        servers=[
            {"type": "imap", "host": "imap.{domain}", "authentication": ["oauth2", "password"]},
            {"type": "smtp", "host": "smtp.example.com"},
            {"type": "managesieve", "host": "sieve.example.com", "security": "none"},
            {"type": "caldav", "url": "https://{domain}/{localpart}/", "username": "{localpart}"},
        ],
        webmail={"login_page": "https://webmail.example.com/?a=b&c"},
        documentation=[
            {"url": "https://help.example.com/", "text": {"en": "Help", "fr": "Aide"}},
            {"url": "https://more.example.com/", "text": {"pl": "Pomoc"}},
            {"url": "https://rest.example.com/", "text": {"de": "Rest", "en": "The rest"}},
        ],
    )
    Elements(html)
    for text in (
        "<kbd>imap.example.com</kbd>",
        "OAuth2",
        "<kbd>4190</kbd>",
        "<kbd>https://example.com/a%20b%2F%C3%BC/</kbd>",
        "<kbd>a b/ü</kbd>",
        'href="https://webmail.example.com/?a=b&amp;c"',
        ">Aide<",
        ">Pomoc<",
        ">The rest<",
    ):
        assert text in html
    assert ">Help<" not in html


def test_no_profile_and_no_reg_file_where_they_would_not_help() -> None:
    assert "/email.mobileconfig" in shown("u@example.com", provider="gandi")
    assert "/outlook.reg" in shown("u@example.com", provider="gandi")
    assert "/outlook.zip" in shown("u@example.com", provider="gandi")
    exchange = shown("u@example.com", provider="microsoft365")
    assert "/email.mobileconfig" not in exchange
    assert "/outlook.reg" not in exchange
    assert "/outlook.zip" not in exchange


def test_code_holds_the_address_of_the_profile_and_is_drawn_right() -> None:
    import segno

    html = shown("a+b@example.com", host="autoconfig.example.com", provider="gandi")
    svg = re.search(r"<svg.*?</svg>", html)
    assert svg
    root = ET.fromstring(svg[0])
    path = root.find("path")
    assert path is not None
    drawn = {(int(x), int(y)) for x, y in re.findall(r"M(\d+) (\d+)h1v1h-1z", path.get("d", ""))}
    url = "https://autoconfig.example.com/email.mobileconfig?email=a%2Bb@example.com"
    matrix = segno.make(url, error="m", micro=False).matrix
    assert drawn == {
        (x + 4, y + 4) for y, row in enumerate(matrix) for x, dark in enumerate(row) if dark
    }
    assert root.get("viewBox") == f"0 0 {len(matrix) + 8} {len(matrix) + 8}"
    assert root.get("aria-label") == texts("en")["apple_code_name"]
    assert "<svg" not in shown("a+b@example.com", host=None, provider="gandi")


def test_own_logo_and_texts() -> None:
    italian = {key: f"{key} & it" for key in texts("en")}
    raw = {"logo": "data:image/png;base64,AAAA", "texts": {"it": italian, "de": {"title": "Hallo"}}}
    look = parse({"domains": [{"name": "a.test", "provider": "gandi"}], "page": raw}).look
    assert page.choose_language("it-CH,de", look) == "it"
    html = page.render(look, "it", None).decode()
    Elements(html)
    assert '<html lang="it">' in html
    assert "<h1>title &amp; it</h1>" in html
    assert '<img class="logo" src="data:image/png;base64,AAAA"' in html
    german = page.render(look, "de", None).decode()
    assert "<h1>Hallo</h1>" in german
    assert texts("de")["introduction"] in german


def test_names_that_the_page_knows_and_does_not() -> None:
    servers = [
        {"type": "imap", "host": "imap.example.com", "username": "{ask}"},
        {"type": "smtp", "host": "smtp.example.com", "authentication": "none"},
    ]
    more: dict[str, Any] = {"servers": servers, "usernames": {"info": "m0815"}}
    asked = shown("other@example.com", **more)
    assert "as you got it from your administrator" in asked
    assert "not needed" in asked
    assert "<kbd>other@example.com</kbd>" not in asked
    assert "<kbd>m0815</kbd>" in shown("info@example.com", **more)


@pytest.mark.parametrize(("octets", "has_code"), [(152, True), (153, False)])
def test_code_that_a_telephone_would_not_read_is_left_out(octets: int, has_code: bool) -> None:
    url = "https://a.test/email.mobileconfig?email=@example.com"
    html = shown("x" * (octets - len(url)) + "@example.com", provider="gandi")
    assert ("<svg" in html) == has_code
    assert "/email.mobileconfig?email=x" in html  # the link stays


def test_what_is_not_ascii_counts_as_it_is_in_the_url() -> None:
    assert "<svg" not in shown("é" * 40 + "@example.com", provider="gandi")


def test_language_is_read_from_the_beginning_alone() -> None:
    assert page.choose_language("x," * 500 + "de", Look()) == "en"
    assert page.choose_language("x," * 400 + "de", Look()) == "de"
