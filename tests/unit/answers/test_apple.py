from __future__ import annotations

import os
import plistlib
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml

from mail_autoconfig.answers import apple
from mail_autoconfig.inventory import addresses
from mail_autoconfig.inventory.read import built_in_providers, parse

# Apple's published keys: name -> (type, required), of what a profile of ours may contain.
Keys = dict[str, tuple[type, bool]]
COMMON: Keys = {
    "PayloadType": (str, True),
    "PayloadVersion": (int, True),
    "PayloadIdentifier": (str, True),
    "PayloadUUID": (str, True),
    "PayloadDisplayName": (str, False),
    "PayloadDescription": (str, False),
    "PayloadOrganization": (str, False),
}
DAV: Keys = {
    "AccountDescription": (str, False),
    "HostName": (str, True),
    "Port": (int, False),
    "UseSSL": (bool, False),
    "Username": (str, False),
    "PrincipalURL": (str, False),
}
SMIME = (
    "SMIMESigningUserOverrideable",
    "SMIMESigningCertificateUUIDUserOverrideable",
    "SMIMEEncryptByDefaultUserOverrideable",
    "SMIMEEncryptionCertificateUUIDUserOverrideable",
    "SMIMEEnableEncryptionPerMessageSwitch",
)
SIDE: Keys = {
    "MailServerAuthentication": (str, True),
    "MailServerHostName": (str, True),
    "MailServerPortNumber": (int, False),
    "MailServerUseSSL": (bool, False),
    "MailServerUsername": (str, False),
}
KEYS: dict[str, Keys] = {
    "Configuration": {"PayloadContent": (list, True)},
    "com.apple.mail.managed": {
        "EmailAccountDescription": (str, False),
        "EmailAccountType": (str, True),
        "EmailAddress": (str, False),
        "IncomingMailServerIMAPPathPrefix": (str, False),
        **dict.fromkeys(SMIME, (bool, False)),
        "OutgoingPasswordSameAsIncomingPassword": (bool, False),
        **{side + key: rule for side in ("Incoming", "Outgoing") for key, rule in SIDE.items()},
    },
    "com.apple.eas.account": {
        "EmailAddress": (str, False),
        "Host": (str, False),
        "SSL": (bool, False),
        "UserName": (str, False),
    },
    "com.apple.caldav.account": {f"CalDAV{key}": rule for key, rule in DAV.items()},
    "com.apple.carddav.account": {f"CardDAV{key}": rule for key, rule in DAV.items()},
}
EVERYTHING = [
    {"type": "pop3", "host": "oauth.example.com", "authentication": "oauth2"},
    {"type": "imap", "host": "imap.{domain}", "security": "starttls", "username": "{localpart}"},
    {"type": "smtp", "host": "smtp.example.com", "authentication": ["oauth2", "password"]},
    {
        "type": "caldav",
        "url": "https://dav.example.com:8443/cal/{localpart}/",
        "principal": True,
    },
    {"type": "carddav", "url": "https://{domain}/dav/", "username": "{localpart}"},
    {"type": "caldav", "url": "https://second.example.com/"},
    {"type": "webdav", "url": "https://files.example.com/"},
]


def rendered(email: str, **keys: Any) -> bytes | None:
    address = addresses.parse(email)
    (domain,) = parse({"domains": [{"name": address.domain} | keys]}).domains.values()
    return apple.render(domain, address)


def profile(email: str, **keys: Any) -> dict[str, Any]:
    found = plistlib.loads(rendered(email, **keys) or b"")
    assert isinstance(found, dict)
    return found


def payloads(email: str, **keys: Any) -> dict[str, dict[str, Any]]:
    return {each["PayloadType"]: each for each in profile(email, **keys)["PayloadContent"]}


def check(payload: dict[str, Any]) -> None:
    """Apple's rules: known keys of the right type, and each that must be there."""
    keys = COMMON | KEYS[payload["PayloadType"]]
    assert {key for key, (_, required) in keys.items() if required} <= payload.keys()
    for key, value in payload.items():
        assert type(value) is keys[key][0], key
    assert str(UUID(payload["PayloadUUID"])).upper() == payload["PayloadUUID"]
    for each in payload.get("PayloadContent", []):
        check(each)


def test_mail_calendars_and_contacts() -> None:
    email = "Jürgen/x@Example.com"
    whole = profile(email, servers=EVERYTHING, display_name="A & B")
    check(whole)
    assert whole["PayloadOrganization"] == "A & B"
    assert whole["PayloadDisplayName"] == f"A & B: {email}"
    found = payloads(email, servers=EVERYTHING)
    assert {
        key: value
        for key, value in found["com.apple.mail.managed"].items()
        if not key.startswith("Payload")
    } == {
        "EmailAccountDescription": email,
        "EmailAccountType": "EmailTypeIMAP",
        "EmailAddress": email,
        "IncomingMailServerAuthentication": "EmailAuthPassword",
        "IncomingMailServerHostName": "imap.example.com",
        "IncomingMailServerPortNumber": 143,
        "IncomingMailServerUseSSL": True,
        "IncomingMailServerUsername": "Jürgen/x",
        "OutgoingMailServerAuthentication": "EmailAuthPassword",
        "OutgoingMailServerHostName": "smtp.example.com",
        "OutgoingMailServerPortNumber": 465,
        "OutgoingMailServerUseSSL": True,
        "OutgoingMailServerUsername": email,
        "OutgoingPasswordSameAsIncomingPassword": True,
        **dict.fromkeys(SMIME, True),
    }
    calendars, contacts = found["com.apple.caldav.account"], found["com.apple.carddav.account"]
    assert calendars["CalDAVHostName"] == "dav.example.com"
    assert calendars["CalDAVPort"] == 8443
    assert calendars["CalDAVPrincipalURL"] == "/cal/J%C3%BCrgen%2Fx/"
    assert calendars["CalDAVUsername"] == email
    assert calendars["CalDAVAccountDescription"] == email
    assert contacts["CardDAVHostName"] == "example.com"
    assert contacts["CardDAVPort"] == 443
    assert contacts["CardDAVUsername"] == "Jürgen/x"
    assert "CardDAVPrincipalURL" not in contacts  # a context path is no principal


ACTIVE_SYNC = {"type": "activesync", "url": "https://eas.example.com/Microsoft-Server-ActiveSync"}
CALENDARS = {"type": "caldav", "url": "https://dav.example.com/"}


def test_active_sync_in_the_place_of_mail_servers() -> None:
    whole = profile("u@example.com", servers=[CALENDARS, ACTIVE_SYNC])
    check(whole)
    (exchange,) = whole["PayloadContent"]  # it has calendars of its own
    assert exchange["PayloadType"] == "com.apple.eas.account"
    assert (exchange["Host"], exchange["UserName"]) == ("eas.example.com", "u@example.com")


def test_mail_servers_come_before_active_sync() -> None:
    servers = [ACTIVE_SYNC, *({"type": kind, "host": "m.example.com"} for kind in ("imap", "smtp"))]
    assert payloads("u@example.com", servers=servers).keys() == {"com.apple.mail.managed"}


@pytest.mark.parametrize(
    "server",
    [
        ACTIVE_SYNC | {"authentication": "oauth2"},
        ACTIVE_SYNC | {"url": "https://eas.example.com/other"},
        ACTIVE_SYNC | {"url": "https://eas.example.com:8443/Microsoft-Server-ActiveSync"},
    ],
)
def test_no_calendars_without_the_mail(server: dict[str, Any]) -> None:
    (domain,) = parse(
        {"domains": [{"name": "example.com", "servers": [server, CALENDARS]}]}
    ).domains.values()
    assert apple.refusal(domain) == (
        "No profile: it would need servers for incoming and outgoing mail with a password."
    )
    assert apple.render(domain, addresses.parse("u@example.com")) is None


def test_calendars_alone_where_there_is_nothing_else() -> None:
    assert payloads("u@example.com", servers=[CALENDARS]).keys() == {"com.apple.caldav.account"}


def test_two_mailboxes_have_two_names() -> None:
    def shown(email: str) -> set[str]:
        whole = profile(email, servers=EVERYTHING)
        named = {key for key in KEYS["com.apple.mail.managed"] if key.endswith("Description")}
        return {whole["PayloadDisplayName"]} | {
            value
            for each in whole["PayloadContent"]
            for key, value in each.items()
            if key.endswith("AccountDescription") or key in named
        }

    assert not shown("a@example.com") & shown("b@example.com")


def test_single_mailboxes() -> None:
    servers = [
        {"type": "imap", "host": "m.example.com", "path_prefix": "INBOX", "username": "{ask}"},
        {"type": "smtp", "host": "m.example.com", "authentication": "none"},
        CALENDARS | {"username": "{ask}"},
    ]
    more = {"usernames": {"Anna": "m0815"}, "aliases": {"anna": ["a.s@example.com", "x@y.example"]}}

    asked = payloads("bert@example.com", servers=servers, **more)
    mail = asked["com.apple.mail.managed"]
    assert mail["IncomingMailServerIMAPPathPrefix"] == "INBOX"
    assert "IncomingMailServerUsername" not in mail
    assert "CalDAVUsername" not in asked["com.apple.caldav.account"]
    assert mail["EmailAddress"] == "bert@example.com"
    assert mail["OutgoingMailServerAuthentication"] == "EmailAuthNone"
    assert "OutgoingMailServerUsername" not in mail
    assert "OutgoingPasswordSameAsIncomingPassword" not in mail

    named = payloads("ANNA@example.com", servers=servers, **more)
    mail = named["com.apple.mail.managed"]
    assert mail["IncomingMailServerUsername"] == "m0815"
    assert named["com.apple.caldav.account"]["CalDAVUsername"] == "m0815"
    assert mail["EmailAddress"] == "ANNA@example.com, a.s@example.com, x@y.example"


def test_first_incoming_server_is_the_one() -> None:
    servers = [{"type": kind, "host": f"{kind}.example.com"} for kind in ("pop3", "imap", "smtp")]
    mail = payloads("u@example.com", servers=servers)["com.apple.mail.managed"]
    assert mail["EmailAccountType"] == "EmailTypePOP"
    assert mail["IncomingMailServerHostName"] == "pop3.example.com"


def test_challenge_response_and_plain_text() -> None:
    more = {"authentication": "password_encrypted", "security": "none"}
    servers = [{"type": kind, "host": "x.example.com"} | more for kind in ("imap", "smtp")]
    mail = payloads("u@example.com", servers=servers)["com.apple.mail.managed"]
    assert mail["IncomingMailServerAuthentication"] == "EmailAuthCRAMMD5"
    assert mail["IncomingMailServerUseSSL"] is False


@pytest.mark.parametrize(
    "servers",
    [
        [{"type": kind, "host": "x.com", "authentication": "oauth2"} for kind in ("imap", "smtp")],
        [{"type": "webdav", "url": "https://files.example.com/"}],
    ],
)
def test_nothing_to_set_up(servers: list[dict[str, Any]]) -> None:
    assert rendered("u@example.com", servers=servers) is None


def test_mail_in_one_direction_is_no_account() -> None:
    for kind, meant in (("imap", "receive_only"), ("smtp", "send_only")):
        servers = [{"type": kind, "host": "m.example.com"}]
        assert rendered("u@example.com", servers=servers, **{meant: True}) is None


def test_identifiers_are_stable_for_an_address_and_differ_otherwise() -> None:
    def identifiers(email: str) -> list[tuple[str, str]]:
        whole = profile(email, servers=EVERYTHING)
        return [
            (each["PayloadIdentifier"], each["PayloadUUID"])
            for each in (whole, *whole["PayloadContent"])
        ]

    first = identifiers("user@example.com")
    assert len({*first}) == 4
    assert first == identifiers("User@EXAMPLE.com.")
    assert not {*first} & {*identifiers("other@example.com")}
    assert not {*first} & {*identifiers("user@example.org")}
    # Of another release too: these very ones are installed on people's devices.
    number = "68525293-C842-54EB-B450-1ECDD98A88D8"
    assert first[0] == (f"com.example.mail-autoconfig.{number}", number)


def test_every_provider_is_right_and_none_holds_a_password() -> None:
    for name in built_in_providers():
        document = rendered("o'b&<c>@example.com", provider=name)
        if document:
            check(plistlib.loads(document))
            assert b"Password</key>\n\t\t\t<string>" not in document


@pytest.mark.skipif("AUTOCONFIG_SCHEMAS" not in os.environ, reason="no published schemas")
def test_keys_are_those_that_apple_publishes() -> None:
    """Apple's own schemas, where AUTOCONFIG_SCHEMAS names their directory."""
    types = {"<string>": str, "<integer>": int, "<boolean>": bool, "<array>": list}

    def published(name: str) -> Keys:
        path = Path(os.environ["AUTOCONFIG_SCHEMAS"], "apple", f"{name}.yaml")
        text = path.read_text("utf-8")
        return {
            each["key"]: (types[each["type"]], each["presence"] == "required")
            for each in yaml.safe_load(text)["payloadkeys"]
            if each["type"] in types
        }

    common = published("CommonPayloadKeys")
    for kind, keys in KEYS.items():
        known = published("TopLevel" if kind == "Configuration" else kind) | common
        if kind == "Configuration":
            known |= published("TopLevel")
        assert {key: known.get(key) for key in keys | COMMON} == COMMON | keys
        required = {key for key, (_, must) in known.items() if must}
        assert required <= keys.keys() | COMMON.keys()
