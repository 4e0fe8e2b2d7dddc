from __future__ import annotations

from typing import Any

import pytest

from mail_autoconfig.inventory.model import Contact
from mail_autoconfig.inventory.read import parse
from mail_autoconfig.texts import texts

from .samples import DOMAIN, domain, problems, provider

PNG = "data:image/png;base64,AAAA"
WITHOUT_TITLE = {key: text for key, text in texts("en").items() if key != "title"}
JPEG = "data:image/jpeg;base64,AAAA"


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ({"domains": [DOMAIN], "page": 1}, "page: 1 is not a mapping"),
        ({"domains": [DOMAIN], "page": {"logos": ""}},
         'page: unknown key "logos"; did you mean "logo"?'),
        ({"domains": [DOMAIN], "page": {"logo": "data:image/gif;base64,AAAA"}},
         "autoconfig_page_logo: not an image; use SVG, PNG, JPEG or WebP"),
        ({"domains": [DOMAIN], "page": {"logo": f"data:image/png;base64,{'A' * 65536}"}},
         "autoconfig_page_logo: 65558 octets as Base64; use 65536 at most"),
        ({"domains": [DOMAIN], "page": {"texts": []} | {"texts": ["x"]}},
         "autoconfig_page_texts: not a mapping of languages to texts"),
        ({"domains": [DOMAIN], "page": {"texts": {"de": {"titel": "x"}}}},
         'autoconfig_page_texts, de: unknown key "titel"; did you mean "title"?'),
        ({"domains": [DOMAIN], "page": {"texts": {"de": {"title": 5}}}},
         "autoconfig_page_texts, de.title: 5 is not a line of text"),
        ({"domains": [DOMAIN], "page": {"texts": {"de": 5}}},
         "autoconfig_page_texts, de: not a mapping of keys to texts"),
        ({"domains": [DOMAIN], "page": {"texts": {"sv": WITHOUT_TITLE}}},
         "autoconfig_page_texts, sv: a new language needs all texts; missing: title"),
        ({"domains": [DOMAIN], "page": {"texts": {"Deutsch": {}}}},
         "autoconfig_page_texts, Deutsch: not a language such as en or it"),
        ({"domains": [DOMAIN], "page": {"contact": "Acme IT"}},
         'autoconfig_page_contact: "Acme IT" is not a mapping such as {name: Acme IT, email: …}'),
        ({"domains": [DOMAIN], "page": {"contact": {"mail": "help@example.com"}}},
         'autoconfig_page_contact: unknown key "mail"; did you mean "email"?'),
        (domain(contact={"email": "help"}),
         'domain example.com, contact.email: "help" is not a mail address'),
        (provider(contact={"url": "http://example.com/"}),
         'provider acme, contact.url: "http://example.com/" is not a URL; use https://HOST/PATH'),
        (domain(contact={"phone": 5}),
         "domain example.com, contact.phone: 5 is not a line of text"),
        (domain(contact={}),
         "domain example.com, contact: {} is not a mapping such as {name: Acme IT, email: …}"),
        (domain(logo="logo.gif"),
         "domain example.com, logo: not an image; use SVG, PNG, JPEG or WebP"),
        (provider(logo=f"data:image/png;base64,{'A' * 65536}"),
         "provider acme, logo: 65558 octets as Base64; use 65536 at most"),
    ],
)  # fmt: skip
def test_problem(raw: Any, problem: str) -> None:
    assert problems(raw) == [problem]


def test_a_domain_wins_over_its_provider() -> None:
    raw = provider(logo=PNG, contact={"name": "Acme"})
    acme = {"provider": "acme"}
    raw["domains"] = [
        {"name": "a.test"} | acme,
        {"name": "b.test", "logo": JPEG, "contact": {"email": "help@b.test"}} | acme,
        {"name": "c.test", "logo": "logos/c.SVG"} | acme,
    ]
    found = parse(raw).domains
    a, b, c = (found[name].settings for name in ("a.test", "b.test", "c.test"))
    assert (a.logo, a.contact) == (PNG, Contact("Acme"))
    assert (b.logo, b.contact) == (JPEG, Contact(email="help@b.test"))
    assert c.logo == PNG  # a file that no play has read yet


def test_contact_of_all_domains() -> None:
    contact = {"name": "Acme IT", "phone": "+33 1", "url": "https://acme.test/"}
    look = parse({"domains": [DOMAIN], "page": {"contact": contact}}).look
    assert look.contact == Contact("Acme IT", "", "+33 1", "https://acme.test/")
    assert parse({"domains": [DOMAIN], "page": {"contact": {}}}).look.contact is None
