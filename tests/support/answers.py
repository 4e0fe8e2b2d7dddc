"""What the server answers, case by case: one table for the responder alone and behind nginx.

`cases()` needs no more than a transport that carries a request to a server which runs
`configuration()`: the unit tests call the application, molecule asks the deployed server.
"""

from __future__ import annotations

import io
import json
import plistlib
import re
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote
from xml.sax.saxutils import escape

SCHEMAS = "http://schemas.microsoft.com/exchange/autodiscover"
REQUEST = f"{SCHEMAS}/outlook/requestschema/2006"
MOBILESYNC_REQUEST = f"{SCHEMAS}/mobilesync/requestschema/2006"
MOBILESYNC_SCHEMA = f"{SCHEMAS}/mobilesync/responseschema/2006"
ROOT = f"{{{SCHEMAS}/responseschema/2006}}"
ANSWER = f"{{{SCHEMAS}/outlook/responseschema/2006a}}"
MOBILESYNC = f"{{{MOBILESYNC_SCHEMA}}}"

POX = "/autodiscover/autodiscover.xml"
JSON = "/autodiscover/autodiscover.json"
SOAP = "/autodiscover/autodiscover.svc"
CONFIG = "/mail/config-v1.1.xml"
WELL_KNOWN = "/.well-known/autoconfig/mail/config-v1.1.xml"
CONFIG_PATHS = (CONFIG, WELL_KNOWN, "/autoconfig/mail/config-v1.1.xml")

Node = tuple[str, Any, dict[str, str]]
"""An XML element: name, children or text, attributes."""

Row = tuple[str, str, int, str]
"""Type, host, port and security of a server."""

GANDI: tuple[Row, ...] = (
    ("imap", "mail.gandi.net", 993, "tls"),
    ("pop3", "mail.gandi.net", 995, "tls"),
    ("smtp", "mail.gandi.net", 465, "tls"),
)
MICROSOFT: tuple[Row, ...] = (
    ("imap", "outlook.office365.com", 993, "tls"),
    ("pop3", "outlook.office365.com", 995, "tls"),
    ("smtp", "smtp.office365.com", 587, "starttls"),
)
MICROSOFT_AUTODISCOVER = "https://autodiscover-s.outlook.com/autodiscover/autodiscover.xml"
PLACEHOLDER = "%EMAILADDRESS%"
PROFILE = "/email.mobileconfig"
PACC = "/.well-known/user-agent-configuration.json"


def corp(suffix: str) -> tuple[Row, ...]:
    """The servers of the domain that has its own."""
    host = f"mail.corp.{suffix}"
    return (
        ("imap", host, 993, "tls"),
        ("pop3", host, 995, "tls"),
        ("smtp", host, 587, "starttls"),
    )


def groupware(suffix: str) -> dict[str, Any]:
    """A provider that says all that can be said."""
    host = f"groupware.{suffix}"
    dav = {"username": "{localpart}", "authentication": ["oauth2", "password"]}
    return {
        "display_name": "Groupware",
        "servers": [
            {"type": "imap", "host": host, "authentication": ["oauth2", "password"]},
            {"type": "smtp", "host": host, "security": "starttls"},
            {"type": "managesieve", "host": host, "security": "starttls"},
            {"type": "jmap", "url": f"https://{host}/jmap"},
            {"type": "activesync", "url": f"https://{host}/Microsoft-Server-ActiveSync"},
            {"type": "caldav", "url": f"https://{host}/calendars"} | dav,
            {"type": "carddav", "url": f"https://{host}/contacts"} | dav,
            {"type": "webdav", "url": f"https://{host}/files/{{email}}/"} | dav,
        ],
        "ttl_hours": 24,
        "oauth2": {
            "issuer": host,
            "scope": ["mail", "dav"],
            "auth_url": f"https://{host}/authorize",
            "token_url": f"https://{host}/token",
            "client_id": "open",
        },
        "documentation": [
            {
                "url": f"https://{host}/help?topic=mail&more",
                "text": {"en": "Mail & more", "de": "Für alle <Programme>"},
            }
        ],
        "enable": {
            "url": f"https://{host}/allow",
            "text": {"en": "Allow IMAP", "fr": "Activer IMAP"},
        },
        "webmail": {"login_page": f"https://{host}/webmail"},
        "mx": [f"mx.{suffix}"],
    }


def configuration(suffix: str = "test") -> dict[str, Any]:
    """The raw configuration that the table asks for; its names end in `suffix`."""
    servers = [
        {"type": kind, "host": host, "port": port, "security": security}
        for kind, host, port, security in corp(suffix)
    ]
    return {
        "providers": {
            "corp": {"display_name": "Corp & Sons", "servers": servers},
            "groupware": groupware(suffix),
        },
        "domains": [
            {"name": f"example.{suffix}", "provider": "gandi", "apex": True, "pacc": True},
            {"name": f"corp.{suffix}", "provider": "corp"},
            {"name": f"bücher.{suffix}", "provider": "gandi"},
            {"name": f"exchange.{suffix}", "provider": "microsoft365"},
            {"name": f"groupware.{suffix}", "provider": "groupware"},
            {
                "name": f"moved.{suffix}",
                "provider": "corp",
                "redirect": {"address": f"{{localpart}}@corp.{suffix}"},
            },
        ],
    }


@dataclass(frozen=True)
class Reply:
    """An answer; names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


Transport = Callable[[str, str, str, str, Mapping[str, str], bytes], Reply]
"""(scheme, method, host, path with query, headers, body) -> Reply; follows no redirect."""

Expectation = Callable[[Reply], None]


@dataclass(frozen=True)
class Case:
    """One request and what its answer must be. `layer` nginx: the responder alone can't answer."""

    name: str
    method: str
    host: str
    path: str
    expect: Expectation
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "text/xml"})
    scheme: Literal["https", "http"] = "https"
    layer: Literal["responder", "nginx"] = "responder"


def run(case: Case, transport: Transport) -> None:
    """Ask, and assert that the answer is the right one."""
    case.expect(transport(case.scheme, case.method, case.host, case.path, case.headers, case.body))


def pox_request(
    email: str | None,
    *,
    legacy_dn: str | None = None,
    namespace: str = REQUEST,
    schema: str | None = f"{SCHEMAS}/outlook/responseschema/2006a",
    more: str = "",
) -> bytes:
    """A request as Outlook writes it."""
    parts = [
        f"<EMailAddress>{escape(email)}</EMailAddress>" if email is not None else "",
        more,
        f"<LegacyDN>{legacy_dn}</LegacyDN>" if legacy_dn is not None else "",
        f"<AcceptableResponseSchema>{schema}</AcceptableResponseSchema>" if schema else "",
    ]
    return (
        f'<?xml version="1.0" encoding="utf-8"?><Autodiscover xmlns="{namespace}">'
        f"<Request>{''.join(parts)}</Request></Autodiscover>"
    ).encode()


# Expectations


def settings(login: str, rows: tuple[Row, ...]) -> Expectation:
    """A POX answer with these servers in this order, each with this LoginName."""
    encryption = {"tls": ("on", "SSL"), "starttls": ("on", "TLS"), "none": ("off", "None")}

    def expect(reply: Reply) -> None:
        assert reply.status == 200
        assert reply.headers["content-type"] == "text/xml; charset=utf-8"
        root = ET.fromstring(reply.body)
        assert root.tag == f"{ROOT}Autodiscover"
        response = root.find(f"{ANSWER}Response")
        assert response is not None, reply.body
        assert response.findtext(f"{ANSWER}User/{ANSWER}DisplayName")
        account = response.find(f"{ANSWER}Account")
        assert account is not None
        assert account.findtext(f"{ANSWER}AccountType") == "email"
        assert account.findtext(f"{ANSWER}Action") == "settings"
        found = [
            {child.tag.removeprefix(ANSWER): child.text for child in protocol}
            for protocol in account.iterfind(f"{ANSWER}Protocol")
        ]
        assert found == [
            {
                "Type": kind.upper(),
                "Server": host,
                "Port": str(port),
                "LoginName": login,
                "DomainRequired": "off",
                "SPA": "off",
                "SSL": encryption[security][0],
                "Encryption": encryption[security][1],
                "AuthRequired": "on",
            }
            | ({"UsePOPAuth": "off", "SMTPLast": "off"} if kind == "smtp" else {})
            for kind, host, port, security in rows
        ]

    return expect


def groupware_settings(email: str, suffix: str) -> Expectation:
    """The POX answer for groupware."""
    host = f"groupware.{suffix}"
    localpart = email.rpartition("@")[0]
    common = {"DomainRequired": "off", "SPA": "off", "SSL": "on", "AuthRequired": "on"}
    mail = common | {"TTL": "24", "Server": host, "LoginName": email}

    def expect(reply: Reply) -> None:
        assert reply.status == 200
        root = ET.fromstring(reply.body)
        found = [
            {child.tag.removeprefix(ANSWER): child.text for child in protocol}
            for protocol in root.iter(f"{ANSWER}Protocol")
        ]
        assert found == [
            mail | {"Type": "IMAP", "Port": "993", "Encryption": "SSL"},
            mail
            | {"Type": "SMTP", "Port": "587", "Encryption": "TLS"}
            | {"UsePOPAuth": "off", "SMTPLast": "off"},
            common
            | {"Type": "DAV", "TTL": "24", "LoginName": localpart}
            | {"Server": f"https://{host}/files/{quote(email, safe='@')}/"},
            common
            | {"Type": "WEB", "TTL": "24", "LoginName": email}
            | {"Server": f"https://{host}/webmail"},
        ]

    return expect


def pox_redirect(kind: Literal["Addr", "Url"], target: str) -> Expectation:
    """A POX answer that leads elsewhere and holds no settings."""

    def expect(reply: Reply) -> None:
        assert reply.status == 200
        account = ET.fromstring(reply.body).find(f"{ANSWER}Response/{ANSWER}Account")
        assert account is not None
        assert [(child.tag.removeprefix(ANSWER), child.text) for child in account] == [
            ("AccountType", "email"),
            ("Action", f"redirect{kind}"),
            (f"Redirect{kind}", target),
        ]

    return expect


def mobilesync(email: str, **action: str) -> Expectation:
    """A MobileSync answer with this `Url` or `Redirect`."""

    def expect(reply: Reply) -> None:
        assert reply.status == 200
        assert reply.headers["content-type"] == "text/xml; charset=utf-8"
        root = ET.fromstring(reply.body)
        assert root.tag == f"{ROOT}Autodiscover"
        response = root.find(f"{MOBILESYNC}Response")
        assert response is not None, reply.body
        assert response.findtext(f"{MOBILESYNC}Culture") == "en:us"
        assert response.findtext(f"{MOBILESYNC}User/{MOBILESYNC}EMailAddress") == email
        found = response.find(f"{MOBILESYNC}Action")
        assert found is not None
        if "Url" in action:
            action.update(Type="MobileSync", Name=action["Url"])
        leaves = {leaf.tag: leaf.text for leaf in found.iter() if not len(leaf)}
        assert leaves == {f"{MOBILESYNC}{name}": text for name, text in action.items()}

    return expect


def json_answer(protocol: str, url: str) -> Expectation:
    """A JSON answer that names a URL."""

    def expect(reply: Reply) -> None:
        assert reply.status == 200
        assert reply.headers["content-type"] == "application/json"
        assert reply.headers["cache-control"] == "no-store"
        assert json.loads(reply.body) == {"Protocol": protocol, "Url": url}

    return expect


def json_error(status: int, code: str, *, supported: str = "", never: str = "") -> Expectation:
    """A JSON refusal with the protocols that are `supported`, that does not say `never` again."""

    def expect(reply: Reply) -> None:
        assert reply.status == status
        assert reply.headers["content-type"] == "application/json"
        found = json.loads(reply.body)
        assert found.keys() == {"ErrorCode", "ErrorMessage"}
        assert found["ErrorCode"] == code
        assert found["ErrorMessage"].endswith(f" values are '{supported}'." if supported else "")
        assert not never or never.encode() not in reply.body

    return expect


def error(code: int, status: int = 200) -> Expectation:
    """A POX error; with status 405 the method to use as well."""

    def expect(reply: Reply) -> None:
        assert reply.status == status
        assert reply.headers["content-type"] == "text/xml; charset=utf-8"
        assert reply.headers.get("allow") == ("POST" if status == 405 else None)
        root = ET.fromstring(reply.body)
        assert root.tag == f"{ROOT}Autodiscover"
        problem = root.find(f"{ROOT}Response/{ROOT}Error")
        assert problem is not None, reply.body
        assert problem.findtext(f"{ROOT}ErrorCode") == str(code)
        assert problem.findtext(f"{ROOT}Message")
        assert problem.find(f"{ROOT}DebugData") is not None
        assert problem.get("Id", "").isdecimal()
        assert len(problem.get("Time", "")) == len("12:34:56.1234567")

    return expect


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
            [server.tag, server.get("type"), *(child.text for child in server)]
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


def refused(status: int, *, never: str = "") -> Expectation:
    """A plain refusal that does not say `never` again."""

    def expect(reply: Reply) -> None:
        assert reply.status == status
        assert not never or never.encode() not in reply.body

    return expect


def profile(domain: str, email: str, incoming: str) -> Expectation:
    """An Apple profile for this address, signed or not, as a file named after the domain."""

    def expect(reply: Reply) -> None:
        assert reply.status == 200
        assert reply.headers["content-type"] == "application/x-apple-aspen-config"
        disposition = reply.headers["content-disposition"]
        assert disposition == f'attachment; filename="{domain}.mobileconfig"'
        assert reply.headers["cache-control"] == "no-store"
        # A signature wraps the profile and leaves it as it is.
        begin, end = reply.body.index(b"<?xml"), reply.body.index(b"</plist>") + len("</plist>")
        found = plistlib.loads(reply.body[begin:end])
        (mail,) = found["PayloadContent"]
        assert (mail["EmailAddress"], mail["IncomingMailServerHostName"]) == (email, incoming)

    return expect


def pacc(name: str, host: str) -> Expectation:
    """A PACC document of the provider `name` with one host for all."""

    def expect(reply: Reply) -> None:
        assert reply.status == 200
        assert reply.headers["content-type"] == "application/json"
        found = json.loads(reply.body)
        assert found["info"]["provider"]["name"] == name
        assert found["authentication"] == {"password": True}
        assert found["protocols"] == {
            key: {"host": host} for key in ("imap", "pop3", "smtp", "submit")
        }

    return expect


def page(*texts: str, status: int = 200, language: str = "en") -> Expectation:
    """The page for people in this language, with each of these texts in it (as HTML)."""

    def expect(reply: Reply) -> None:
        assert reply.status == status
        assert reply.headers["content-type"] == "text/html; charset=utf-8"
        assert "default-src 'none'" in reply.headers["content-security-policy"]
        assert reply.headers["vary"].lower() == "accept-language"
        assert reply.headers["referrer-policy"] == "no-referrer"
        html = reply.body.decode()
        assert f'<html lang="{language}">' in html
        for text in texts:
            assert text in html

    return expect


def reg_file(reply: Reply) -> None:
    """The file for the registry that turns off what keeps Outlook from asking."""
    assert reply.status == 200
    assert reply.headers["content-type"] == "application/octet-stream"
    assert reply.headers["content-disposition"] == "attachment"
    assert '"DisableOffice365SimplifiedAccountCreation"' in reply.body.decode("utf-16")


def zip_file(reply: Reply) -> None:
    """The files for those who manage Outlook by Group Policy or Intune."""
    assert reply.status == 200
    assert reply.headers["content-type"] == "application/zip"
    assert reply.headers["content-disposition"] == "attachment"
    with zipfile.ZipFile(io.BytesIO(reply.body)) as archive:
        assert "PolicyDefinitions/mail-autoconfig.admx" in archive.namelist()
        assert archive.testzip() is None


def redirect(status: int, location: str) -> Expectation:
    """A redirect to `location`."""

    def expect(reply: Reply) -> None:
        assert (reply.status, reply.headers["location"]) == (status, location)

    return expect


# The table


def cases(suffix: str = "test") -> list[Case]:
    """The table, for a server that runs `configuration(suffix)`."""
    return [
        *_pox_cases(suffix),
        *_mobilesync_cases(suffix),
        *_json_cases(suffix),
        *_soap_cases(suffix),
        *_config_cases(suffix),
        *_profile_cases(suffix),
        *_page_cases(suffix),
        *_nginx_cases(suffix),
    ]


def _pox_cases(suffix: str) -> list[Case]:
    domain, corp_domain = f"example.{suffix}", f"corp.{suffix}"
    host = f"autodiscover.{domain}"
    email = f"user@{domain}"
    good = pox_request(email)
    answered = settings(email, GANDI)
    u_label, a_label = f"bücher.{suffix}", f"xn--bcher-kva.{suffix}"

    def post(name: str, body: bytes, expect: Expectation, **more: Any) -> Case:
        return Case(name, "POST", **({"host": host, "path": POX} | more), body=body, expect=expect)

    def asked(name: str, address: str, rows: tuple[Row, ...] = GANDI) -> Case:
        return post(name, pox_request(address), settings(address.strip(), rows))

    prefixed = re.sub("<(/?)([A-Z])", r"<\1a:\2", good.decode()).replace("xmlns=", "xmlns:a=")
    entity = (
        b'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY e "user@' + domain.encode() + b'">]>'
        b'<Autodiscover xmlns="' + REQUEST.encode() + b'"><Request>'
        b"<EMailAddress>&e;</EMailAddress></Request></Autodiscover>"
    )
    utf16 = good.decode().replace("utf-8", "utf-16").encode("utf-16")
    rows = [
        asked("configured domain", email),
        asked("any local part", f"nobody-has-this-one@{domain}"),
        asked("own servers", f"user@{corp_domain}", corp(suffix)),
        post("unconfigured domain", pox_request("user@unconfigured.invalid"), error(500)),
        post("a domain below a configured one", pox_request(f"user@sub.{domain}"), error(500)),
        post("no address", pox_request(None), error(600)),
        post("empty address", pox_request("  "), error(600)),
        post("address without @", pox_request(domain), error(600)),
        post("address without local part", pox_request(f"@{domain}"), error(600)),
        post("address without domain", pox_request("user@"), error(600)),
        post("two @ unquoted", pox_request(f"a@b@{domain}"), error(600)),
        asked("an @ in a quoted local part", f'"a@b"@{domain}'),
        post("control character", pox_request(f"a\x7fb@{domain}"), error(600)),
        post("line break", pox_request(f"a\nb@{domain}"), error(600)),
        post("over 254 octets", pox_request("x" * 255 + f"@{domain}"), error(600)),
        asked("upper-case domain", f"User@{domain.upper()}"),
        asked("IDN as U-label", f"user@{u_label}"),
        asked("IDN as upper-case U-label", f"user@{u_label.upper()}"),
        asked("IDN as A-label", f"user@{a_label}"),
        asked("final dot", f"user@{domain}."),
        asked("white space around the address", f" \n\t{email}\n "),
        asked("plus", f"user+tag@{domain}"),
        asked("quote", f'o\'brien"x"@{domain}'),
        asked("ampersand", f"a&b@{domain}"),
        asked("less-than", f"<b>]]>@{domain}"),
        asked("braces", f"{{{{7*7}}}}{{email}}@{domain}"),
        asked("non-ASCII local part", f"jürgen.用户@{domain}"),
        post("malformed XML", good[:-10], error(600)),
        post("not XML", b'{"email": "user@example.test"}', error(600)),
        post("not text", bytes(range(256)), error(600)),
        post("empty body", b"", error(600)),
        post("unknown root", good.replace(b"Autodiscover", b"AutoDiscover"), error(600)),
        post("unknown namespace", pox_request(email, namespace="urn:x"), error(600)),
        post("entity declaration", entity, error(600)),
        post("DTD", b"<!DOCTYPE Autodiscover>" + good.partition(b"?>")[2], error(600)),
        post("unknown encoding", good.replace(b"utf-8", b"utf-99"), error(600)),
        post("deep nesting", b"<a>" * 20000, error(600)),
        post("UTF-16", utf16, answered),
        post("UTF-8 with BOM", b"\xef\xbb\xbf" + good, answered),
        post("a namespace prefix", prefixed.encode(), answered),
        post("wrong Content-Type", good, answered, headers={"Content-Type": "application/json"}),
        post("no Content-Type", good, answered, headers={}),
        post(
            "two EMailAddress elements",
            pox_request(email, more=f"<EMailAddress>other@{corp_domain}</EMailAddress>"),
            answered,
        ),
        post("LegacyDN", pox_request(None, legacy_dn="/o=x/cn=user"), error(500)),
        post("LegacyDN beside an address", pox_request(email, legacy_dn="/o=x"), error(500)),
        post("empty LegacyDN", pox_request(email, legacy_dn=""), answered),
        post("no AcceptableResponseSchema", pox_request(email, schema=None), answered),
        post("unknown AcceptableResponseSchema", pox_request(email, schema="urn:x"), error(601)),
        post("body over 64 KiB", good.ljust(64 * 1024 + 1), refused(413)),
        post("body of 64 KiB", good.ljust(64 * 1024), answered),
        post("Exchange's domain", pox_request(f"user@exchange.{suffix}"),
             pox_redirect("Url", MICROSOFT_AUTODISCOVER)),
        post("a domain that has moved", pox_request(f"us&er@Moved.{suffix}"),
             pox_redirect("Addr", f"us&er@{corp_domain}")),
        post("all kinds of servers", pox_request(f"us&/er@groupware.{suffix}"),
             groupware_settings(f"us&/er@groupware.{suffix}", suffix)),
        post("the address decides, not Host", good, answered, host=f"autodiscover.{corp_domain}"),
        post("POX at the domain itself", good, answered, host=domain),
    ]  # fmt: skip
    rows += [
        post(f"POST to {path}", good, answered, path=path)
        for path in (
            "/Autodiscover/Autodiscover.xml",
            "/AutoDiscover/AutoDiscover.xml",
            "/AUTODISCOVER/AUTODISCOVER.XML",
            "/",
            "/any/other?path",
        )
    ]
    rows += [
        Case("GET of POX", "GET", host, POX, error(600, 405)),
        Case("GET of POX in capitals", "GET", host, "/Autodiscover/Autodiscover.xml",
             error(600, 405)),
        Case("PUT of POX", "PUT", host, POX, error(600, 405), body=good),
        Case("HEAD of POX", "HEAD", host, POX, refused(405)),
        post("the next good request", good, answered),
    ]  # fmt: skip
    return rows


def _mobilesync_cases(suffix: str) -> list[Case]:
    host = f"autodiscover.groupware.{suffix}"
    email = f"user@groupware.{suffix}"
    url = f"https://groupware.{suffix}/Microsoft-Server-ActiveSync"

    def post(name: str, address: str, expect: Expectation, **more: Any) -> Case:
        asked: dict[str, Any] = {"namespace": MOBILESYNC_REQUEST, "schema": MOBILESYNC_SCHEMA}
        body = pox_request(address, **(asked | more))
        return Case(f"MobileSync: {name}", "POST", host, POX, expect, body=body)

    return [
        post("ActiveSync", email, mobilesync(email, Url=url)),
        post("address that needs escapes", f"a&<b>{email}", mobilesync(f"a&<b>{email}", Url=url)),
        post("no AcceptableResponseSchema", email, mobilesync(email, Url=url), schema=None),
        post("in Outlook's request", email, mobilesync(email, Url=url), namespace=REQUEST),
        post("asks for Outlook's answer", email, groupware_settings(email, suffix),
             schema=f"{SCHEMAS}/outlook/responseschema/2006a"),
        post("Exchange's domain", f"user@exchange.{suffix}",
             mobilesync(f"user@exchange.{suffix}",
                        Url="https://outlook.office365.com/Microsoft-Server-ActiveSync")),
        post("a domain that has moved", f"user@moved.{suffix}",
             mobilesync(f"user@moved.{suffix}", Redirect=f"user@corp.{suffix}")),
        post("no ActiveSync", f"user@example.{suffix}", error(601)),
        post("unconfigured domain", "user@unconfigured.invalid", error(500)),
        post("no address", "", error(600)),
        post("LegacyDN", email, error(500), legacy_dn="/o=x"),
        post("unknown AcceptableResponseSchema", email, error(601), schema="urn:x"),
    ]  # fmt: skip


def _json_cases(suffix: str) -> list[Case]:
    domain = f"example.{suffix}"
    host = f"autodiscover.{domain}"
    own = json_answer("AutodiscoverV1", f"https://{host}{POX}")
    sync = f"https://groupware.{suffix}/Microsoft-Server-ActiveSync"
    v1 = f"{JSON}/v1.0"

    def get(name: str, path: str, expect: Expectation, **more: Any) -> Case:
        call = {"method": "GET", "host": host, "headers": {}} | more
        return Case(f"JSON: {name}", path=path, expect=expect, **call)

    def asked(name: str, email: str, protocol: str, expect: Expectation) -> list[Case]:
        quoted = quote(email)
        return [
            get(name, f"{JSON}?Email={quoted}&Protocol={protocol}&RedirectCount=1", expect),
            get(f"{name}, in the path", f"{v1}/{quoted}?Protocol={protocol}", expect),
        ]

    return [
        *asked("Autodiscover", f"user@{domain}", "AutodiscoverV1", own),
        *asked("protocol in another case", f"user@{domain}", "Autodiscoverv1", own),
        *asked("address that needs escapes", f"a/b&?+#ü%<@{domain}", "AutodiscoverV1", own),
        *asked("ActiveSync", f"user@groupware.{suffix}", "activesync",
               json_answer("ActiveSync", sync)),
        *asked("Exchange's domain", f"user@exchange.{suffix}", "AutodiscoverV1",
               json_answer("AutodiscoverV1", MICROSOFT_AUTODISCOVER)),
        *asked("a domain that has moved", f"user@moved.{suffix}", "AutodiscoverV1",
               json_answer("AutodiscoverV1", f"https://autodiscover.moved.{suffix}{POX}")),
        *asked("no ActiveSync", f"user@{domain}", "ActiveSync",
               json_error(400, "InvalidProtocol", supported="AutodiscoverV1")),
        *asked("unknown protocol", f"user@groupware.{suffix}", "Echo%3Cme%3E",
               json_error(400, "InvalidProtocol", supported="ActiveSync,AutodiscoverV1",
                          never="me")),
        *asked("no protocol", f"user@{domain}", "",
               json_error(400, "MandatoryParameterMissing", supported="AutodiscoverV1")),
        *asked("unconfigured domain", "user@unconfigured.invalid", "AutodiscoverV1",
               json_error(404, "UserNotFound", never="unconfigured")),
        *asked("no address", "", "AutodiscoverV1", json_error(400, "MandatoryParameterMissing")),
        *asked("address without @", "no-at-sign-here", "AutodiscoverV1",
               json_error(400, "InvalidUserId", never="no-at-sign")),
        *asked("control character", f"echo\x01me@{domain}", "AutodiscoverV1",
               json_error(400, "InvalidUserId", never="echo")),
        get("no parameters", JSON, json_error(400, "MandatoryParameterMissing")),
        get("path in capitals", f"{v1.upper()}/user@{domain}?PROTOCOL=AutodiscoverV1", own),
        get("path with capitals",
            f"/Autodiscover/Autodiscover.json?email=user@{domain}&protocol=AutodiscoverV1", own),
        get("the address decides, not Host", f"{v1}/user@{domain}?Protocol=AutodiscoverV1", own,
            host=f"autoconfig.corp.{suffix}"),
        get("POST at the domain itself", JSON, refused(405), method="POST", host=domain),
    ]  # fmt: skip


def _soap_cases(suffix: str) -> list[Case]:
    domain = f"example.{suffix}"
    envelope = (
        b'<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body/>'
        b"</soap:Envelope>"
    )
    return [
        Case(f"SOAP: {method} {path} at {host}", method, host, path, refused(404), body=body)
        for method, body in (("POST", envelope), ("GET", b""))
        for path in (SOAP, "/Autodiscover/Autodiscover.svc", f"{SOAP}/WSSecurity")
        for host in (f"autodiscover.{domain}", domain)
    ] + [
        Case("SOAP where POX is", "POST", f"autodiscover.{domain}", POX, error(600), body=envelope)
    ]


def _config_cases(suffix: str) -> list[Case]:
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
                     login=f"%EMAILLOCALPART%@{corp_domain}")),
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


def _profile_cases(suffix: str) -> list[Case]:
    domain, corp_domain, exchange = f"example.{suffix}", f"corp.{suffix}", f"exchange.{suffix}"
    host = f"autoconfig.{domain}"
    u_label, a_label = f"bücher.{suffix}", f"xn--bcher-kva.{suffix}"

    def get(name: str, query: str, expect: Expectation, **more: Any) -> Case:
        path = PROFILE + query
        return Case(f"profile: {name}", "GET", **({"host": host} | more), path=path, expect=expect)

    def asked(name: str, address: str, expect: Expectation) -> Case:
        return get(name, f"?email={quote(address)}", expect)

    def answered(address: str) -> Expectation:
        return profile(domain, address, "mail.gandi.net")

    return [
        asked("configured domain", f"user@{domain}", answered(f"user@{domain}")),
        asked("quote, & and <", f"o'b&<c>@{domain}", answered(f"o'b&<c>@{domain}")),
        asked("IDN", f"ü@{u_label}", profile(a_label, f"ü@{u_label}", "mail.gandi.net")),
        get("plus as it is", f"?email=a+b@{domain}", answered(f"a+b@{domain}")),
        get("other parameter", f"?EmailAddress=u@{domain}", answered(f"u@{domain}")),
        get("the address decides, not Host", f"?email=u@{domain}", answered(f"u@{domain}"),
            host=f"autodiscover.{corp_domain}"),
        asked("OAuth2 alone", f"user@{exchange}", refused(404)),
        asked("unconfigured domain", "user@unconfigured.invalid", refused(404)),
        asked("address without @", "no-at-sign-here", refused(400, never="no-at-sign")),
        asked("line break", f"echo\r\nSet-Cookie: x=y@{domain}", refused(400, never="echo")),
        get("no address", "", refused(400)),
        Case("PACC", "GET", f"ua-auto-config.{domain}", PACC, pacc("Gandi Mail", "mail.gandi.net")),
        Case("PACC that is not asked for", "GET", f"autoconfig.{corp_domain}", PACC, refused(404)),
    ]  # fmt: skip


def _page_cases(suffix: str) -> list[Case]:
    domain, corp_domain = f"example.{suffix}", f"corp.{suffix}"
    host, form = f"autoconfig.{corp_domain}", {"Content-Type": "application/x-www-form-urlencoded"}

    def get(name: str, expect: Expectation, language: str = "", **more: Any) -> Case:
        headers = {"Accept-Language": language} if language else {}
        request = {"host": host, "path": "/"} | more
        return Case(f"page: {name}", "GET", **request, expect=expect, headers=headers)

    def asked(name: str, address: str, expect: Expectation, **more: Any) -> Case:
        request = {"host": host, "path": "/settings", "body": f"email={quote(address)}".encode()}
        return Case(f"page: {name}", "POST", **(request | more), expect=expect, headers=form)

    def settings_of(email: str, host: str) -> Expectation:
        return page(f"<kbd>{host}</kbd>", f"<kbd>{email}</kbd>", "<kbd>993</kbd>")

    mail = f"mail.corp.{suffix}"
    return [
        get("its name", page("Corp &amp; Sons")),
        get("on autodiscover.D", page("Gandi Mail"), host=f"autodiscover.{domain}"),
        get("French", page("Adresse", language="fr"), "fr-CH, en;q=0.9"),
        get("German", page("Mailadresse", language="de"), "pl, de;q=0.5, en;q=0.4"),
        get("not on the domain itself", refused(404), host=domain),
        get("not on ua-auto-config.D", refused(404), host=f"ua-auto-config.{domain}"),
        get("the form's address", redirect(303, "/"), path="/settings"),
        get(".reg file", reg_file, path="/outlook.reg"),
        get("policies", zip_file, path="/outlook.zip"),
        asked("settings", f"a+b@{corp_domain}", settings_of(f"a+b@{corp_domain}", mail)),
        asked("on autodiscover.D", f"u@{corp_domain}", settings_of(f"u@{corp_domain}", mail),
              host=f"autodiscover.{corp_domain}"),
        asked("the address decides, not Host", f"u@{domain}",
              settings_of(f"u@{domain}", "mail.gandi.net")),
        asked("quote, & and <", f"o\"b&<c>@{domain}",
              settings_of(f"o&#34;b&amp;&lt;c&gt;@{domain}", "mail.gandi.net")),
        asked("unconfigured domain", "u@unconfigured.invalid", page("role=\"alert\"", status=404)),
        asked("no address", "<script>", page("&lt;script&gt;", status=400)),
        asked("too many fields", "x", page(status=400), body=b"a=b&" * 50),
        asked("not UTF-8", "x", page(status=400), body=b"email=%ff\xff"),
        asked("body over 64 KiB", "x" * 65536, refused(413)),
    ]  # fmt: skip


def _nginx_cases(suffix: str) -> list[Case]:
    """What nginx answers by itself."""
    domain = f"example.{suffix}"
    host = f"autodiscover.{domain}"
    target = f"https://{host}{POX}"
    request = pox_request(f"user@{domain}")
    return [
        Case("http: GET of POX", "GET", host, POX, redirect(302, target),
             scheme="http", layer="nginx"),
        Case("http: POST of POX", "POST", host, POX, redirect(307, target), body=request,
             scheme="http", layer="nginx"),
        Case("http: SOAP", "POST", host, SOAP, refused(404), body=request, scheme="http",
             layer="nginx"),
        Case("http: configuration", "GET", f"autoconfig.{domain}", CONFIG,
             config(domain, GANDI), scheme="http", layer="nginx", headers={}),
    ]  # fmt: skip
