"""Apple Mail: iPhone, iPad and Mac look nothing up; a profile is what a user can open."""

from __future__ import annotations

import plistlib
from typing import Any
from urllib.parse import quote
from xml.parsers.expat import ExpatError

from ...answers import apple as profile
from ...formats.words import PROFILE_PATH
from ..answers import AnswerError, body_of
from ..case import Case
from ..data import Exchange, Outcome, Request, Setting
from .asked import Asked

_TYPES = {"EmailTypeIMAP": "imap", "EmailTypePOP": "pop3"}
_MAIL = "com.apple.mail.managed"
_STARTTLS_PORTS = 143, 110, 587, 25


async def replay_apple(case: Case) -> Outcome:
    """The profile where this project serves it: there is no place of a standard."""
    asked = Asked(case, "apple", "Apple Mail (profile)", "ok")
    query = f"?email={quote(case.address, safe='')}"
    exchange = await asked.follow(
        Request("GET", f"https://{case.host('autoconfig')}{PROFILE_PATH}{query}")
    )
    try:
        settings = _read(exchange)
    except AnswerError as error:
        asked.miss(exchange, str(error))
        return asked.failed("", f"the user types the settings by hand; no profile: {asked.reasons}")
    asked.hit(exchange)
    return asked.asks(settings, "install this profile?", "")


def _read(exchange: Exchange) -> tuple[Setting, ...]:
    body = body_of(exchange)
    if exchange.media_type != profile.MEDIA_TYPE:
        raise AnswerError(f"content type {exchange.media_type or 'missing'}")
    # In a signed profile (CMS) the property list is unchanged; one in pieces is not read.
    _before, begin, rest = body.partition(b"<?xml ")
    inside, end, _after = rest.partition(b"</plist>")
    try:
        if not end or b"<!ENTITY" in inside:
            raise ValueError
        content = plistlib.loads(begin + inside + end)["PayloadContent"]
        (mail, *_more) = (each for each in content if each["PayloadType"] == _MAIL)
        return _servers(mail)
    # AttributeError and OverflowError: plistlib's of a <date> that is none, int's of infinity.
    except (ArithmeticError, AttributeError, ExpatError, LookupError, TypeError, ValueError):
        raise AnswerError("no profile with a mail account") from None


def _servers(mail: dict[str, Any]) -> tuple[Setting, ...]:
    settings = []
    for side, kind in (("Incoming", _TYPES[mail["EmailAccountType"]]), ("Outgoing", "smtp")):
        prefix = f"{side}MailServer"
        port = int(mail[f"{prefix}PortNumber"])
        if not 0 < port < 65536:
            raise ValueError
        security = "starttls" if port in _STARTTLS_PORTS else "tls"
        settings.append(
            Setting(
                kind,
                str(mail[f"{prefix}HostName"]),
                port,
                security if mail.get(f"{prefix}UseSSL") else "none",
                str(mail.get(f"{prefix}Username", "")),
                ("password",),
            )
        )
    return tuple(settings)
