"""What the answers say, against the rules of their formats: bytes -> findings and settings.

The rules are those whose breach a client has been seen to punish, or its documentation names.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ...formats import client_config, pox
from ...formats.xml_tree import DoctypeError, XmlError
from ..answers import XML_TYPES
from ..catalogue import finding
from ..data import Exchange, Finding, Setting
from .grammar_config import judge_config
from .grammar_pox import judge_pox

Format = Literal["pox", "config"]

# Port: what it is for (RFC 8314, IANA's registry).
_TLS_PORTS = {993: "imap", 995: "pop3", 465: "smtp"}
_STARTTLS_PORTS = {143: 993, 110: 995, 587: 465, 25: 465}


@dataclass(frozen=True, slots=True)
class Reading:
    """What an answer is found to say: its faults, and its mail servers as far as they are clear."""

    findings: tuple[Finding, ...]
    settings: tuple[Setting, ...] = ()

    @property
    def is_good(self) -> bool:
        """Whether a client finds settings there."""
        return bool(self.settings) and not any(each.severity == "error" for each in self.findings)


def read(exchange: Exchange, format_: Format, address: str) -> Reading:
    """Judge a complete answer of status 200 to a question for `address`."""
    subject = exchange.request.url.partition("?")[0]
    if code := _no_document(exchange, format_):
        return Reading((finding(code, subject, host=exchange.request.host),))
    found: list[Finding] = []
    if exchange.media_type not in XML_TYPES:
        shown = exchange.media_type or "none"
        found.append(finding("answer-content-type", subject, type=shown))
    try:
        judged = list(_judged(exchange.body, format_, subject, address))
    except DoctypeError:
        return Reading((*found, finding("answer-dtd", subject)))
    except XmlError as error:
        _before, declaration, _rest = exchange.body.strip().partition(b"<?xml")
        code = (
            "answer-prefix" if declaration and _before.strip(b"\xef\xbb\xbf") else "answer-not-xml"
        )
        return Reading((*found, finding(code, subject, text=error)))
    settings = tuple(each for each in judged if isinstance(each, Setting))
    for setting in settings:
        found += _port_faults(subject, setting)
    found += (each for each in judged if isinstance(each, Finding))
    return Reading(tuple(found), settings)


def is_page(exchange: Exchange, format_: Format) -> bool:
    """Whether an answer is a web page, whatever its type says: settings may be called one."""
    body = exchange.body.lstrip()[:4096].lower()
    root = b"<clientconfig" if format_ == "config" else b"autodiscover"
    if root in body and not body.startswith((b"<!doctype html", b"<html")):
        return False
    return exchange.media_type == "text/html" or body.startswith((b"<!doctype html", b"<html"))


def _no_document(exchange: Exchange, format_: Format) -> str:
    """The code of what comes in place of a document; empty if it may be one."""
    body = exchange.body.lstrip()
    if not body:
        return "answer-empty"
    if body.startswith((b"<?php", b"#!/", b"<%")):
        return "answer-source"
    return "answer-page" if is_page(exchange, format_) else ""


def _judged(
    octets: bytes, format_: Format, subject: str, address: str
) -> Iterator[Finding | Setting]:
    if format_ == "pox":
        return judge_pox(pox.read(octets), subject, address)
    return judge_config(client_config.read(octets), subject, address)


def _port_faults(subject: str, setting: Setting) -> Iterator[Finding]:
    server = f"{setting.type} {setting.host}"
    if setting.security == "starttls" and setting.port in _TLS_PORTS:
        yield finding("settings-starttls", subject, server=server, port=setting.port)
    if setting.security == "tls" and setting.port in _STARTTLS_PORTS:
        should = _STARTTLS_PORTS[setting.port]
        yield finding("settings-tls", subject, server=server, port=setting.port, should=should)
    if setting.security == "none":
        yield finding("settings-plain", subject, server=server)
