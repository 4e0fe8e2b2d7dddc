from __future__ import annotations

import base64
import hashlib
import re
from typing import Any

import pytest

from mail_autoconfig.answers import page
from mail_autoconfig.answers.page.visitor import DEVICES, Device, Visitor
from mail_autoconfig.inventory import addresses
from mail_autoconfig.inventory.model import Contact, Look
from mail_autoconfig.inventory.read import built_in_providers, parse
from mail_autoconfig.texts import LANGUAGES, texts

from .samples import MAIL, Elements, domain, shown

PROFILE = 'href="/email.mobileconfig?email='
CODE = '<svg class="code"'


def question(look: Look | None = None, language: str = "en", error: str = "") -> str:
    return page.render(look or Look(), Visitor(language), None, error=error).decode()


def body(html: str) -> str:
    """What people see: no style, no script."""
    return re.sub(r"<(style|script)>.*?</\1>", "", html, flags=re.DOTALL)


def test_all_languages_have_the_same_texts_and_gaps() -> None:
    english = texts("en")
    for language in LANGUAGES:
        there = texts(language)
        assert there.keys() == english.keys()
        for key, text in there.items():
            assert text == text.strip()
            gaps, words = re.compile(r"\{\w+\}"), re.compile(r"\*[^*]+\*")
            assert sorted(gaps.findall(text)) == sorted(gaps.findall(english[key])), key
            assert len(words.findall(text)) == len(words.findall(english[key])), key
            assert "*" not in words.sub("", text), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_provider_on_every_device(language: str) -> None:
    for name in built_in_providers():
        for device in DEVICES:
            html = shown('o"b&<c>@example.com', language, device=device, provider=name)
            Elements(html)
            assert 'o"b&<c>' not in html
            assert "o&#34;b&amp;&lt;c&gt;@example.com</kbd>" in html
            seen = body(html)
            assert not re.search(r"\*|\{\w|built-in", seen), "a gap that nobody filled"


def test_nothing_is_loaded_and_no_script_is_in_an_element() -> None:
    elements = Elements(shown("u@example.com", provider="gandi")).found
    assert {tag for tag, _ in elements}.isdisjoint({"link", "iframe", "object"})
    for _, attributes in elements:
        assert not [key for key in attributes if key == "style" or key.startswith("on")]
        assert not (attributes.get("src") or "").startswith(("http", "/"))


@pytest.mark.parametrize(("tag", "rule"), [("style", "style-src"), ("script", "script-src")])
def test_policy_allows_the_style_and_the_script_of_the_page_alone(tag: str, rule: str) -> None:
    for html in (question(), shown("u@example.com", provider="gandi")):
        text = html[html.index(f"<{tag}>") + len(tag) + 2 : html.index(f"</{tag}>")]
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{rule} 'sha256-{digest}';" in page.HEADERS["content-security-policy"]


def test_without_script_nothing_is_shown_that_does_nothing() -> None:
    elements = Elements(shown("u@example.com", provider="gandi")).found
    copies = [each for tag, each in elements if tag == "button" and each.get("class") == "copy"]
    assert copies
    assert all("hidden" in each and each["type"] == "button" for each in copies)


def test_the_question_names_nothing_that_is_not_there() -> None:
    for language in LANGUAGES:
        seen = body(question(language=language))
        for word in (".reg", "IMAP", "Outlook", "Gmail", "Thunderbird", "/outlook", PROFILE):
            assert word not in seen


def test_the_question_asks_for_the_device_first() -> None:
    html = page.render(Look(), Visitor("en", "mac", "mac"), None).decode()
    radios = [each for _, each in Elements(html).found if each.get("type") == "radio"]
    assert [each["value"] for each in radios] == list(DEVICES)
    assert [each["value"] for each in radios if "checked" in each] == ["mac"]
    assert html.index('type="radio"') < html.index('id="email"')


def test_device_and_language_can_be_changed_without_the_address_in_a_url() -> None:
    elements = Elements(shown("u@example.com", provider="gandi")).found
    buttons = [each for tag, each in elements if tag == "button" and each.get("form") == "again"]
    assert [each["value"] for each in buttons if each["name"] == "device"] == list(DEVICES)
    others = [each for each in LANGUAGES if each != "en"]
    assert [each["value"] for each in buttons if each["name"] == "lang"] == others
    hidden = {each["name"]: each["value"] for _, each in elements if each.get("type") == "hidden"}
    assert hidden == {"lang": "en", "device": "windows", "email": "u@example.com"}
    urls = [each.get("href") or "" for tag, each in elements if tag == "a"]
    assert [url for url in urls if "u@" in url and "/email.mobileconfig?" not in url] == []


@pytest.mark.parametrize(
    ("device", "here", "has_button", "has_code"),
    [
        ("ios", "ios", True, False),
        ("ios", "android", True, False),
        ("ios", "windows", False, True),
        ("mac", "mac", True, True),
        ("windows", "windows", False, True),
        ("linux", "linux", False, True),
        ("windows", "ios", False, False),
        ("android", "android", False, False),
        ("android", "windows", False, False),
    ],
)
def test_profile_and_code(device: Device, here: Device, has_button: bool, has_code: bool) -> None:
    html = shown("u@example.com", device=device, here=here, provider="gandi")
    assert (f'class="button" {PROFILE}' in html) == has_button
    assert html.count(CODE) == has_code
    assert CODE not in shown("u@example.com", host=None, device=device, here=here, provider="gandi")


def test_only_the_steps_of_the_device() -> None:
    windows = shown("u@example.com", provider="gandi")
    assert "/outlook.reg" in windows
    assert "/outlook.zip" in windows
    assert "Gmail" not in windows
    android = shown("u@example.com", device="android", provider="gandi")
    assert "/outlook" not in android
    for name in ("Gmail", "Samsung Email", "K-9 Mail", "Thunderbird"):
        assert name in android
    assert "<b>Personal (IMAP)</b>" in android


@pytest.mark.parametrize("name", ["microsoft365", "google"])
@pytest.mark.parametrize("device", DEVICES)
def test_where_people_sign_in(name: str, device: Device) -> None:
    html = shown("u@example.com", device=device, provider=name)
    for untrue in ("/outlook.reg", "/outlook.zip", "/email.mobileconfig", "<b>IMAP</b>", CODE):
        assert untrue not in html
    assert "You sign in at" in html
    assert '<details class="values">' in html


def test_protocol_of_the_domain() -> None:
    pop3 = [{"type": "pop3", "host": "pop.example.com"}, MAIL[1]]
    assert "<b>Personal (POP3)</b>" in shown("u@example.com", device="android", servers=pop3)


def test_pop3_is_below_a_fold() -> None:
    html = shown("u@example.com", provider="gandi")
    assert html.index('<details class="more">') < html.index("<kbd>995</kbd>")
    assert html.index("<kbd>993</kbd>") < html.index('<details class="more">')


def test_settings_by_hand() -> None:
    html = shown("u@example.com", servers=MAIL[:1], receive_only=True)
    Elements(html)
    assert texts("en")["by_hand"] in html
    assert "<kbd>imap.example.com</kbd>" in html


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
        enable={"url": "https://allow.example.com/", "text": {"fr": "Activer IMAP"}},
        documentation=[
            {"url": "https://help.example.com/", "text": {"en": "Help", "fr": "Aide"}},
            {"url": "https://more.example.com/", "text": {"sv": "Mera"}},
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
        ">Activer IMAP<",
        ">Aide<",
        ">Mera<",
        ">The rest<",
    ):
        assert text in html
    assert ">Help<" not in html


def test_own_logo_and_texts() -> None:
    swedish = {key: f"{key} & sv" for key in texts("en")}
    raw = {"logo": "data:image/png;base64,AAAA", "texts": {"sv": swedish, "de": {"title": "Hallo"}}}
    look = parse({"domains": [{"name": "a.test", "provider": "gandi"}], "page": raw}).look
    html = question(look, "sv")
    Elements(html)
    assert '<html lang="sv">' in html
    assert "<h1>title &amp; sv</h1>" in html
    assert '<img class="logo" src="data:image/png;base64,AAAA"' in html
    assert 'href="/?lang=sv"' in question(look)
    german = question(look, "de")
    assert "<h1>Hallo</h1>" in german
    assert texts("de")["introduction"] in german


def test_logo_and_contact_of_the_domain_come_before_those_of_all() -> None:
    logo = "data:image/png;base64,BBBB"
    found = domain(provider="gandi", logo=logo, contact={"name": "Domain IT"})
    look = Look("data:image/png;base64,AAAA", contact=Contact("All IT"))
    html = page.render(look, Visitor(), found).decode()
    assert f'src="{logo}"' in html
    assert "Domain IT" in html
    assert "All IT" not in html
    assert "All IT" in question(look)


def test_who_helps() -> None:
    contact = Contact("A & B", "help@a.test", "+33 (0)1 23", "https://a.test/help/")
    asked, wrong = (question(Look(contact=contact), error=error) for error in ("", "error_domain"))
    for html in (asked, wrong):
        Elements(html)
        assert "A &amp; B" in html
        assert 'href="mailto:help@a.test"' in html
        assert 'href="tel:+330123"' in html
        assert 'href="https://a.test/help/" rel="noreferrer">a.test/help</a>' in html
    alert = wrong[wrong.index('role="alert"') : wrong.index("<fieldset>")]
    assert "help@a.test" in alert
    assert "mailto:" not in question()


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


def test_a_long_address_keeps_the_link_and_gets_no_code() -> None:
    html = shown("x" * 200 + "@example.com", device="mac", provider="gandi")
    assert CODE not in html
    assert PROFILE + "x" in html
    assert CODE not in shown("é" * 40 + "@example.com", provider="gandi")


def test_texts_with_markup_are_escaped() -> None:
    look = Look(texts={"en": {"classic_1": "<i> *a & b* {unknown}"}})
    address = addresses.parse("u@example.com")
    html = page.render(look, Visitor(), domain(provider="gandi"), address=address).decode()
    assert "&lt;i&gt; <b>a &amp; b</b> {unknown}" in html
