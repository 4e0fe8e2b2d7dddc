"""Autoconfig's clientConfig: the reader.

It judges nothing: it keeps what a document says, right or wrong, and those who judge it decide.
Sources: Mozilla's "Autoconfiguration: config file format"; draft-ietf-mailmaint-autoconfig-06. The
standard library alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal
from xml.etree.ElementTree import Element

from ..inventory.model import Authentication, Security
from . import words
from .xml_tree import Tag, root_of, tag_of

ROOT = Tag("clientConfig")
"""The root of a right document."""
SERVER_ELEMENTS = "incomingServer", "outgoingServer"

SECURITY: Mapping[str, Security] = {word: each for each, word in words.SOCKET_TYPES.items()}
"""What socketType says."""
AUTHENTICATION: Mapping[str, Authentication] = {
    **{word: method for method, word in words.AUTHENTICATION.items()},
    "plain": "password",
    "secure": "password_encrypted",
    "http-basic": "password",
}
"""What authentication says; beside today's words, Mozilla's older ones."""
HTTP_AUTHENTICATION: Mapping[str, Authentication] = {
    word: method for method, (_system, word) in words.HTTP_AUTHENTICATION.items()
}
"""What it says of a service behind a URL."""

Place = Literal["emailProvider", "clientConfig", "elsewhere"]


@dataclass(frozen=True, slots=True)
class Server:
    """A server or a service: texts as they are in the document, empty if they are missing.

    `element` is the name of its element, `place` the parent: the first emailProvider, the root, or
    anything else, where some clients find it too. `type` is an attribute. `leave` and `leave_days`
    are of POP3: whether mail stays on the server, and after how many days it goes.
    """

    element: str
    place: Place
    type: str
    hostname: str
    port: str
    socket_type: str
    username: str
    url: str
    authentication: tuple[str, ...]
    leave: str = ""
    leave_days: str = ""

    def stripped(self) -> Server:
        """The same without white space around the texts of elements."""
        return replace(
            self,
            hostname=self.hostname.strip(),
            port=self.port.strip(),
            socket_type=self.socket_type.strip(),
            username=self.username.strip(),
            url=self.url.strip(),
            authentication=tuple(each.strip() for each in self.authentication),
        )

    def filled(self, address: str) -> Server:
        """The same for the user of an address, in the place of the placeholders."""
        return replace(
            self,
            hostname=filled(self.hostname, address),
            username=filled(self.username, address),
            url=filled(self.url, address),
        )


@dataclass(frozen=True, slots=True)
class Provider:
    """What the first emailProvider says of itself; the texts are as they are.

    `id` is None where there is no such attribute.
    """

    id: str | None
    domains: tuple[str, ...]
    display_name: str
    display_short_name: str


@dataclass(frozen=True, slots=True)
class ClientConfig:
    """All that a document says; the servers are in its order, at any depth."""

    root: Tag
    version: str
    provider: Provider | None
    servers: tuple[Server, ...]


def read(octets: bytes) -> ClientConfig:
    """What a document says. Raises XmlError."""
    root = root_of(octets)
    first = root.find("emailProvider")
    places: dict[Element, Place] = dict.fromkeys(root, "clientConfig")
    provider = None
    if first is not None:
        places.update(dict.fromkeys(first, "emailProvider"))
        provider = Provider(
            first.get("id"),
            tuple(each.text or "" for each in first.iterfind("domain")),
            first.findtext("displayName") or "",
            first.findtext("displayShortName") or "",
        )
    servers = tuple(
        _server(each, places.get(each, "elsewhere")) for each in root.iter() if _is_server(each)
    )
    return ClientConfig(tag_of(root), root.get("version") or "", provider, servers)


def _is_server(element: Element) -> bool:
    if element.tag in SERVER_ELEMENTS:
        return True
    return element.get("type") is not None or element.find("hostname") is not None


def _server(element: Element, place: Place) -> Server:
    def text(name: str) -> str:
        return element.findtext(name) or ""

    return Server(
        element=element.tag,
        place=place,
        type=element.get("type") or "",
        hostname=text("hostname"),
        port=text("port"),
        socket_type=text("socketType"),
        username=text("username"),
        url=text("url"),
        authentication=tuple(each.text or "" for each in element.iterfind("authentication")),
        leave=text("pop3/leaveMessagesOnServer"),
        leave_days=text("pop3/daysToLeaveMessagesOnServer"),
    )


def filled(text: str, address: str) -> str:
    """A text with its placeholders replaced, as the client of an address does it."""
    localpart, _at, domain = address.rpartition("@")
    values = {"email": address, "localpart": localpart, "domain": domain}
    for part, placeholder in words.PLACEHOLDERS.items():
        text = text.replace(placeholder, values[part])
    return text
