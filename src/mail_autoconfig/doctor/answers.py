"""Read answers as clients read them: bytes -> settings, or why a client can't use them.

Sources: MS-OXDSCLI and Microsoft's cc511507; draft-ietf-mailmaint-autoconfig and Mozilla's
config-v1.1; what the clients' own code takes.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import defusedxml
from defusedxml.ElementTree import fromstring

from .data import Exchange, Setting

XML_TYPES = "text/xml", "application/xml", "text/rdf"
"""Media types that Thunderbird reads as XML; of text/html it makes nothing."""

_SCHEMAS = "http://schemas.microsoft.com/exchange/autodiscover"
POX_REQUEST = f"{_SCHEMAS}/outlook/requestschema/2006"
POX_RESPONSE = f"{_SCHEMAS}/outlook/responseschema/2006a"
POX_ROOT = f"{_SCHEMAS}/responseschema/2006"
MOBILESYNC_REQUEST = f"{_SCHEMAS}/mobilesync/requestschema/2006"
MOBILESYNC_RESPONSE = f"{_SCHEMAS}/mobilesync/responseschema/2006"

SOCKET_TYPES = {"SSL": "tls", "STARTTLS": "starttls", "plain": "none"}
AUTHENTICATION = {
    "password-cleartext": "password",
    "plain": "password",
    "password-encrypted": "password_encrypted",
    "secure": "password_encrypted",
    "OAuth2": "oauth2",
    "GSSAPI": "gssapi",
    "http-basic": "password",
}
POX_TYPES = {"IMAP": "imap", "POP3": "pop3", "SMTP": "smtp"}
_POX_PORTS = {"imap": 143, "pop3": 110, "smtp": 25}  # where the answer says none (MS-OXDSCLI)


class AnswerError(Exception):
    """Why an answer holds no settings; the text is a few words for people."""


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
        raise AnswerError(f"redirects on and on, to {exchange.location}")
    if exchange.status != 200:
        raise AnswerError(f"status {exchange.status}")
    return exchange.body


def xml_of(exchange: Exchange, types: tuple[str, ...] = ()) -> ET.Element:
    """The root of a good answer, of one of the media types if some are given.

    Raises AnswerError, for a document type and what it might declare too.
    """
    body = body_of(exchange)
    if types and exchange.media_type not in types:
        raise AnswerError(f"content type {exchange.media_type or 'missing'}, not {types[0]}")
    try:
        return fromstring(body, forbid_dtd=True)
    except defusedxml.DefusedXmlException:
        raise AnswerError("a document type, which no client needs") from None
    except (ET.ParseError, ValueError, LookupError) as error:
        raise AnswerError(f"no well-formed XML: {error}") from None


def autoconfig(
    exchange: Exchange, address: str, types: tuple[str, ...] = ()
) -> tuple[Setting, ...]:
    """The servers of a clientConfig, the placeholders filled; raises AnswerError."""
    root = xml_of(exchange, types)
    if root.tag != "clientConfig":
        raise AnswerError(f"the root is {root.tag}, not clientConfig")
    localpart, _at, domain = address.rpartition("@")
    values = {
        "%EMAILADDRESS%": address,
        "%EMAILLOCALPART%": localpart,
        "%EMAILDOMAIN%": domain,
    }
    settings = tuple(_services(root, values))
    kinds = {setting.type for setting in settings}
    if not kinds & {"imap", "pop3"} or "smtp" not in kinds:
        raise AnswerError("not both an incoming and an outgoing server")
    return settings


def _services(root: ET.Element, values: Mapping[str, str]) -> Iterator[Setting]:
    def text(element: ET.Element, name: str) -> str:
        found = (element.findtext(name) or "").strip()
        for placeholder, value in values.items():
            found = found.replace(placeholder, value)
        return found

    for element in root.iter():
        url, host = text(element, "url"), text(element, "hostname")
        if not element.get("type") or not (url or host):
            continue
        methods = [(each.text or "").strip() for each in element.iterfind("authentication")]
        socket = text(element, "socketType")
        port = text(element, "port")
        yield Setting(
            element.get("type", "").lower(),
            host,
            port_of(port),
            "tls" if url.startswith("https:") else SOCKET_TYPES.get(socket, socket or "none"),
            text(element, "username"),
            tuple(dict.fromkeys(AUTHENTICATION.get(method, method) for method in methods)),
            url,
        )


def pox(
    exchange: Exchange, address: str, *, strict: bool = True, types: tuple[str, ...] = ()
) -> Pox:
    """What Autodiscover's XML says; raises AnswerError, for an error in it too.

    Outlook is `strict` about namespaces; clients that read the elements' names alone are not.
    """
    root = xml_of(exchange, types)
    response = next(_named(root, "Response"), None)
    if _name(root) != "Autodiscover" or response is None:
        raise AnswerError(f"the root is {_name(root)}, not Autodiscover with a Response")
    if (error := next(_named(response, "Error"), None)) is not None:
        code, message = _text(error, "ErrorCode"), _text(error, "Message")
        raise AnswerError(f"error {code}: {message}")
    if strict:
        for element, namespace in ((root, POX_ROOT), (response, POX_RESPONSE)):
            if element.tag != f"{{{namespace}}}{_name(element)}":
                raise AnswerError(f"{_name(element)} is not in the namespace {namespace}")
    account = next(_named(response, "Account"), None)
    if account is None:
        raise AnswerError("no Account in the Response")
    redirect = Pox((), _text(account, "RedirectUrl"), _text(account, "RedirectAddr"))
    if redirect != Pox():
        return redirect
    settings = tuple(_protocols(account, address))
    kinds = {setting.type for setting in settings}
    if not kinds & {"imap", "pop3"} or "smtp" not in kinds:
        raise AnswerError("not both an incoming and an outgoing server")
    return Pox(settings)


def _protocols(account: ET.Element, address: str) -> Iterator[Setting]:
    for protocol in _named(account, "Protocol"):
        kind = POX_TYPES.get(_text(protocol, "Type") or protocol.get("Type", ""))
        if kind is None:
            continue
        port = _text(protocol, "Port")
        ssl, encryption = _text(protocol, "SSL").lower(), _text(protocol, "Encryption").lower()
        security = {"none": "none", "ssl": "tls", "tls": "starttls"}.get(encryption)
        yield Setting(
            kind,
            _text(protocol, "Server"),
            port_of(port) or _POX_PORTS[kind],
            security or ("none" if ssl == "off" else "tls"),
            _text(protocol, "LoginName") or address.rpartition("@")[0],
            ("password",) if _text(protocol, "SPA").lower() == "off" else ("password_encrypted",),
        )


def port_of(text: str) -> int:
    """The number of a port, 0 if it is none; of thousands of digits Python makes no number."""
    return int(text) if text.isdecimal() and len(text) < 6 and int(text) < 65536 else 0


def mobilesync(exchange: Exchange) -> Setting:
    """The ActiveSync server of an answer of Autodiscover for telephones; raises AnswerError."""
    root = xml_of(exchange)
    if (error := next(_named(root, "Error"), None)) is not None:
        code = _text(error, "ErrorCode") or _text(error, "Status")
        raise AnswerError(f"error {code}: {_text(error, 'Message')}")
    for server in _named(root, "Server"):
        if _text(server, "Type") == "MobileSync" and (url := _text(server, "Url")):
            return Setting("activesync", "", 0, "tls", "", (), url)
    raise AnswerError("no server of type MobileSync")


def _name(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _named(element: ET.Element, name: str) -> Iterator[ET.Element]:
    return (each for each in element.iter() if _name(each) == name)


def _text(element: ET.Element, name: str) -> str:
    # Of a child: a search below each of many nested elements would take minutes.
    return (element.findtext(f"{{*}}{name}") or "").strip()
