"""Apple's profile."""

from __future__ import annotations

import plistlib
from typing import Any
from urllib.parse import quote

from .base import Case, Expectation, Reply, refused

PROFILE = "/email.mobileconfig"


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
        assert mail["EmailAccountDescription"] == email
        assert email in found["PayloadDisplayName"]
        assert mail["SMIMESigningUserOverrideable"] is True
        assert mail["SMIMEEncryptByDefaultUserOverrideable"] is True

    return expect


def payloads(**expected: Any) -> Expectation:
    """A profile with payloads of these types alone, whose keys have these values."""

    def expect(reply: Reply) -> None:
        assert reply.status == 200, reply.body
        begin, end = reply.body.index(b"<?xml"), reply.body.index(b"</plist>") + len("</plist>")
        found = {
            each["PayloadType"]: each
            for each in plistlib.loads(reply.body[begin:end])["PayloadContent"]
        }
        assert {
            kind.replace(".", "_"): {key: each.get(key) for key in expected[kind.replace(".", "_")]}
            for kind, each in found.items()
        } == expected

    return expect


def cases(suffix: str) -> list[Case]:
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
        asked("ActiveSync in the place of mail servers", f"u@phones.{suffix}", payloads(
            com_apple_eas_account={
                "EmailAddress": f"u@phones.{suffix}", "Host": f"phones.{suffix}", "SSL": True,
                "UserName": f"u@phones.{suffix}",
            })),
        asked("mail by OAuth2, calendars by a password", f"u@tokens.{suffix}", refused(404)),
        asked("aliases, a path prefix, a name of its own", f"info@ad.{suffix}", payloads(
            com_apple_mail_managed={
                "EmailAddress": f"info@ad.{suffix}, help@ad.{suffix}",
                "IncomingMailServerHostName": f"mail.ad.{suffix}",
                "IncomingMailServerUsername": "m0815",
                "EmailAccountType": "EmailTypePOP",
            })),
        asked("calendars: host, port, TLS", f"u@groupware.{suffix}", payloads(
            com_apple_mail_managed={"IncomingMailServerHostName": f"groupware.{suffix}"},
            com_apple_caldav_account={
                "CalDAVHostName": f"groupware.{suffix}", "CalDAVPort": 443, "CalDAVUseSSL": True,
                "CalDAVUsername": "u", "CalDAVPrincipalURL": None,
            },
            com_apple_carddav_account={
                "CardDAVHostName": f"groupware.{suffix}", "CardDAVPrincipalURL": None,
            })),
        asked("unconfigured domain", "user@unconfigured.invalid", refused(404)),
        asked("address without @", "no-at-sign-here", refused(400, never="no-at-sign")),
        asked("line break", f"echo\r\nSet-Cookie: x=y@{domain}", refused(400, never="echo")),
        get("no address", "", refused(400)),
    ]  # fmt: skip
