from __future__ import annotations

from dataclasses import replace

import pytest

from mail_autoconfig.answers import autoconfig
from mail_autoconfig.formats.client_config import (
    AUTHENTICATION,
    ROOT,
    SECURITY,
    ClientConfig,
    Provider,
    Server,
    filled,
    read,
)
from mail_autoconfig.formats.xml_tree import Tag, XmlError
from mail_autoconfig.inventory.read import parse

IMAP = Server(
    "incomingServer",
    "emailProvider",
    "imap",
    "i.test",
    "993",
    "SSL",
    "%EMAILADDRESS%",
    "",
    ("OAuth2", "password-cleartext"),
)
CALDAV = Server(
    "calendar", "clientConfig", "caldav", "", "", "", "", "https://d.test/%EMAILLOCALPART%", ()
)
DOCUMENT = """<clientConfig version="1.1"><emailProvider id="x"><domain>a.test</domain>
<domain purpose="mx">mx.test</domain><displayName>A</displayName>
<displayShortName>B</displayShortName>
<incomingServer type="imap"><hostname>i.test</hostname><port>993</port><socketType>SSL</socketType>
<username>%EMAILADDRESS%</username><authentication>OAuth2</authentication>
<authentication>password-cleartext</authentication></incomingServer></emailProvider>
<calendar type="caldav"><url>https://d.test/%EMAILLOCALPART%</url></calendar></clientConfig>"""


def document(text: str = DOCUMENT) -> ClientConfig:
    return read(text.encode())


def test_document() -> None:
    provider = Provider("x", ("a.test", "mx.test"), "A", "B")
    assert document() == ClientConfig(ROOT, "1.1", provider, (IMAP, CALDAV))


def test_what_is_missing() -> None:
    assert document("<html/>") == ClientConfig(Tag("html"), "", None, ())
    found = document(
        "<clientConfig><emailProvider><incomingServer/></emailProvider></clientConfig>"
    )
    nothing = Server("incomingServer", "emailProvider", "", "", "", "", "", "", ())
    assert found == ClientConfig(ROOT, "", Provider(None, (), "", ""), (nothing,))
    with pytest.raises(XmlError):
        document("<clientConfig>")


@pytest.mark.parametrize(
    ("old", "new", "places"),
    [
        ("</emailProvider>", "<x>", ["elsewhere"]),
        ("<emailProvider", "<emailProvider/><emailProvider", ["elsewhere", "clientConfig"]),
        ("emailProvider", "provider", ["elsewhere", "clientConfig"]),
    ],
)
def test_places(old: str, new: str, places: list[str]) -> None:
    text = DOCUMENT.replace(old, new)
    if new == "<x>":
        text = text.replace("</clientConfig>", "</x></emailProvider></clientConfig>")
        places = ["emailProvider", *places]
    assert [each.place for each in document(text).servers] == places


def test_texts_stay_as_they_are() -> None:
    text = DOCUMENT.replace(">993<", "> 993\n<").replace(">OAuth2", ">\tOAuth2")
    (imap, _caldav) = document(text).servers
    assert (imap.port, imap.authentication[0]) == (" 993\n", "\tOAuth2")
    assert imap.stripped() == IMAP


def test_placeholders() -> None:
    assert IMAP.filled("u@a.test") == replace(IMAP, username="u@a.test")
    assert CALDAV.filled("u@a.test").url == "https://d.test/u"
    assert filled("%EMAILLOCALPART%.%EMAILDOMAIN%", '"a@b"@c.test') == '"a@b".c.test'


def test_words_are_read_back() -> None:
    """What this project writes, it reads."""
    methods = ["gssapi", "oauth2", "password_encrypted", "password"]
    servers = [
        {"type": type_, "host": "m.test", "security": security, "authentication": methods}
        for type_, security in (("imap", "tls"), ("imap", "starttls"), ("smtp", "none"))
    ]
    domain = parse({"domains": [{"name": "a.test", "servers": servers}]}).domains["a.test"]
    found = read(autoconfig.render(domain)).servers
    assert [SECURITY[each.socket_type] for each in found] == ["tls", "starttls", "none"]
    assert [AUTHENTICATION[each] for each in found[0].authentication] == methods
