from __future__ import annotations

from typing import Any

import pytest

from mail_autoconfig.inventory.read import parse

from .samples import OAUTH2, PAGE, domain, problems, provider


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (domain(redirect="https://other.example/"),
         'domain example.com, redirect: "https://other.example/" is neither {address: …} nor '
         "{url: …}"),
        (domain(redirect={"url": "http://other.example/"}),
         'domain example.com, redirect.url: "http://other.example/" is not a URL; use '
         "https://HOST/PATH"),
        (domain(redirect={"url": "https://{domain}/"}),
         'domain example.com, redirect.url: "https://{domain}/" is not a URL; use '
         "https://HOST/PATH"),
        (provider(redirect={"address": "{email}@example.net"}),
         'provider acme, redirect.address: "{email}@example.net" is not an address such as '
         "{localpart}@example.com"),
        (domain(redirect={"address": 5}),
         "domain example.com, redirect.address: 5 is not an address such as "
         "{localpart}@example.com"),
        (domain(ttl_hours="1h"),
         'domain example.com, ttl_hours: "1h" is no number of hours; use 0 (for ever) to 8760'),
        (provider(ttl_hours=True),
         "provider acme, ttl_hours: true is no number of hours; use 0 (for ever) to 8760"),
        (domain(ttl_hours=-1),
         "domain example.com, ttl_hours: -1 is no number of hours; use 0 (for ever) to 8760"),
        (provider(oauth2="google"), 'provider acme, oauth2: "google" is not a mapping'),
        (provider(oauth2={**OAUTH2, "issuer": None}),
         "provider acme, oauth2: no issuer; give it as the provider names it"),
        (provider(oauth2={**OAUTH2, "scope": []}),
         "provider acme, oauth2: no scope; give it as the provider names it"),
        (provider(oauth2={**OAUTH2, "token_url": "login.example.com"}),
         'provider acme, oauth2.token_url: "login.example.com" is not a URL; use '
         "https://HOST/PATH"),
        (provider(oauth2={**OAUTH2, "client_secret": "x"}),
         'provider acme, oauth2: unknown key "client_secret"; did you mean '
         '"client_id"?'),
        (domain(documentation=PAGE),
         "domain example.com, documentation: not a list of {url: …, text: …}"),
        (domain(documentation=["https://help.example.com/"]),
         'domain example.com, documentation: "https://help.example.com/" is not a mapping'),
        (domain(documentation=[PAGE | {"text": "Help"}]),
         "domain example.com, documentation[https://help.example.com/].text: not a mapping of "
         "languages to texts such as "
         "{en: …}"),
        (domain(documentation=[PAGE | {"text": {"English": "Help"}}]),
         'domain example.com, documentation[https://help.example.com/].text: "English" is not a '
         "language such as en or de"),
        (domain(documentation=""),
         "domain example.com, documentation: not a list of {url: …, text: …}"),
        (domain(enable=False), "domain example.com, enable: false is not a mapping"),
        (domain(enable=PAGE | {"text": {"en": ""}}),
         'domain example.com, enable.text.en: "" is not a line of text'),
        (domain(enable=PAGE | {"url": "help.example.com"}),
         'domain example.com, enable.url: "help.example.com" is not a URL; use https://HOST/PATH'),
        (domain(webmail="https://webmail.example.com/"),
         'domain example.com, webmail: "https://webmail.example.com/" is not a mapping; write '
         "{login_page: https://…}"),
        (domain(webmail={"login_page": None}),
         "domain example.com, webmail.login_page: null is not a URL; use https://HOST/PATH"),
        (domain(mx="mx.example"),
         "domain example.com, mx: not a list of the domains of MX servers"),
        (domain(mx=["-"]),
         'domain example.com, mx: "-" is not a host name such as mail.example.com'),
        (domain(autoconfig_xml=["x"]),
         "domain example.com, autoconfig_xml: not XML with {email}, {localpart} and {domain} as "
         "its only braces"),
        (domain(autoconfig_xml="<x>{user}</x>"),
         "domain example.com, autoconfig_xml: not XML with {email}, {localpart} and {domain} as "
         "its only braces"),
        (domain(autoconfig_xml="<x></y>"),
         "domain example.com, autoconfig_xml: not well-formed in line 1: mismatched tag"),
        (domain(autodiscover_xml="\n</r><r>"),
         "domain example.com, autodiscover_xml: not well-formed in line 2: junk after document "
         "element"),
        (domain(autodiscover_xml="&e;"),
         "domain example.com, autodiscover_xml: not well-formed in line 1: undefined entity"),
        (domain(autodiscover_xml="<{localpart}/>x</{email}"),
         "domain example.com, autodiscover_xml: not well-formed in line 1: not well-formed "
         "(invalid token)"),
        (domain(autodiscover_xml="<x:y/>"),
         "domain example.com, autodiscover_xml: not well-formed in line 1: unbound prefix"),
        (domain(autoconfig_xml="<!-- {email} -->"),
         "domain example.com, autoconfig_xml: not well-formed in line 1: not well-formed "
         "(invalid token)"),
        (domain(autodiscover_xml="<{localpart}/>"),
         "domain example.com, autodiscover_xml: not well-formed in line 1: not well-formed "
         "(invalid token)"),
    ],
)  # fmt: skip
def test_problem(raw: Any, problem: str) -> None:
    assert problems(raw) == [problem]


def test_a_domain_that_moved_logs_in_with_its_new_address() -> None:
    raw = {
        "domains": [
            {
                "name": "old.test",
                "redirect": {"address": "{localpart}@new.test"},
                "servers": [
                    {"type": "imap", "host": "mail.new.test"},
                    {"type": "smtp", "host": "mail.new.test", "username": "{domain}+{localpart}"},
                ],
            }
        ]
    }
    settings = parse(raw).domains["old.test"].settings
    assert [server.username for server in settings.servers] == [
        "{localpart}@new.test",
        "new.test+{localpart}",
    ]


def test_urls_of_a_domain_that_moved_name_its_new_mailbox() -> None:
    web = {"type": "caldav", "url": "https://dav.{domain}/{domain}/{email}/", "username": "{email}"}
    raw = domain(servers=[web], redirect={"address": "{localpart}@bücher.test"})
    (server,) = parse(raw).domains["example.com"].settings.web_servers
    new = "b%C3%BCcher.test"
    assert server.url == f"https://dav.{{domain}}/{new}/{{localpart}}@{new}/"
    assert server.username == "{localpart}@bücher.test"
