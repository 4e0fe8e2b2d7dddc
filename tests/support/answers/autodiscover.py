"""Outlook's XML."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import Any, Literal
from urllib.parse import quote
from xml.sax.saxutils import escape

from .base import (
    GANDI,
    MICROSOFT_AUTODISCOVER,
    Case,
    Expectation,
    Reply,
    Row,
    ad,
    corp,
    refused,
)

SCHEMAS = "http://schemas.microsoft.com/exchange/autodiscover"
REQUEST = f"{SCHEMAS}/outlook/requestschema/2006"
ROOT = f"{{{SCHEMAS}/responseschema/2006}}"
ANSWER = f"{{{SCHEMAS}/outlook/responseschema/2006a}}"

POX = "/autodiscover/autodiscover.xml"


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
            *(
                common
                | {"Type": kind, "TTL": "24", "LoginName": localpart}
                | {"Server": f"https://{host}/{path}"}
                for kind, path in (("CalDAV", "calendars"), ("CardDAV", "contacts"))
            ),
            common
            | {"Type": "DAV", "TTL": "24", "LoginName": localpart}
            | {"Server": f"https://{host}/files/{quote(email, safe='@')}/"},
            common
            | {"Type": "WEB", "TTL": "24", "LoginName": email}
            | {"Server": f"https://{host}/webmail"},
        ]

    return expect


def pox_redirect(kind: Literal["Addr", "Url"], target: str) -> Expectation:
    """A POX answer that points elsewhere and has no settings."""

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


def cases(suffix: str) -> list[Case]:
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
        post("a name of more than one placeholder", pox_request(f"User@ad.{suffix}"),
             settings("AD\\User", ad(suffix)[:3] + ad(suffix)[4:])),
        post("a mailbox with a name of its own", pox_request(f"INFO@ad.{suffix}"),
             settings("m0815", ad(suffix)[:3] + ad(suffix)[4:])),
        post("incoming mail by OAuth2 alone", pox_request(f"user@tokens.{suffix}"), error(501)),
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
        Case("GET of another path", "GET", host, "/any/other", refused(404)),
        post("the next good request", good, answered),
    ]  # fmt: skip
    return rows
