"""Clients that read SRV records (RFC 6186), and those of PACC."""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from collections.abc import Mapping

from ...formats.words import PACC_PATH
from ...zones.records import unquoted
from ..answers import AnswerError, body_of
from ..case import Case
from ..data import Exchange, Outcome, Request, Setting
from .asked import Asked

# RFC 6186, section 3, and RFC 8314, section 5.1; the implicit TLS of each first.
_SERVICES = (
    ("_imaps._tcp", "imap", "tls"),
    ("_imap._tcp", "imap", "starttls"),
    ("_pop3s._tcp", "pop3", "tls"),
    ("_pop3._tcp", "pop3", "starttls"),
    ("_submissions._tcp", "smtp", "tls"),
    ("_submission._tcp", "smtp", "starttls"),
)
_PACC = {"imap": ("imap", 993), "pop3": ("pop3", 995), "submit": ("smtp", 465)}


async def replay_srv(case: Case) -> Outcome:
    """The records of RFC 6186 and RFC 8314; such a client asks for the user name itself."""
    asked = Asked(case, "srv", "Clients of SRV records (RFC 6186)", "warning")
    settings = []
    for label, kind, security in _SERVICES:
        if server := await asked.service(f"{label}.{case.domain}"):
            settings.append(Setting(kind, *server, security, case.address))
    kinds = {setting.type for setting in settings}
    if kinds & {"imap", "pop3"} and "smtp" in kinds:
        asked.hit(f"SRV records of {case.domain}")
        return asked.found(tuple(settings))
    listed = ", ".join(sorted(kinds)) or "none"
    why = f"needs SRV records of an incoming and an outgoing server; there are: {listed}"
    return asked.failed("publish _imaps._tcp.DOMAIN and _submissions._tcp.DOMAIN (RFC 8314)", why)


async def replay_pacc(case: Case) -> Outcome:
    """The document at `ua-auto-config.`, and its digest in the DNS.

    An Internet-Draft (draft-ietf-mailmaint-pacc-03), so that its absence weighs nothing.
    """
    asked = Asked(case, "pacc", "Clients of PACC (draft)", "ok")
    record = await asked.look_up(case.record("_ua-auto-config"), "TXT")
    exchange = await asked.one(Request("GET", f"https://{case.host('ua-auto-config')}{PACC_PATH}"))
    try:
        settings = _read(exchange, case)
        _check_digest(exchange.body, [unquoted(value) for value in record.values])
    except AnswerError as error:
        asked.miss(exchange, str(error))
        return asked.failed("")
    asked.hit(exchange)
    return asked.found(settings)


def _read(exchange: Exchange, case: Case) -> tuple[Setting, ...]:
    try:
        protocols = json.loads(body_of(exchange))["protocols"]
        settings = tuple(
            Setting(kind, str(protocols[key]["host"]), port, "tls", case.address)
            for key, (kind, port) in _PACC.items()
            if key in protocols
        )
    except (ValueError, LookupError, TypeError, RecursionError):
        raise AnswerError("no JSON document of PACC") from None
    if not settings:
        raise AnswerError("no mail server in the document")
    return settings


def _check_digest(body: bytes, records: list[str]) -> None:
    """Raise AnswerError unless a record contains the document's digest."""
    digest = b64encode(hashlib.sha256(body).digest()).decode()
    tags = [_tags(record) for record in records]
    if not any(each.get("v") == "UAAC1" for each in tags):
        raise AnswerError("no TXT record with v=UAAC1 at _ua-auto-config")
    if not any(each.get("a") == "sha256" and each.get("d") == digest for each in tags):
        raise AnswerError("the TXT record's digest is not the document's")


def _tags(record: str) -> Mapping[str, str]:
    pairs = (tag.strip().partition("=") for tag in record.split(";"))
    return {name: value for name, _sign, value in pairs}
