from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from typing import Any

import pytest

from mail_autoconfig.answers import autodiscover as module
from mail_autoconfig.answers.autodiscover import Error, RequestError, parse, render
from mail_autoconfig.inventory.addresses import parse as address
from mail_autoconfig.inventory.model import Domain
from mail_autoconfig.inventory.read import parse as configuration
from support.answers import ANSWER, REQUEST, pox_request

SMTP = {"type": "smtp", "host": "s.example.com"}


def domain(*servers: dict[str, Any]) -> Domain:
    found = configuration({"domains": [{"name": "example.com", "servers": list(servers)}]})
    return found.domains["example.com"]


def rendered(domain: Domain, email: str) -> list[list[str | None]]:
    root = ET.fromstring(render(domain, address(email)))
    return [
        [protocol.findtext(f"{ANSWER}{name}") for name in ("Type", "Server", "LoginName")]
        for protocol in root.iter(f"{ANSWER}Protocol")
    ]


def test_login_and_host_patterns_are_filled_and_escaped() -> None:
    found = domain(
        {"type": "imap", "host": "imap.{domain}", "username": "{localpart}"},
        {"type": "smtp", "host": "smtp.example.com", "username": "a&b<{domain}>"},
    )
    assert rendered(found, "x&{email}@Example.com") == [
        ["IMAP", "imap.example.com", "x&{email}"],
        ["SMTP", "smtp.example.com", "a&b<Example.com>"],
    ]


def test_users_of_a_domain_get_their_own_answer() -> None:
    found = domain({"type": "imap", "host": "imap.example.com"}, SMTP)
    assert rendered(found, "a@example.com")[0][2] == "a@example.com"
    assert rendered(found, "b@example.com")[0][2] == "b@example.com"


def test_order_is_that_of_the_configuration() -> None:
    found = domain(
        {"type": "pop3", "host": "p.example.com"},
        {"type": "imap", "host": "b.example.com"},
        {"type": "imap", "host": "a.example.com"},
        SMTP,
    )
    hosts = [row[1] for row in rendered(found, "a@example.com")]
    assert hosts == ["p.example.com", "b.example.com", "a.example.com", "s.example.com"]


def test_no_mail_server_no_options() -> None:
    found = domain({"type": "managesieve", "host": "sieve.example.com"})
    with pytest.raises(RequestError) as caught:
        render(found, address("a@example.com"))
    assert caught.value.error is Error.NO_OPTIONS


def test_ttl_of_zero_is_for_ever() -> None:
    found = domain({"type": "imap", "host": "i.example.com"}, SMTP)
    lasting = replace(found, settings=replace(found.settings, ttl_hours=0))
    texts = [
        ET.fromstring(render(one, address("a@example.com"))).findtext(f".//{ANSWER}TTL")
        for one in (found, lasting)
    ]
    assert texts == [None, "0"]


@pytest.mark.parametrize(
    ("body", "email"),
    [
        (pox_request("a@example.com"), "a@example.com"),
        (pox_request("a&b@example.com"), "a&b@example.com"),
        (
            f'<Autodiscover xmlns="{REQUEST}"><Request><x><EMailAddress>no@example.com'
            f"</EMailAddress></x><EMailAddress><![CDATA[a<b@example.com]]></EMailAddress>"
            f"</Request><EMailAddress>no@example.com</EMailAddress></Autodiscover>".encode(),
            "a<b@example.com",
        ),
        (
            f'<Autodiscover xmlns="{REQUEST}"><!-- x --><?y z?><Request>'
            f"<EMailAddress>&#x61;<!-- b -->@example.com</EMailAddress>"
            f"</Request></Autodiscover>".encode(),
            "a@example.com",
        ),
    ],
)
def test_parse(body: bytes, email: str) -> None:
    assert parse(body).address.email == email


def test_own_elements_stand_at_the_end_and_hold_the_address() -> None:
    own = '<Image of="{email}">https://x.example/{localpart}</Image>'
    (domain,) = configuration(
        {"domains": [{"name": "example.com", "provider": "gandi", "autodiscover_xml": own}]}
    ).domains.values()
    answer = ET.fromstring(render(domain, address('<a"&>@example.com')))
    *_, image = answer[0][1]
    assert image.tag.endswith("/2006a}Image")
    assert image.get("of") == '<a"&>@example.com'
    assert image.text == 'https://x.example/<a"&>'


def protocols(*servers: dict[str, Any]) -> dict[str, dict[str, str | None]]:
    answer = ET.fromstring(render(domain(*servers), address("u@example.com")))
    return {
        protocol.findtext(f"{ANSWER}Type", ""): {
            child.tag.removeprefix(ANSWER): child.text for child in protocol
        }
        for protocol in answer.iter(f"{ANSWER}Protocol")
    }


IMAP = {"type": "imap", "host": "i.example.com"}


def test_smtp_without_log_in() -> None:
    found = protocols(IMAP, SMTP | {"authentication": "none"})
    assert found["SMTP"]["AuthRequired"] == "off"
    assert found["IMAP"]["AuthRequired"] == "on"


def test_calendars_and_address_books() -> None:
    dav = {"url": "https://dav.example.com/{email}/", "username": "{localpart}"}
    found = protocols(IMAP, SMTP, {"type": "caldav"} | dav, {"type": "carddav"} | dav)
    for kind in ("CalDAV", "CardDAV"):
        assert found[kind]["Server"] == "https://dav.example.com/u@example.com/"
        assert found[kind]["LoginName"] == "u"


@pytest.mark.parametrize("method", ["oauth2", "gssapi", ["gssapi", "oauth2"]])
def test_no_password_no_options(method: Any) -> None:
    with pytest.raises(RequestError) as caught:
        protocols(IMAP | {"authentication": method}, SMTP)
    assert caught.value.error is Error.NO_OPTIONS
    calendars = {"type": "caldav", "url": "https://d.test/", "authentication": method}
    assert protocols(IMAP, SMTP, calendars).keys() == {"IMAP", "SMTP"}


def test_more_elements_than_any_request_has_are_not_read() -> None:
    """They would be the costliest answer but one: 10 ms for 64 KiB."""
    good = pox_request("user@example.test")
    for count, right in ((400, True), (600, False)):
        body = good.replace(b"</Request>", b"<a/>" * count + b"</Request>")
        if right:
            assert parse(body).address.email == "user@example.test"
        else:
            with pytest.raises(RequestError):
                parse(body)


ADDRESSES = [
    *("user@example.com", "o'neil+x@example.com", '"a]b"@example.com', "a@b@example.com", "none"),
    *("a&amp;b@example.com", "a&b@example.com", "a]]>b@example.com", " a@example.com ", ""),
    *("ü@example.com", "a<b/>@example.com", "a@bücher.example", "a\x01@example.com"),
]
FORMS = [
    "{0}",
    '<?xml version="1.0" encoding="utf-8"?>{0}',
    '<?xml version="1.0" encoding="UTF-8"?>\r\n{0}\r\n',
    '\n<?xml version="1.0" encoding="utf-8"?>{0}',
    "\f{0}",
    "{0}{0}",
    "{0}<!-- -->",
]


def read(body: bytes) -> object:
    try:
        return parse(body)
    except RequestError as refused:
        return refused.error


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("space", ["", "\n  ", "\t", "\v"])
@pytest.mark.parametrize("email", ADDRESSES)
def test_usual_request_is_read_as_expat_reads_it(
    email: str, space: str, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    xml = pox_request("EMAIL").decode().replace("EMAIL", email).replace("><", f">{space}<")
    body = form.format(xml).encode()
    found = read(body)
    monkeypatch.setattr(module, "_USUAL", re.compile(b"(?!)"))
    assert read(body) == found


def test_usual_request_needs_no_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "expat", None)
    assert parse(pox_request("user@example.com")).address == address("user@example.com")


@pytest.mark.parametrize(
    ("hosts", "longest"),
    [
        (["imap.{domain}", "smtp.example.com"], 248),
        (["a.example.com", "b.example.com"], 253),
        (["{domain}.{domain}.example", "smtp.{domain}"], 122),
    ],
)
def test_room_for_the_name_in_the_hosts(hosts: list[str], longest: int) -> None:
    kinds = zip(("imap", "smtp"), hosts, strict=True)
    found = domain(*({"type": kind, "host": host} for kind, host in kinds))
    assert replace(found, name="x" * longest).has_room
    assert not replace(found, name="x" * (longest + 1)).has_room
