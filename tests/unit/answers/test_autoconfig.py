from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

from mail_autoconfig.answers.autoconfig import render
from mail_autoconfig.inventory.addresses import parse as address
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


def names(email: str | None, **keys: Any) -> set[str | None]:
    """The user names that an answer to a request with this address, or with none, has."""
    (domain,) = parse({"domains": [{"name": "example.com"} | keys]}).domains.values()
    answer = ET.fromstring(render(domain, address(email) if email else None))
    return {each.text for each in answer.iter("username")}


def test_a_name_of_more_than_one_placeholder_is_filled_in() -> None:
    keys = {"provider": "gandi", "username": "AD\\{localpart}"}
    assert names(None, **keys) == {"AD\\%EMAILLOCALPART%"}
    assert names("Anna@example.com", **keys) == {"AD\\Anna"}
    assert names("a&<b>@example.com", **keys) == {"AD\\a&<b>"}


def test_one_placeholder_stays() -> None:
    for username, placeholder in (
        ("{email}", "%EMAILADDRESS%"),
        ("{localpart}", "%EMAILLOCALPART%"),
        ("{ask}", "%EMAILADDRESS%"),
        ("shared", "shared"),
    ):
        assert names("u@example.com", provider="gandi", username=username) == {placeholder}


def test_what_is_the_same_for_all_is_made_once_and_for_one_each_time() -> None:
    """Domains that share all settings have answers of their own."""
    provider = {"servers": [IMAP | {"host": "imap.{domain}"}, SMTP]}
    own = {"name": "own.example", "provider": "p", "usernames": {"a": "m1", "b": "m2"}}
    domains = parse(
        {
            "providers": {"p": provider},
            "domains": [
                {"name": "a.example", "provider": "p"},
                {"name": "b.example", "provider": "p"},
                own,
            ],
        }
    ).domains
    first, second = domains["a.example"], domains["b.example"]
    assert render(first) is render(first, address("u@a.example"))
    assert b"imap.a.example" in render(first)
    assert b"imap.b.example" in render(second)
    for name, login in (("a", b">m1<"), ("b", b">m2<")):
        assert login in render(domains["own.example"], address(f"{name}@own.example"))


def test_a_mailbox_with_a_name_of_its_own() -> None:
    keys = {"provider": "gandi", "usernames": {"info": "m0815"}}
    assert names("INFO@example.com", **keys) == {"m0815"}
    assert names("other@example.com", **keys) == {"other@example.com"}
    assert names(None, **keys) == {"%EMAILADDRESS%"}


def test_a_redirect_names_the_new_address() -> None:
    keys = {"provider": "gandi", "redirect": {"address": "{localpart}@new.test"}}
    assert names("u@example.com", **keys) == {"u@new.test"}


def test_urls_of_an_answer_for_one_user_are_filled_in_too() -> None:
    web = {"type": "caldav", "url": "https://d.test/{localpart}/", "username": "x{localpart}"}
    (domain,) = parse({"domains": [{"name": "example.com", "servers": [web]}]}).domains.values()
    assert ET.fromstring(render(domain, address("ü@example.com"))).findtext("calendar/url") == (
        "https://d.test/%C3%BC/"
    )


def test_mail_that_stays_on_the_server() -> None:
    for value, expected in (
        (True, ["true"]),
        (False, ["false"]),
        (14, ["true", "14"]),
    ):
        pop3 = {"type": "pop3", "host": "p.example.com", "leave_on_server": value}
        element = rendered(servers=[pop3, SMTP]).find("incomingServer/pop3")
        assert element is not None
        assert [each.text for each in element] == expected


def test_smtp_without_log_in() -> None:
    found = rendered(servers=[IMAP, SMTP | {"authentication": "none"}])
    assert found.findtext("outgoingServer/authentication") == "none"
