"""Thunderbird's Autoconfig."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import Any
from urllib.parse import quote

from .base import GANDI, MICROSOFT, Case, Expectation, Reply, Row, ad, corp, refused

CONFIG = "/mail/config-v1.1.xml"
WELL_KNOWN = "/.well-known/autoconfig/mail/config-v1.1.xml"
CONFIG_PATHS = (
    CONFIG,
    WELL_KNOWN,
    "/autoconfig/mail/config-v1.1.xml",
    "/v1.1/mail/config-v1.1.xml",  # Nine for Android
    "/.well-known/mail-v1.xml",  # SnappyMail, before all others
)
PLACEHOLDER = "%EMAILADDRESS%"

Node = tuple[str, Any, dict[str, str]]
"""An XML element: name, children or text, attributes."""


def config(
    domain: str,
    rows: tuple[Row, ...],
    display_name: str = "Gandi Mail",
    authentication: str = "password-cleartext",
    version: str = "1.1",
    login: str = PLACEHOLDER,
) -> Expectation:
    """An Autoconfig answer for this domain (A-label) with these servers in this order."""
    socket_type = {"tls": "SSL", "starttls": "STARTTLS", "none": "plain"}

    def expect(reply: Reply) -> None:
        assert reply.status == 200
        assert reply.headers["content-type"] == "text/xml; charset=utf-8"
        root = ET.fromstring(reply.body)
        assert (root.tag, root.get("version")) == ("clientConfig", version)
        provider = root.find("emailProvider")
        assert provider is not None
        assert provider.get("id") == domain
        assert provider.findtext("domain") == domain
        assert provider.findtext("displayName") == display_name
        assert 0 < len(provider.findtext("displayShortName", "")) <= 20
        assert [
            [server.tag, server.get("type"), *(each.text for each in server if not len(each))]
            for server in provider
            if server.find("hostname") is not None
        ] == [
            [
                "outgoingServer" if kind == "smtp" else "incomingServer",
                *(kind, host, str(port), socket_type[security], login, authentication),
            ]
            for kind, host, port, security in rows
        ]

    return expect


def ad_config(suffix: str, login: str, *, kept: bool) -> Expectation:
    """The answer for ad: IMAP first, nothing that a client refuses, kept by caches or not."""
    pop3, _plain, imap, _kerberos, smtp = ad(suffix)
    answer = config(f"ad.{suffix}", (imap, pop3, smtp), "Active Directory", login=login)

    def expect(reply: Reply) -> None:
        answer(reply)
        assert reply.headers["cache-control"] == ("max-age=300" if kept else "no-store")
        assert ("etag" in reply.headers) == kept
        pop3 = ET.fromstring(reply.body).find("emailProvider/incomingServer[@type='pop3']/pop3")
        assert pop3 is not None
        assert [(each.tag, each.text) for each in pop3] == [
            ("leaveMessagesOnServer", "true"),
            ("daysToLeaveMessagesOnServer", "14"),
        ]

    return expect


def groupware_config(suffix: str) -> Expectation:
    """The Autoconfig answer for groupware, all of it, in the order of the document."""
    domain = host = f"groupware.{suffix}"
    basic: Node = ("authentication", "Basic", {"system": "http"})
    dav: list[Node] = [
        ("authentication", "OAuth2", {}),
        basic,
        ("username", "%EMAILLOCALPART%", {}),
    ]
    email: Node = ("username", PLACEHOLDER, {})

    def server(element: str, kind: str, *children: Node) -> Node:
        return (element, children, {"type": kind})

    def tcp(element: str, kind: str, port: int, socket_type: str, *methods: str) -> Node:
        texts = {"hostname": host, "port": str(port), "socketType": socket_type}
        first: list[Node] = [(name, text, {}) for name, text in texts.items()]
        return server(element, kind, *first, email, *(("authentication", m, {}) for m in methods))

    def web(element: str, kind: str, path: str, *more: Node) -> Node:
        return server(element, kind, ("url", f"https://{host}{path}", {}), *more)

    expected: Node = (
        "clientConfig",
        (
            (
                "emailProvider",
                (
                    ("domain", domain, {}),
                    ("domain", f"mx.{suffix}", {"purpose": "mx"}),
                    ("displayName", "Groupware", {}),
                    ("displayShortName", "Groupware", {}),
                    tcp("incomingServer", "imap", 993, "SSL", "OAuth2", "password-cleartext"),
                    tcp("outgoingServer", "smtp", 587, "STARTTLS", "password-cleartext"),
                    web("incomingServer", "jmap", "/jmap", basic, email),
                    web("incomingServer", "activeSync", "/Microsoft-Server-ActiveSync", basic,
                        email),
                    (
                        "enable",
                        (
                            ("instruction", "Allow IMAP", {"lang": "en"}),
                            ("instruction", "Activer IMAP", {"lang": "fr"}),
                        ),
                        {"visiturl": f"https://{host}/allow"},
                    ),
                    (
                        "documentation",
                        (
                            ("descr", "Für alle <Programme>", {"lang": "de"}),
                            ("descr", "Mail & more", {"lang": "en"}),
                        ),
                        {"url": f"https://{host}/help?topic=mail&more"},
                    ),
                ),
                {"id": domain},
            ),
            web("calendar", "caldav", "/calendars", *dav),
            web("addressbook", "carddav", "/contacts", *dav),
            web("fileShare", "webdav", f"/files/{PLACEHOLDER}/", *dav),
            tcp("setupServer", "managesieve", 4190, "STARTTLS", "password-cleartext"),
            ("webMail", (("loginPage", None, {"url": f"https://{host}/webmail"}),), {}),
            (
                "oAuth2",
                (
                    ("issuer", host, {}),
                    ("scope", "mail dav", {}),
                    ("authURL", f"https://{host}/authorize", {}),
                    ("tokenURL", f"https://{host}/token", {}),
                    ("clientID", "open", {}),
                ),
                {},
            ),
        ),
        {"version": "1.2"},
    )  # fmt: skip

    def expect(reply: Reply) -> None:
        assert reply.status == 200
        assert reply.headers["content-type"] == "text/xml; charset=utf-8"
        assert _node(ET.fromstring(reply.body)) == expected

    return expect


def _node(element: ET.Element) -> Node:
    return (element.tag, tuple(map(_node, element)) or element.text, element.attrib)


def headers_only(reply: Reply) -> None:
    """The headers of an answer to GET, without its body."""
    assert reply.body == b""
    assert reply.status == 200
    assert reply.headers["content-type"] == "text/xml; charset=utf-8"
    assert int(reply.headers["content-length"]) > 500


def not_modified(reply: Reply) -> None:
    """Leave to go on with the copy that a client has."""
    assert (reply.status, reply.body) == (304, b"")
    assert re.fullmatch('"[0-9a-f]{32}"', reply.headers["etag"])
    assert reply.headers["cache-control"] == "max-age=300"


def cases(suffix: str) -> list[Case]:
    domain, corp_domain, exchange = f"example.{suffix}", f"corp.{suffix}", f"exchange.{suffix}"
    host = f"autoconfig.{domain}"
    u_label, a_label = f"bücher.{suffix}", f"xn--bcher-kva.{suffix}"
    answered = config(domain, GANDI)
    own = config(corp_domain, corp(suffix), "Corp & Sons")

    def get(name: str, query: str, expect: Expectation, **more: Any) -> Case:
        path = more.pop("path", CONFIG) + query
        return Case(name, "GET", more.pop("host", host), path, expect, headers={}, **more)

    def asked(name: str, address: str, expect: Expectation) -> Case:
        return get(f"GET: {name}", f"?emailaddress={quote(address)}", expect)

    rows = [
        asked("configured domain", f"user@{domain}", answered),
        asked("any local part", f"nobody-has-this-one@{domain}", answered),
        asked("own servers; the address decides, not Host", f"user@{corp_domain}", own),
        asked("unconfigured domain", "user@unconfigured.invalid", refused(404)),
        get("GET: no address", "", answered),
        get("GET: empty address", "?emailaddress=", answered),
        get("GET: no address, another Host", "", own, host=f"autoconfig.{corp_domain}"),
        get("GET: no address, the domain itself", "", answered, host=domain, path=WELL_KNOWN),
        get("GET: Evolution", f"?emailaddress=EVOLUTIONUSER%40{domain}", answered),
        asked("address without @", "no-at-sign-here", refused(404, never="no-at-sign")),
        asked("a domain that is a hyphen", "u@-", refused(404)),
        asked("two @ unquoted", f"a@b@{domain}", refused(404, never="a@b")),
        asked("an @ in a quoted local part", f'"a@b"@{domain}', answered),
        asked("control character", f"echo\x01me@{domain}", refused(404, never="echo")),
        asked("line break", f"echo\r\nSet-Cookie: x=y@{domain}", refused(404, never="echo")),
        asked("over 254 octets", "x" * 255 + f"@{domain}", refused(404, never="xxx")),
        asked("script", "<script>alert(1)</script>", refused(404, never="script")),
        asked("upper-case domain", f"User@{domain.upper()}", answered),
        asked("IDN as U-label", f"user@{u_label}", config(a_label, GANDI)),
        asked("IDN as A-label", f"user@{a_label}", config(a_label, GANDI)),
        asked("white space around the address", f" user@{domain} ", answered),
        asked("plus, encoded", f"user+tag@{domain}", answered),
        get("GET: plus as it is", f"?emailaddress=user+tag@{domain}", answered),
        asked("quote, & and <", f"o'brien&<b>@{domain}", answered),
        asked("non-ASCII local part", f"jürgen.用户@{domain}", answered),
        get("GET: parameter in capitals", f"?EmailAddress=user@{corp_domain}", own),
        get("GET: the first of two addresses",
            f"?x=y&emailaddress=user@{corp_domain}&emailaddress=user@{domain}", own),
        asked("Exchange's domain", f"user@{exchange}",
              config(exchange, MICROSOFT, "Microsoft 365", "OAuth2", "1.2")),
        asked("a domain that has moved", f"user@moved.{suffix}",
              config(f"moved.{suffix}", corp(suffix), "Corp & Sons",
                     login=f"user@{corp_domain}")),
        # Two users one after the other: no cache gives the one's answer to the other.
        asked("a name of more than one placeholder", f"User@ad.{suffix}",
              ad_config(suffix, "AD\\User", kept=False)),
        asked("another user", f"o'x&y@AD.{suffix}", ad_config(suffix, "AD\\o'x&y", kept=False)),
        asked("a mailbox with a name of its own", f"Info@ad.{suffix}",
              ad_config(suffix, "m0815", kept=False)),
        get("GET: no address, a name of more than one placeholder", "",
            ad_config(suffix, "AD\\%EMAILLOCALPART%", kept=True), host=f"autoconfig.ad.{suffix}",
            scheme="http"),
        asked("all kinds of servers", f"user@groupware.{suffix}", groupware_config(suffix)),
        get("GET: another path", "", refused(404), path="/mail/config-v1.2.xml"),
        Case("HEAD of the configuration", "HEAD", host, CONFIG, headers_only, headers={}),
        Case("GET: a copy that is still right", "GET", host, CONFIG, not_modified,
             headers={"If-None-Match": "*"}),
        Case("GET: a copy that is old", "GET", host, CONFIG, answered,
             headers={"If-None-Match": '"old"'}),
        Case("POST of the configuration", "POST", host, CONFIG, refused(405), body=b"x"),
    ]  # fmt: skip
    rows += [
        get(f"GET {path}", f"?emailaddress=user@{domain}", answered, path=path)
        for path in (*CONFIG_PATHS, "/Mail/Config-v1.1.XML", WELL_KNOWN.upper())
    ]
    return rows
