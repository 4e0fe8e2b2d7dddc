"""Read answers as clients read them: bytes -> settings, or why a client can't use them.

Clients accept more than the formats allow: elements in other places, words of other versions.
Source: the clients' own code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar
from xml.etree.ElementTree import Element

from ..formats import client_config
from ..formats import pox as pox_format
from ..formats.xml_tree import DoctypeError, XmlError, named, root_of, text_of
from .data import Exchange, Setting

XML_TYPES = "text/xml", "application/xml", "text/rdf"
"""Media types that Thunderbird reads as XML; of text/html it makes nothing."""

_POX_PORTS = {"imap": 143, "pop3": 110, "smtp": 25}  # where the answer says none (MS-OXDSCLI)
_Read = TypeVar("_Read")


class AnswerError(Exception):
    """Why an answer has no settings; the text is a few words for people."""


@dataclass(frozen=True, slots=True)
class Pox:
    """What an answer of Autodiscover says: settings, or where else to ask."""

    settings: tuple[Setting, ...] = ()
    redirect_url: str = ""
    redirect_address: str = ""


def body_of(exchange: Exchange) -> bytes:
    """The body of a good answer; raises AnswerError."""
    if exchange.error:
        raise AnswerError(exchange.error.text)
    if exchange.redirects:
        raise AnswerError(f"too many redirects, the last to {exchange.location}")
    if exchange.status != 200:
        raise AnswerError(f"status {exchange.status}")
    return exchange.body


def xml_of(exchange: Exchange, types: tuple[str, ...] = ()) -> Element:
    """The root of a good answer, of one of the media types if some are given.

    Raises AnswerError, for a document type and what it might declare too.
    """
    return _read(root_of, exchange, types)


def _read(
    reader: Callable[[bytes], _Read], exchange: Exchange, types: tuple[str, ...] = ()
) -> _Read:
    body = body_of(exchange)
    if types and exchange.media_type not in types:
        raise AnswerError(f"content type {exchange.media_type or 'missing'}, not {types[0]}")
    try:
        return reader(body)
    except DoctypeError:
        raise AnswerError("a document type, which no client needs") from None
    except XmlError as error:
        raise AnswerError(f"no well-formed XML: {error}") from None


def autoconfig(
    exchange: Exchange, address: str, types: tuple[str, ...] = ()
) -> tuple[Setting, ...]:
    """The servers of a clientConfig, the placeholders filled; raises AnswerError."""
    found = _read(client_config.read, exchange, types)
    if found.root != client_config.ROOT:
        raise AnswerError(f"the root is {found.root}, not clientConfig")
    servers = (each.stripped().filled(address) for each in found.servers if not _unreadable(each))
    settings = tuple(
        _service(each) for each in servers if each.type and (each.url or each.hostname)
    )
    _check_both_ways(settings)
    return settings


def _unreadable(server: client_config.Server) -> bool:
    """Whether a mail server's socketType is a word that no client knows, such as TLS."""
    word = server.socket_type.strip()
    return bool(word and not server.url and word not in client_config.SECURITY)


def _service(server: client_config.Server) -> Setting:
    security = client_config.SECURITY.get(server.socket_type, server.socket_type or "none")
    methods = (client_config.AUTHENTICATION.get(each, each) for each in server.authentication)
    return Setting(
        server.type.lower(),
        server.hostname,
        port_of(server.port),
        "tls" if server.url.startswith("https:") else security,
        server.username,
        tuple(dict.fromkeys(methods)),
        server.url,
    )


def _check_both_ways(settings: tuple[Setting, ...]) -> None:
    """AnswerError without a server to read mail from, or without one to send it by."""
    kinds = {setting.type for setting in settings}
    if not kinds & {"imap", "pop3"} or "smtp" not in kinds:
        raise AnswerError("not both an incoming and an outgoing server")


def pox(
    exchange: Exchange, address: str, *, strict: bool = True, types: tuple[str, ...] = ()
) -> Pox:
    """What Autodiscover's XML says; raises AnswerError, for an error in it too.

    Outlook is `strict` about namespaces; clients that read the elements' names alone are not.
    """
    found = _read(_read_pox, exchange, types)
    response = found.response
    if found.root.name != pox_format.ROOT.name or response is None:
        raise AnswerError(f"the root is {found.root.name}, not Autodiscover with a Response")
    if found.error:
        raise AnswerError(f"error {found.error.code or ''}: {found.error.message}")
    if strict:
        for tag, right in ((found.root, pox_format.ROOT), (response, pox_format.SETTINGS_RESPONSE)):
            if tag != right:
                raise AnswerError(f"{tag.name} is not in the namespace {right.namespace}")
    if found.account is None:
        raise AnswerError("no Account in the Response")
    account = found.account.stripped()
    redirect = Pox((), account.redirect_url, account.redirect_address)
    if redirect != Pox():
        return redirect
    settings = tuple(_servers(account, address))
    _check_both_ways(settings)
    return Pox(settings)


def _read_pox(octets: bytes) -> pox_format.Answer:
    return pox_format.read(octets, loose=True)


def _servers(account: pox_format.Account, address: str) -> Iterator[Setting]:
    for protocol in account.protocols:
        kind = pox_format.TYPES.get(protocol.type)
        if kind is None:
            continue
        security = pox_format.ENCRYPTION.get(protocol.encryption.lower())
        yield Setting(
            kind,
            protocol.server,
            port_of(protocol.port) or _POX_PORTS[kind],
            security or ("none" if protocol.ssl.lower() == "off" else "tls"),
            protocol.login_name or address.rpartition("@")[0],
            ("password",) if protocol.spa.lower() == "off" else ("password_encrypted",),
        )


def port_of(text: str) -> int:
    """The number of a port, 0 if it is none; of thousands of digits Python makes no number."""
    return int(text) if text.isdecimal() and len(text) < 6 and int(text) < 65536 else 0


def mobilesync(exchange: Exchange) -> Setting:
    """The ActiveSync server of an answer of Autodiscover for telephones; raises AnswerError."""
    root = xml_of(exchange)
    if (error := next(named(root, "Error"), None)) is not None:
        code = text_of(error, "ErrorCode") or text_of(error, "Status")
        raise AnswerError(f"error {code}: {text_of(error, 'Message')}")
    for server in named(root, "Server"):
        if text_of(server, "Type") == "MobileSync" and (url := text_of(server, "Url")):
            return Setting("activesync", "", 0, "tls", "", (), url)
    raise AnswerError("no server of type MobileSync")
