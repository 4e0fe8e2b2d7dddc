from __future__ import annotations

from typing import Any

import pytest

from mail_autoconfig.inventory.model import Server, WebServer
from mail_autoconfig.inventory.read import parse

from .samples import SMTP, domain, own, problems, provider

HERE = "domain example.com, servers[imap mail.example.com]"


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (domain(servers=[]), "domain example.com, servers: no server; list at least one"),
        (domain(servers=[5]), "domain example.com, servers: 5 is not a mapping"),
        (own(port=99999),
         f"{HERE}.port: 99999 is not a port; use 1 to 65535"),
        (own(port=0), f"{HERE}.port: 0 is not a port; use 1 to 65535"),
        (own(port=True),
         f"{HERE}.port: true is not a port; use 1 to 65535"),
        (own(port="993x"),
         f'{HERE}.port: "993x" is not a port; use 1 to 65535'),
        (own(type="imaps"),
         'domain example.com, servers[imaps mail.example.com].type: no type "imaps"; use one of '
         "imap, pop3, smtp, "
         "managesieve, caldav, carddav, webdav, jmap, activesync"),
        (own(type=["imap"]),
         'domain example.com, servers[mail.example.com].type: no type ["imap"]; use one of '
         "imap, pop3, smtp, "
         "managesieve, caldav, carddav, webdav, jmap, activesync"),
        (own(security="ssl"),
         f'{HERE}.security: no security "ssl"; use one of tls, starttls, '
         "none"),
        (own(host="192.0.2.1"),
         'domain example.com, servers[imap 192.0.2.1].host: "192.0.2.1" is not a host name such as '
         "mail.example.com"),
        (own(host="mail.{email}"),
         'domain example.com, servers[imap mail.{email}].host: "mail.{email}" is not a host name '
         "such as mail.example.com"),
        (own(host=None),
         "domain example.com, servers[imap].host: missing; give a host name such as "
         "mail.example.com"),
        (own(prot=993), f'{HERE}: unknown key "prot"; did you mean "port"?'),
        (own(authentication="plain"),
         f'{HERE}.authentication: no method "plain"; use one or more of '
         "password, password_encrypted, oauth2, gssapi, none"),
        (own(authentication=[]),
         f"{HERE}.authentication: empty; use one or more of password, "
         "password_encrypted, oauth2, gssapi, none"),
        (domain(servers=[{"type": "caldav", "url": "http://dav.example.com/"}]),
         'domain example.com, servers[caldav http://dav.example.com/].url: '
         '"http://dav.example.com/" is not a URL; use '
         "https://HOST/PATH"),
        (domain(servers=[{"type": "jmap", "url": "https://[/"}]),
         'domain example.com, servers[jmap https://[/].url: "https://[/" is not a URL; '
         "use https://HOST/PATH"),
        (provider(servers=None), "provider acme, servers: no server; list at least one"),
        (domain(servers=[{"type": "imap", "host": "ö{domain}"}, SMTP]),
         'domain example.com, servers[imap ö{domain}].host: "ö{domain}" has other letters '
         "than ASCII beside {domain}"),
        *(
            (domain(servers=[{"type": "caldav", "url": f"https://dav.example.com:{port}/"}]),
             f'domain example.com, servers[caldav https://dav.example.com:{port}/].url: '
             f'"https://dav.example.com:{port}/" is not a URL; '
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


HOST = "m.d.test"


def listed(**keys: Any) -> dict[str, Any]:
    """A domain with a server of these keys, and one of the other side."""
    others = [{"type": kind, "host": HOST} for kind in ("imap", "smtp") if kind != keys["type"]]
    return domain(servers=[{"host": HOST} | keys, *others])


@pytest.mark.parametrize(
    ("kind", "port", "security"),
    [
        ("imap", 993, "tls"),
        ("imap", 143, "starttls"),
        ("pop3", 995, "tls"),
        ("pop3", 110, "starttls"),
        ("smtp", 465, "tls"),
        ("smtp", 587, "starttls"),
        ("smtp", 25, "starttls"),
        ("managesieve", 4190, "starttls"),
        ("managesieve", None, "starttls"),
        ("imap", None, "tls"),
    ],
)
def test_a_registered_port_has_a_security_of_its_own(
    kind: str, port: int | None, security: str
) -> None:
    raw = listed(type=kind) if port is None else listed(type=kind, port=port)
    server = parse(raw).domains["example.com"].settings.servers[0]
    assert server.security == security


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ({"type": "smtp", "port": 587, "security": "tls"},
         "security: port 587 of smtp begins with plain text, then STARTTLS; write security: "
         "starttls, or port: 465"),
        ({"type": "smtp", "port": 25, "security": "tls"},
         "security: port 25 of smtp begins with plain text, then STARTTLS; write security: "
         "starttls, or port: 465"),
        ({"type": "smtp", "port": 465, "security": "starttls"},
         "security: port 465 of smtp begins with TLS; write security: tls, or port: 587"),
        ({"type": "imap", "port": 993, "security": "starttls"},
         "security: port 993 of imap begins with TLS; write security: tls, or port: 143"),
        ({"type": "imap", "port": 993, "security": "none"},
         "security: port 993 of imap begins with TLS; write security: tls, or port: 143"),
        ({"type": "imap", "port": 143, "security": "tls"},
         "security: port 143 of imap begins with plain text, then STARTTLS; write security: "
         "starttls, or port: 993"),
        ({"type": "pop3", "port": 995, "security": "starttls"},
         "security: port 995 of pop3 begins with TLS; write security: tls, or port: 110"),
        ({"type": "managesieve", "port": 4190, "security": "tls"},
         "security: port 4190 of managesieve begins with plain text, then STARTTLS; write "
         "security: starttls"),
        ({"type": "managesieve", "security": "tls"},
         "port: missing; managesieve has no registered port for tls: write the port, or security: "
         "starttls"),
        ({"type": "imap", "port": 587},
         "port: 587 is a port of smtp; imap has 993 (tls), 143 (starttls)"),
        ({"type": "smtp", "port": 993, "security": "tls"},
         "port: 993 is a port of imap; smtp has 465 (tls), 587 (starttls), 25 (starttls)"),
        ({"type": "smtp", "port": 2525},
         "security: missing; port 2525 is not a registered one of smtp: write tls, starttls or "
         "none. Registered are 465 (tls), 587 (starttls), 25 (starttls)"),
        ({"type": "imap", "authentication": "none"},
         "authentication: none is for smtp alone; imap needs a log-in"),
        ({"type": "smtp", "path_prefix": "INBOX"},
         "path_prefix: of imap alone; remove this key"),
        ({"type": "imap", "leave_on_server": True},
         "leave_on_server: of pop3 alone; remove this key"),
        ({"type": "pop3", "leave_on_server": 0},
         "leave_on_server: 0 is neither true nor false nor a number of days; use 1 to 3650"),
        *(
            ({"type": "imap", "username": username},
             f'username: "{username}" has "{word}", which is another program\'s; write {ours}')
            for username, word, ours in (
                ("%EMAILLOCALPART%", "%EMAILLOCALPART%", "{localpart}"),
                ("%EMAILADDRESS%", "%EMAILADDRESS%", "{email}"),
                ("AD/%EMAILLOCALPART%", "%EMAILLOCALPART%", "{localpart}"),
                ("%REALNAME%", "%REALNAME%", "{email}, {localpart} or {domain}"),
                ("%n", "%n", "{localpart}"),
                ("%d", "%d", "{domain}"),
                ("%s", "%s", "{email}"),
                ("%u@%d", "%u", "{email} (as in Dovecot), or {localpart} (as in Postfix)"),
            )
        ),
        ({"type": "imap", "username": "x{ask}"},
         'username: "x{ask}" has {ask} beside other text; write it alone'),
    ],
)  # fmt: skip
def test_problem_of_one_server(keys: dict[str, Any], problem: str) -> None:
    raw = listed(**keys)
    (server,) = raw["domains"][0]["servers"][:1]
    entry = " ".join(server[key] for key in ("type", "host", "url") if key in server)
    assert problems(raw) == [f"domain example.com, servers[{entry}].{problem}"]


@pytest.mark.parametrize("username", ["{localpart}%example.org", "100%", "{localpart}%{domain}"])
def test_a_percent_sign_alone_is_part_of_a_name(username: str) -> None:
    assert parse(listed(type="imap", username=username))


def test_placeholders_of_others_in_a_url() -> None:
    url = "https://dav.example.com/%EMAILADDRESS%/"
    raw = domain(servers=[{"type": "caldav", "url": url}])
    (problem,) = problems(raw)
    assert problem.startswith(f"domain example.com, servers[caldav {url}].url: ")
    assert problem.endswith("write {email}")
    encoded = "https://dav.example.com/a%20b/%d3/"
    assert parse(domain(servers=[{"type": "caldav", "url": encoded}]))


def test_what_the_client_has_to_ask() -> None:
    found = parse(listed(type="imap", username="{ask}")).domains["example.com"].settings.servers
    assert [(each.username, each.ask) for each in found] == [("{email}", True), ("{email}", False)]


def test_other_keys_of_servers() -> None:
    servers = [
        {"type": "imap", "host": HOST, "path_prefix": "INBOX"},
        {"type": "pop3", "host": HOST, "leave_on_server": True},
        {"type": "pop3", "host": HOST, "leave_on_server": 14},
        {"type": "smtp", "host": HOST, "authentication": "none"},
        {"type": "caldav", "url": "https://d.test/p/", "principal": True},
    ]
    settings = parse(domain(servers=servers)).domains["example.com"].settings
    assert [each.path_prefix for each in settings.servers] == ["INBOX", None, None, None]
    assert [each.leave_on_server for each in settings.servers] == [None, True, 14, None]
    assert settings.web_servers[0].principal
    (problem,) = problems(
        domain(servers=[{"type": "jmap", "url": "https://d.test/", "principal": True}])
    )
    assert problem.endswith("principal: of caldav and carddav alone; remove this key")
