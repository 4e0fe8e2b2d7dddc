"""The strictest reader of Autoconfig, as a judge: the rules of Thunderbird for Android.

It takes a document whole or not at all: a server that it can't read costs all the others. Written
from the rules of its `RealAutoconfigParser` (August 2026), not from its code.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass

_LABEL = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)")
_SOCKET_TYPES = "SSL", "STARTTLS"
_METHODS = "OAuth2", "password-cleartext", "password-encrypted"


class RefusedError(AssertionError):
    """Thunderbird for Android would find nothing; the text says why."""


@dataclass(frozen=True)
class Server:
    """What it reads of one server."""

    host: str
    port: int
    socket_type: str
    methods: tuple[str, ...]
    username: str


def read(document: bytes, address: str) -> tuple[list[Server], list[Server]]:
    """Incoming and outgoing servers for an address. Raises RefusedError."""
    try:
        root = ET.fromstring(document)
    except ET.ParseError as error:
        raise RefusedError(f"no XML: {error}") from None
    providers = root.findall("emailProvider") if root.tag == "clientConfig" else []
    if not providers:
        raise RefusedError("no clientConfig with an emailProvider")
    # Each is read, the last one counts.
    return [_provider(each, address) for each in providers][-1]


def _provider(provider: ET.Element, address: str) -> tuple[list[Server], list[Server]]:
    if not _is_host(provider.get("id") or ""):
        raise RefusedError(f"emailProvider's id is no host name: {provider.get('id')!r}")
    if not any(_is_host(_filled(_text(each), address)) for each in provider.iterfind("domain")):
        raise RefusedError("no domain that is a host name")
    incoming = _servers(provider, "incomingServer", "imap", address)
    outgoing = _servers(provider, "outgoingServer", "smtp", address)
    if not incoming or not outgoing:
        raise RefusedError(
            f"no server for {'outgoing' if incoming else 'incoming'} mail that it knows"
        )
    return incoming, outgoing


def _servers(provider: ET.Element, element: str, kind: str, address: str) -> list[Server]:
    return [
        _server(each, address) for each in provider.iterfind(element) if each.get("type") == kind
    ]


def _server(element: ET.Element, address: str) -> Server:
    def last(name: str) -> str:
        found = element.findall(f".//{name}")
        if not found:
            raise RefusedError(f"{element.tag} has no {name}")
        return _text(found[-1])

    host, port, socket_type = _filled(last("hostname"), address), last("port"), last("socketType")
    methods = tuple(_text(each) for each in element.iterfind(".//authentication"))
    known = tuple(method for method in methods if method in _METHODS)
    if not _is_host(host):
        raise RefusedError(f"hostname {host!r} is none")
    if not re.fullmatch(r"[+-]?\d+", port) or not 0 <= int(port) <= 65535:
        raise RefusedError(f"port {port!r} is none")
    if socket_type not in _SOCKET_TYPES:
        raise RefusedError(f"{host}: unknown socketType {socket_type!r}")
    if not known:
        raise RefusedError(f"{host}: no known authentication among {methods}")
    return Server(host, int(port), socket_type, known, _filled(last("username"), address))


def _text(element: ET.Element) -> str:
    if len(element):
        raise RefusedError(f"{element.tag} has an element in place of a text")
    return element.text or ""


def _filled(text: str, address: str) -> str:
    localpart, _at, domain = address.rpartition("@")
    for placeholder, value in (
        ("%EMAILDOMAIN%", domain),
        ("%EMAILLOCALPART%", localpart),
        ("%EMAILADDRESS%", address),
    ):
        text = text.replace(placeholder, value)
    return text


def _is_host(text: str) -> bool:
    name = text.strip().removesuffix(".")
    return 0 < len(name) <= 253 and all(_LABEL.fullmatch(label) for label in name.split("."))
