from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path
from typing import Any

import pytest

from mail_autoconfig.inventory.model import OAuth2, Page, Redirect, Server, WebServer
from mail_autoconfig.inventory.read import ConfigurationError, load, parse
from mail_autoconfig.texts import texts

LONG = ".".join(["a" * 59] * 3 + ["b" * 58])
DOMAIN = {"name": "example.com", "provider": "gandi"}
SERVER = {"type": "imap", "host": "mail.example.com"}
OAUTH2: dict[str, Any] = {
    "issuer": "login.example.com",
    "scope": ["mail", "dav"],
    "auth_url": "https://login.example.com/auth",
    "token_url": "https://login.example.com/token",
}
PAGE = {"url": "https://help.example.com/", "text": {"en": "Help", "de-AT": "Hilfe"}}
BUILT_IN = "fastmail, gandi, google, infomaniak, ionos, mailbox_org, microsoft365, ovh"


def problems(raw: Any) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        parse(raw)
    return caught.value.problems


def domain(**keys: Any) -> dict[str, Any]:
    return {"domains": [DOMAIN | keys]}


def own(**keys: Any) -> dict[str, Any]:
    return {"domains": [{"name": "example.com", "servers": [SERVER, SERVER | keys]}]}


def provider(**keys: Any) -> dict[str, Any]:
    return {"domains": [DOMAIN], "providers": {"acme": {"servers": [SERVER]} | keys}}


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
            'autoconfig_domains, [0]: "example.com" is not a mapping; '
            "write {name: example.com, provider: …}",
        ),
        ({"domains": [None]}, "autoconfig_domains, [0]: null is not a mapping"),
        ({"domains": [DOMAIN, {"provider": "gandi"}]}, "autoconfig_domains, [1]: no name"),
        (
            domain(name="exam ple.com"),
            'autoconfig_domains, [0].name: "exam ple.com" is not a host name such as '
            "mail.example.com",
        ),
        (
            domain(name=5),
            "autoconfig_domains, [0].name: 5 is not a host name such as mail.example.com",
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
        (domain(servers=[]), "domain example.com, servers: no server; list at least one"),
        (domain(servers=[5]), "domain example.com, servers[0]: 5 is not a mapping"),
        (
            domain(discovery="dns"),
            'domain example.com, discovery: no discovery "dns"; use one of certificate, srv',
        ),
        (domain(apex="yes"), 'domain example.com, apex: "yes" is neither true nor false'),
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
            "domain example.com, apex: no effect with discovery srv; leave one of them out",
        ),
        (
            {"domains": [DOMAIN, {"name": "*", "provider": "gandi", "apex": False}]},
            "domain *, apex: the default entry has no names of its own; leave this out",
        ),
        (domain(pacc=1), "domain example.com, pacc: 1 is neither true nor false"),
        (
            domain(discovery="srv", pacc=True) | {"generic_host": "a.example"},
            "domain example.com, pacc: no effect with discovery srv; leave one of them out",
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
        (own(port=99999),
         "domain example.com, servers[1].port: 99999 is not a port; use 1 to 65535"),
        (own(port=0), "domain example.com, servers[1].port: 0 is not a port; use 1 to 65535"),
        (own(port=True), "domain example.com, servers[1].port: true is not a port; use 1 to 65535"),
        (own(port="993"),
         'domain example.com, servers[1].port: "993" is not a port; use 1 to 65535'),
        (own(type="imaps"),
         'domain example.com, servers[1].type: no type "imaps"; use one of imap, pop3, smtp, '
         "managesieve, caldav, carddav, webdav, jmap, activesync"),
        (own(type=["imap"]),
         'domain example.com, servers[1].type: no type ["imap"]; use one of imap, pop3, smtp, '
         "managesieve, caldav, carddav, webdav, jmap, activesync"),
        (own(security="ssl"),
         'domain example.com, servers[1].security: no security "ssl"; use one of tls, starttls, '
         "none"),
        (own(host="192.0.2.1"),
         'domain example.com, servers[1].host: "192.0.2.1" is not a host name such as '
         "mail.example.com"),
        (own(host="mail.{email}"),
         'domain example.com, servers[1].host: "mail.{email}" is not a host name such as '
         "mail.example.com"),
        (own(host=None),
         "domain example.com, servers[1].host: missing; give a host name such as mail.example.com"),
        (own(prot=993), 'domain example.com, servers[1]: unknown key "prot"; did you mean "port"?'),
        (own(authentication="plain"),
         'domain example.com, servers[1].authentication: no method "plain"; use one or more of '
         "password, password_encrypted, oauth2, gssapi"),
        (own(authentication=[]),
         "domain example.com, servers[1].authentication: empty; use one or more of password, "
         "password_encrypted, oauth2, gssapi"),
        (domain(servers=[{"type": "caldav", "url": "http://dav.example.com/"}]),
         'domain example.com, servers[0].url: "http://dav.example.com/" is not a URL; use '
         "https://HOST/PATH"),
        (domain(servers=[{"type": "jmap", "url": "https://[/"}]),
         'domain example.com, servers[0].url: "https://[/" is not a URL; use https://HOST/PATH'),
        (provider(servers=None), "provider acme, servers: no server; list at least one"),
        (provider(autodiscover="no"),
         'provider acme, autodiscover: "no" is neither true nor false'),
        (provider(server=[]),
         'provider acme: unknown key "server"; did you mean "servers"?'),
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
        (domain(redirect={"address": "{localpart}@{domain}"}),
         "domain example.com, redirect: redirects to example.com, which redirects too; name the "
         "last one"),
        ({"domains": [
            DOMAIN | {"redirect": {"address": "{localpart}@B.example."}},
            DOMAIN | {"name": "b.example", "provider": "microsoft365",
                      "redirect": {"url": "https://other.example/"}}]},
         "domain example.com, redirect: redirects to b.example, which redirects too; name the last "
         "one"),
        ({"domains": [DOMAIN, {"name": "*", "provider": "gandi",
                               "redirect": {"address": "{localpart}@{domain}"}}]},
         "domain *, redirect: redirects to *, which redirects too; name the last one"),
        (domain(ttl_hours="1"),
         'domain example.com, ttl_hours: "1" is no number of hours; use 0 (for ever) to 8760'),
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
         'domain example.com, documentation[0]: "https://help.example.com/" is not a mapping'),
        (domain(documentation=[PAGE | {"text": "Help"}]),
         "domain example.com, documentation[0].text: not a mapping of languages to texts such as "
         "{en: …}"),
        (domain(documentation=[PAGE | {"text": {"English": "Help"}}]),
         'domain example.com, documentation[0].text: "English" is not a language such as en or de'),
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
         'domain example.com, mx[0]: "-" is not a host name such as mail.example.com'),
        ({"domains": [DOMAIN], "providers": []} | {"providers": ["acme"]},
         "autoconfig_providers: not a mapping of names to providers"),
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
        (domain(servers=[{"type": "imap", "host": "ö{domain}"}]),
         'domain example.com, servers[0].host: "ö{domain}" has other letters than ASCII beside '
         "{domain}"),
        *(
            (domain(servers=[{"type": "caldav", "url": f"https://dav.example.com:{port}/"}]),
             f'domain example.com, servers[0].url: "https://dav.example.com:{port}/" is not a URL; '
             "use https://HOST/PATH")
            for port in ("99999", "0", "https", "{localpart}")
        ),
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
        ({"domains": [DOMAIN], "page": {"texts": {"it": dict.fromkeys([*texts("en")][1:], "x")}}},
         "autoconfig_page_texts, it: a new language needs all texts; missing: title"),
        ({"domains": [DOMAIN], "page": {"texts": {"Deutsch": {}}}},
         "autoconfig_page_texts, Deutsch: not a language such as en or it"),
    ],
)  # fmt: skip
def test_problem(raw: Any, problem: str) -> None:
    assert problems(raw) == [problem]


def test_all_problems_are_told_at_once() -> None:
    raw = {
        "domains": [DOMAIN | {"apex": 1}, {"name": "b.example", "provider": "x"}],
        "providers": {"acme": {"servers": [{"type": "smtp"}]}},
    }
    assert len(problems(raw)) == 3


def servers(*raw: Any) -> tuple[Server, ...]:
    configuration = parse({"domains": [{"name": "example.com", "servers": list(raw)}]})
    return configuration.domains["example.com"].settings.servers


@pytest.mark.parametrize(
    ("kind", "security", "port"),
    [
        ("imap", "tls", 993),
        ("imap", "starttls", 143),
        ("pop3", "tls", 995),
        ("pop3", "starttls", 110),
        ("smtp", "tls", 465),
        ("smtp", "starttls", 587),
        ("managesieve", "starttls", 4190),
    ],
)
def test_default_ports(kind: str, security: str, port: int) -> None:
    (server,) = servers({"type": kind, "host": "m.example.com", "security": security})
    assert server.port == port


def test_defaults_of_a_server() -> None:
    assert servers({"type": "imap", "host": "Mail.Bücher.example."}) == (
        Server("imap", "mail.xn--bcher-kva.example", 993, "tls", "{email}", ("password",)),
    )


def test_all_that_can_be_said_of_a_server() -> None:
    raw = {
        "type": "smtp",
        "host": "smtp.{domain}",
        "port": 2525,
        "security": "none",
        "username": "{domain}\\{localpart}",
        "authentication": ["oauth2", "password"],
    }
    assert servers(raw) == (
        Server(
            "smtp", "smtp.{domain}", 2525, "none", "{domain}\\{localpart}", ("oauth2", "password")
        ),
    )


@pytest.mark.parametrize(
    ("written", "host"),
    [
        ("Mail.{domain}.", "mail.{domain}"),
        ("{domain}.Bücher.example", "{domain}.xn--bcher-kva.example"),
    ],
)
def test_host_pattern_has_one_spelling(written: str, host: str) -> None:
    (server,) = servers({"type": "imap", "host": written})
    assert server.host == host


def test_services_with_a_url() -> None:
    raw = {"type": "caldav", "url": "https://dav.{domain}/{email}/", "username": "{localpart}"}
    settings = parse(domain(servers=[raw])).domains["example.com"].settings
    assert settings.web_servers == (
        WebServer("caldav", "https://dav.{domain}/{email}/", "{localpart}", ("password",)),
    )


def test_domain_overrides_its_provider() -> None:
    raw = domain(username="{localpart}", display_name="Ours", discovery="srv")
    found = parse(raw | {"generic_host": "a.example"}).domains["example.com"]
    assert found.display_name == "Ours"
    assert found.short_name == "Gandi"
    assert found.discovery == "srv"
    assert {server.username for server in found.settings.servers} == {"{localpart}"}
    assert found.settings.servers[0].host == "mail.gandi.net"


def test_own_servers_take_the_place_of_the_providers() -> None:
    found = parse(domain(provider="microsoft365", servers=[SERVER])).domains["example.com"]
    assert [server.host for server in found.settings.servers] == ["mail.example.com"]
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
    raw = {"domains": [DOMAIN], "providers": {"gandi": {"servers": [SERVER]}}}
    found = parse(raw).domains["example.com"]
    assert [server.host for server in found.settings.servers] == ["mail.example.com"]


def test_domains_of_a_provider_share_its_settings() -> None:
    found = parse({"domains": [DOMAIN, {"name": "b.example", "provider": "gandi"}]}).domains
    assert found["example.com"].settings is found["b.example"].settings


def test_ten_thousand_domains_load_in_time() -> None:
    raw = {"domains": [DOMAIN | {"name": f"d{number}.example"} for number in range(10_000)]}
    start = time.process_time()
    assert len(parse(raw)) == 10_000
    assert time.process_time() - start < 2


def test_load(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(domain(name="bücher.example"), ensure_ascii=False), "utf-8")
    configuration = load(path)
    assert list(configuration.domains) == ["xn--bcher-kva.example"]
    assert configuration.digest == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "not JSON: Expecting value: line 1 column 1 (char 0)"),
        (b'{"domains": [}', "not JSON: Expecting value: line 1 column 14 (char 13)"),
        (b'{"domains": "\xff"}', "not UTF-8 at byte 13"),
        (b"[" * 100_000, "not JSON: maximum recursion depth exceeded"),
        (b"{}", "autoconfig_domains: no domain; name at least one"),
    ],
)
def test_load_what_is_no_configuration(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "config.json"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        load(path)
    assert len(caught.value.problems) == 1
    assert caught.value.problems[0].startswith(problem)


def test_load_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="can't be read: No such file or directory"):
        load(tmp_path / "config.json")


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
