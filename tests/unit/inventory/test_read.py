from __future__ import annotations

import time
from typing import Any

import pytest

from mail_autoconfig.inventory.model import OAuth2, Page, Redirect
from mail_autoconfig.inventory.read import ConfigurationError, parse

from .samples import DOMAIN, OAUTH2, PAGE, SERVER, SMTP, domain, problems, provider

LONG = ".".join(["a" * 59] * 3 + ["b" * 58])
BUILT_IN = "fastmail, gandi, google, infomaniak, ionos, mailbox_org, microsoft365, ovh"


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ([], "configuration: [] is not a mapping"),
        ({}, "autoconfig_domains: no domain; name at least one"),
        ({"domains": []}, "autoconfig_domains: no domain; name at least one"),
        ({"domains": "example.com"}, "autoconfig_domains: not a list of domains"),
        ({"domains": {"example.com": {}}}, "autoconfig_domains: not a list of domains"),
        (
            {"domains": ["example.com"]},
            'autoconfig_domains: "example.com" is not a mapping; '
            "write {name: example.com, provider: …}",
        ),
        ({"domains": [None]}, "autoconfig_domains: null is not a mapping"),
        (
            {"domains": [DOMAIN, {"provider": "gandi"}]},
            'autoconfig_domains, {"provider": "gandi"}: no name; '
            "write {name: example.com, provider: …}",
        ),
        (
            domain(name="info@Example.com"),
            'autoconfig_domains: "info@Example.com" is not a host name; '
            "did you mean example.com?",
        ),
        (
            domain(name="https://www.example.com:443/mail"),
            'autoconfig_domains: "https://www.example.com:443/mail" is not a host name; '
            "did you mean www.example.com?",
        ),
        (
            domain(name="xn--a.test"),
            'autoconfig_domains: "xn--a.test", label xn--a: there is no such A-label; '
            "write the name in its own letters",
        ),
        (
            domain(name="a♥.test"),
            'autoconfig_domains: "a♥.test", label xn--a-n3p: a character is none of host names '
            "(IDNA 2008); use letters, digits and hyphens",
        ),
        (
            domain(name="exam ple.com"),
            'autoconfig_domains: "exam ple.com" is not a host name such as '
            "mail.example.com",
        ),
        (
            domain(name=5),
            "autoconfig_domains: 5 is not a host name such as mail.example.com",
        ),
        (
            {"domains": [DOMAIN, {"name": "EXAMPLE.com.", "provider": "ovh"}]},
            "domain EXAMPLE.com.: listed twice; remove one",
        ),
        (
            {"domains": [DOMAIN], "domain": []},
            'configuration: unknown key "domain"; did you mean "domains"?',
        ),
        (
            {"domains": [{"name": "example.com", "provider": "gandi", "provder": "ovh"}]},
            'domain example.com: unknown key "provder"; did you mean "provider"?',
        ),
        (domain(zzz=1), 'domain example.com: unknown key "zzz".'),
        (
            domain(provider="gandy"),
            'domain example.com, provider: no provider "gandy"; did you mean "gandi"? '
            f"Built in: {BUILT_IN}",
        ),
        (
            domain(provider=["gandi"]),
            f'domain example.com, provider: no provider ["gandi"]; did you mean "gandi"? '
            f"Built in: {BUILT_IN}",
        ),
        (
            {"domains": [{"name": "example.com"}]},
            "domain example.com: neither provider nor servers; give one of them",
        ),
        (
            domain(discovery="dns"),
            'domain example.com, discovery: no discovery "dns"; use one of certificate, srv',
        ),
        (domain(apex="maybe"), 'domain example.com, apex: "maybe" is neither true nor false'),
        (domain(username="{user}"),
         'domain example.com, username: "{user}" has other braces than {email}, {localpart} and '
         "{domain}"),
        (domain(display_name="x" * 61),
         "domain example.com, display_name: 61 characters long; use 60 at most"),
        (domain(short_name="x" * 21),
         "domain example.com, short_name: 21 characters long; use 20 at most"),
        (domain(display_name="a\x0bb"),
         'domain example.com, display_name: "a\\u000bb" is not a line of text'),
        (domain(display_name=7), "domain example.com, display_name: 7 is not a line of text"),
        (
            domain(discovery="srv"),
            "domain example.com: has no names of its own; set autoconfig_generic_host to the host "
            "that answers for it",
        ),
        (
            {"domains": [{"name": "*", "provider": "gandi"}]},
            "domain *: has no names of its own; set autoconfig_generic_host to the host that "
            "answers for it",
        ),
        (
            domain(discovery="srv") | {"generic_host": "hoster"},
            'autoconfig_generic_host: "hoster" is not a host name such as mail.example.com',
        ),
        (
            domain(discovery="srv", apex=True) | {"generic_host": "a.example"},
            "domain example.com, apex: no effect with discovery: srv; remove one of the two",
        ),
        (
            {"domains": [DOMAIN, {"name": "*", "provider": "gandi", "apex": False}]},
            "domain *, apex: the default entry has no names of its own; remove this key",
        ),
        (domain(pacc=1), "domain example.com, pacc: 1 is neither true nor false"),
        (
            domain(discovery="srv", pacc=True) | {"generic_host": "a.example"},
            "domain example.com, pacc: no effect with discovery: srv; remove one of the two",
        ),
        (
            domain(name=LONG, pacc=True),
            f"domain {LONG}, pacc: name longer than 237 octets: no room for _ua-auto-config. "
            "before it",
        ),
        (
            domain(name=".".join(["a" * 60] * 4)),
            f"domain {'.'.join(['a' * 60] * 4)}: longer than 240 octets: no room for autodiscover. "
            "before it",
        ),
        (provider(autodiscover="never"),
         'provider acme, autodiscover: "never" is neither true nor false'),
        (provider(server=[]),
         'provider acme: unknown key "server"; did you mean "servers"?'),
        ({"domains": [DOMAIN], "providers": []} | {"providers": ["acme"]},
         "autoconfig_providers: not a mapping of names to providers"),
    ],
)  # fmt: skip
def test_problem(raw: Any, problem: str) -> None:
    assert problems(raw) == [problem]


def test_misspelt_name_is_the_unknown_key() -> None:
    entry = 'autoconfig_domains, {"nme": "x.test", "provider": "gandi"}: '
    assert problems({"domains": [{"nme": "x.test", "provider": "gandi"}]}) == [
        entry + "no name; write {name: example.com, provider: …}",
        entry + 'unknown key "nme"; did you mean "name"?',
    ]


def test_text_is_taken_for_what_it_says() -> None:
    """Environments and INI files have no numbers and no booleans."""
    imap = {"type": "imap", "host": "mail.example.com", "port": "993"}
    pop3 = {"type": "pop3", "host": "mail.example.com", "leave_on_server": "7"}
    written = {"name": "example.com", "servers": [imap, pop3, SMTP], "ttl_hours": "12"}
    found = parse({"domains": [written | {"apex": "No", "pacc": "true"}]}).domains["example.com"]
    assert (found.apex, found.pacc, found.settings.ttl_hours) == (False, True, 12)
    assert found.settings.servers[0].port == 993
    assert found.settings.servers[1].leave_on_server == 7


def test_all_problems_are_said_at_once() -> None:
    raw = {
        "domains": [DOMAIN | {"apex": 1}, {"name": "b.example", "provider": "x"}],
        "providers": {"acme": {"servers": [{"type": "smtp"}]}},
    }
    assert len(problems(raw)) == 3


def test_domain_overrides_its_provider() -> None:
    raw = domain(username="{localpart}", display_name="Ours", discovery="srv")
    found = parse(raw | {"generic_host": "a.example"}).domains["example.com"]
    assert found.display_name == "Ours"
    assert found.short_name == "Gandi"
    assert found.discovery == "srv"
    assert {server.username for server in found.settings.servers} == {"{localpart}"}
    assert found.settings.servers[0].host == "mail.gandi.net"


def test_own_servers_take_the_place_of_the_providers() -> None:
    found = parse(domain(provider="microsoft365", servers=[SERVER, SMTP])).domains["example.com"]
    assert {server.host for server in found.settings.servers} == {"mail.example.com"}
    assert found.settings.display_name == "Microsoft 365"
    assert (found.settings.autodiscover, found.settings.redirect) == (True, None)
    assert found.settings.oauth2 is None


def test_what_both_a_provider_and_a_domain_can_say() -> None:
    said = {
        "redirect": {"address": "{localpart}@example.net"},
        "ttl_hours": 0,
        "oauth2": OAUTH2,
        "documentation": [PAGE],
        "enable": PAGE,
        "webmail": {"login_page": "https://webmail.example.com/"},
        "mx": ["MX.example."],
    }
    page = Page("https://help.example.com/", (("de-AT", "Hilfe"), ("en", "Help")))
    by_provider = provider(**said) | {"domains": [DOMAIN | {"provider": "acme"}]}
    for raw in (domain(**said), by_provider):
        found = parse(raw).domains["example.com"].settings
        assert found.redirect == Redirect("address", "{localpart}@example.net")
        assert found.ttl_hours == 0
        assert found.oauth2 == OAuth2(
            "login.example.com", "mail dav", OAUTH2["auth_url"], OAUTH2["token_url"], None
        )
        assert found.documentation == (page,)
        assert found.enable == page
        assert found.webmail == "https://webmail.example.com/"
        assert found.mx == ("mx.example",)


def test_domain_says_otherwise_than_its_provider() -> None:
    raw = provider(ttl_hours=5, mx=["mx.example"], documentation=[PAGE]) | {
        "domains": [DOMAIN | {"provider": "acme", "ttl_hours": 0, "documentation": []}]
    }
    found = parse(raw).domains["example.com"].settings
    assert (found.ttl_hours, found.mx, found.documentation) == (0, ("mx.example",), ())


def test_own_provider_comes_before_the_built_in_one() -> None:
    raw = {"domains": [DOMAIN], "providers": {"gandi": {"servers": [SERVER, SMTP]}}}
    found = parse(raw).domains["example.com"]
    assert {server.host for server in found.settings.servers} == {"mail.example.com"}


def test_domains_of_a_provider_share_its_settings() -> None:
    found = parse({"domains": [DOMAIN, {"name": "b.example", "provider": "gandi"}]}).domains
    assert found["example.com"].settings is found["b.example"].settings


def test_ten_thousand_domains_load_in_time() -> None:
    raw = {"domains": [DOMAIN | {"name": f"d{number}.example"} for number in range(10_000)]}
    start = time.process_time()
    assert len(parse(raw)) == 10_000
    assert time.process_time() - start < 2


def test_domains_may_all_come_from_sources() -> None:
    alone = {"domains": [], "sources": True, "generic_host": "auto.example"}
    assert len(parse(alone)) == 0
    with pytest.raises(ConfigurationError) as caught:
        parse({"domains": []})
    assert caught.value.problems == ["autoconfig_domains: no domain; name at least one"]


def test_no_domain_where_sources_give_some() -> None:
    assert parse({"domains": []}, sources=True).domains == {}
    assert parse({}, sources=True).domains == {}
