from __future__ import annotations

from typing import Any

import pytest

from mail_autoconfig.inventory.model import Server, WebServer
from mail_autoconfig.inventory.read import parse

from .samples import SMTP, domain, own, problems, provider


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (domain(servers=[]), "domain example.com, servers: no server; list at least one"),
        (domain(servers=[5]), "domain example.com, servers[0]: 5 is not a mapping"),
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
         "password, password_encrypted, oauth2, gssapi, none"),
        (own(authentication=[]),
         "domain example.com, servers[1].authentication: empty; use one or more of password, "
         "password_encrypted, oauth2, gssapi, none"),
        (domain(servers=[{"type": "caldav", "url": "http://dav.example.com/"}]),
         'domain example.com, servers[0].url: "http://dav.example.com/" is not a URL; use '
         "https://HOST/PATH"),
        (domain(servers=[{"type": "jmap", "url": "https://[/"}]),
         'domain example.com, servers[0].url: "https://[/" is not a URL; use https://HOST/PATH'),
        (provider(servers=None), "provider acme, servers: no server; list at least one"),
        (domain(servers=[{"type": "imap", "host": "ö{domain}"}, SMTP]),
         'domain example.com, servers[0].host: "ö{domain}" has other letters than ASCII beside '
         "{domain}"),
        *(
            (domain(servers=[{"type": "caldav", "url": f"https://dav.example.com:{port}/"}]),
             f'domain example.com, servers[0].url: "https://dav.example.com:{port}/" is not a URL; '
             "use https://HOST/PATH")
            for port in ("99999", "0", "https", "{localpart}")
        ),
    ],
)  # fmt: skip
def test_problem(raw: Any, problem: str) -> None:
    assert problems(raw) == [problem]


def servers(*raw: Any) -> tuple[Server, ...]:
    kinds = {each["type"] for each in raw}
    meant = {"imap": {"receive_only": True}, "pop3": {"receive_only": True}}
    meant["smtp"] = {"send_only": True}
    more = meant.get(kinds.pop(), {}) if len(kinds) == 1 else {}
    configuration = parse({"domains": [{"name": "example.com", "servers": list(raw)} | more]})
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
