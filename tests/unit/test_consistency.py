"""Every protocol says the same of a domain: host, port, TLS, user name and order.

Each answer is read here as its own clients read it, and compared with what the others say.
"""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from mail_autoconfig.inventory.model import Configuration
from mail_autoconfig.inventory.read import built_in_providers, parse
from mail_autoconfig.server.app import Application
from support import answers
from support.answers import (
    ANSWER,
    CONFIG,
    JSON,
    MOBILESYNC,
    MOBILESYNC_REQUEST,
    MOBILESYNC_SCHEMA,
    POX,
    Row,
    pox_request,
)
from support.asgi import transport

LOCALPART = "jürgen+o'neill&co"
TLS = {"onSSL": "tls", "onTLS": "starttls", "offNone": "none"}
SOCKET_TYPE = {"SSL": "tls", "STARTTLS": "starttls", "plain": "none"}
ELEMENTS = {
    "incomingServer": ("imap", "pop3"),
    "outgoingServer": ("smtp",),
}


@dataclass(frozen=True)
class Said:
    """What one protocol says: mail servers with their login, URLs of services with theirs."""

    servers: list[tuple[Row, str]]
    services: dict[str, tuple[str, str]]


def configuration() -> Configuration:
    """A domain of each built-in provider, those of the table of answers, and difficult ones."""
    raw = answers.configuration()
    raw["domains"] += [
        {"name": f"{name.replace('_', '-')}.test", "provider": name}
        for name in built_in_providers()
    ]
    servers = [
        {"type": kind, "host": host, "security": security, "username": username}
        for kind, host, security, username in (
            ("smtp", "b.{domain}", "starttls", "{localpart}"),
            ("pop3", "z.example", "starttls", "{domain}\\{localpart}"),
            ("imap", "a.{domain}", "none", "{email}"),
            ("smtp", "a.{domain}", "tls", "{email}"),
            ("imap", "z.example", "tls", "{email}"),
            ("pop3", "z.example", "tls", "x{localpart}<&>"),
        )
    ]
    raw["domains"] += [
        {"name": "order.test", "servers": servers},
        {"name": "login.test", "provider": "gandi", "username": "{localpart}"},
    ]
    return parse(raw)


CONFIGURATION = configuration()
DOMAINS = pytest.mark.parametrize("domain", list(CONFIGURATION.domains))
WITH_MAIL = pytest.mark.parametrize(
    "domain", [name for name, each in CONFIGURATION.domains.items() if each.settings.mail_servers]
)
WITHOUT_PASSWORD = {"tokens.test", "phones.test"}
"""Outlook would find no server that it can log in at."""


@pytest.fixture(scope="module")
def ask() -> Any:
    return transport(Application(CONFIGURATION))


def pox(ask: Any, domain: str) -> Said:
    """As Outlook reads it; a redirect has no server."""
    email = f"{LOCALPART}@{domain}"
    reply = ask("https", "POST", f"autodiscover.{domain}", POX, {}, pox_request(email))
    servers, services = [], {}
    for protocol in ET.fromstring(reply.body).iter(f"{ANSWER}Protocol"):
        row = {child.tag.removeprefix(ANSWER): child.text or "" for child in protocol}
        if "Port" in row:
            security = TLS[row["SSL"] + row["Encryption"]]
            server = (row["Type"].lower(), row["Server"], int(row["Port"]), security)
            servers.append((server, row["LoginName"]))
        else:
            services[row["Type"]] = (row["Server"], row["LoginName"])
    return Said(servers, services)


def autoconfig(ask: Any, domain: str) -> Said:
    """As Thunderbird reads it, which puts the address in the placeholders' place."""
    email = f"{LOCALPART}@{domain}"

    def filled(element: ET.Element, name: str) -> str:
        text = element.findtext(name, "")
        for placeholder, value in (
            ("%EMAILADDRESS%", email),
            ("%EMAILLOCALPART%", LOCALPART),
            ("%EMAILDOMAIN%", domain),
        ):
            text = text.replace(placeholder, value)
        return text

    root = ET.fromstring(ask("https", "GET", f"autoconfig.{domain}", CONFIG, {}, b"").body)
    servers, services = [], {}
    for element in root.iter():
        kind = element.get("type", "")
        if element.find("url") is not None:
            services[kind] = (filled(element, "url"), filled(element, "username"))
        elif kind in ELEMENTS.get(element.tag, ()):
            server = (
                kind,
                filled(element, "hostname"),
                int(filled(element, "port")),
                SOCKET_TYPE[filled(element, "socketType")],
            )
            servers.append((server, filled(element, "username")))
    return Said(servers, services)


@WITH_MAIL
def test_pox_says_what_autoconfig_says(ask: Any, domain: str) -> None:
    said, other = pox(ask, domain), autoconfig(ask, domain)
    assert other.servers
    if CONFIGURATION.domains[domain].settings.redirect or domain in WITHOUT_PASSWORD:
        assert said == Said([], {})
    else:
        assert other.servers == _as_autoconfig_lists_them(said.servers)


@WITH_MAIL
def test_both_say_what_the_inventory_says(ask: Any, domain: str) -> None:
    """So that they are not wrong together."""
    email = f"{LOCALPART}@{domain}"
    expected: list[tuple[Row, str]] = [
        (
            (server.type, server.host.replace("{domain}", domain), server.port, server.security),
            server.username.replace("{email}", email)
            .replace("{localpart}", LOCALPART)
            .replace("{domain}", domain),
        )
        for server in CONFIGURATION.domains[domain].settings.mail_servers
    ]
    assert autoconfig(ask, domain).servers == _as_autoconfig_lists_them(expected)


def _as_autoconfig_lists_them(servers: Sequence[tuple[Row, str]]) -> list[tuple[Row, str]]:
    """IMAP first; nothing that a client refuses beside another server of its protocol."""
    refused = {each for each in servers if each[0][3] == "none" or "kerberos" in each[0][1]}
    return [
        each
        for kind in ("imap", "pop3", "smtp")
        for each in servers
        if each[0][0] == kind
        and (
            kind == "pop3"
            or each not in refused
            or refused >= {other for other in servers if other[0][0] == kind}
        )
    ]


@WITH_MAIL
def test_services_are_the_same_everywhere(ask: Any, domain: str) -> None:
    found = autoconfig(ask, domain).services
    email = f"{LOCALPART}@{domain}"
    active_sync = found.get("activeSync", (None, None))[0]

    body = pox_request(email, namespace=MOBILESYNC_REQUEST, schema=MOBILESYNC_SCHEMA)
    reply = ask("https", "POST", f"autodiscover.{domain}", POX, {}, body)
    assert ET.fromstring(reply.body).findtext(f".//{MOBILESYNC}Url") == active_sync

    path = f"{JSON}/v1.0/{LOCALPART}@{domain}?Protocol=ActiveSync"
    reply = ask("https", "GET", f"autodiscover.{domain}", path, {}, b"")
    assert json.loads(reply.body).get("Url") == active_sync

    if "webdav" in found:
        url, login = pox(ask, domain).services["DAV"]
        assert login == found["webdav"][1]
        assert url == found["webdav"][0].replace(LOCALPART, "j%C3%BCrgen%2Bo%27neill%26co")


@DOMAINS
def test_json_leads_to_where_pox_answers(ask: Any, domain: str) -> None:
    path = f"{JSON}/v1.0/{LOCALPART}@{domain}?Protocol=AutodiscoverV1"
    reply = ask("https", "GET", f"autodiscover.{domain}", path, {}, b"")
    if domain in WITHOUT_PASSWORD:
        assert json.loads(reply.body)["ErrorCode"] == "InvalidProtocol"
        return
    url = json.loads(reply.body)["Url"]
    body = pox_request(f"{LOCALPART}@{domain}")
    answer = ask("https", "POST", f"autodiscover.{domain}", POX, {}, body).body
    elsewhere = ET.fromstring(answer).findtext(f".//{ANSWER}RedirectUrl")
    srv = CONFIGURATION.domains[domain].discovery == "srv"
    host = "auto.example.test" if srv else ""
    assert url == (elsewhere or f"https://{host or f'autodiscover.{domain}'}{POX}")
