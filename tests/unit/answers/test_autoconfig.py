from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

from mail_autoconfig.answers.autoconfig import render
from mail_autoconfig.inventory.read import parse

IMAP = {"type": "imap", "host": "i.example.com"}
SMTP = {"type": "smtp", "host": "s.example.com"}


def rendered(**keys: Any) -> ET.Element:
    domain = parse({"domains": [{"name": "example.com"} | keys]}).domains["example.com"]
    provider = ET.fromstring(render(domain)).find("emailProvider")
    assert provider is not None
    return provider


def test_patterns_become_placeholders() -> None:
    server = {"type": "imap", "host": "imap.{domain}", "username": "{domain}/{localpart}&{email}"}
    found = rendered(servers=[server, SMTP])
    assert found.findtext("incomingServer/hostname") == "imap.example.com"
    assert (
        found.findtext("incomingServer/username") == "%EMAILDOMAIN%/%EMAILLOCALPART%&%EMAILADDRESS%"
    )


def test_methods_of_authentication_in_order() -> None:
    methods = ["gssapi", "oauth2", "password_encrypted", "password"]
    server = {"type": "smtp", "host": "smtp.example.com", "authentication": methods}
    found = rendered(servers=[server, IMAP]).iterfind("outgoingServer/authentication")
    assert [element.text for element in found] == [
        "GSSAPI",
        "OAuth2",
        "password-encrypted",
        "password-cleartext",
    ]


def test_only_mail_servers_imap_first() -> None:
    found = rendered(
        servers=[
            {"type": "managesieve", "host": "sieve.example.com"},
            {"type": "caldav", "url": "https://dav.example.com/"},
            {"type": "smtp", "host": "b.example.com", "security": "starttls"},
            {"type": "imap", "host": "a.example.com", "security": "none"},
        ]
    )
    assert [
        (server.tag, server.findtext("hostname"), server.findtext("socketType"))
        for server in found
        if server.get("type")
    ] == [
        ("incomingServer", "a.example.com", "plain"),
        ("outgoingServer", "b.example.com", "STARTTLS"),
    ]


def test_names_are_escaped() -> None:
    found = rendered(provider="gandi", display_name="A & <B>", short_name="A&B")
    assert found.findtext("displayName") == "A & <B>"
    assert found.findtext("displayShortName") == "A&B"


def test_own_elements_stand_at_the_end() -> None:
    own = '<clientSetting of="{email}"/>\n<x>{domain}</x>'
    (domain,) = parse(
        {"domains": [{"name": "example.com", "provider": "gandi", "autoconfig_xml": own}]}
    ).domains.values()
    *_, setting, last = ET.fromstring(render(domain))
    assert (setting.tag, setting.get("of")) == ("clientSetting", "%EMAILADDRESS%")
    assert (last.tag, last.text) == ("x", "%EMAILDOMAIN%")
