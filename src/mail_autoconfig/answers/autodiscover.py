"""Outlook's Autodiscover in plain old XML: bytes -> request, model -> bytes.

Sources: Microsoft's "Plan to automatically configure user accounts" (cc511507), MS-OXDSCLI.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from functools import lru_cache
from xml.parsers import expat

from defusedxml.ElementTree import XMLParser
from markupsafe import Markup

from ..formats.words import (
    MOBILESYNC_REQUEST,
    MOBILESYNC_RESPONSE,
    POX_ENCRYPTION,
    POX_REQUEST,
    POX_RESPONSE,
    POX_ROOT,
    POX_SSL,
    POX_TYPES,
    POX_WEB_TYPES,
)
from ..inventory import addresses
from ..inventory.addresses import PLACEHOLDER, Address
from ..inventory.clients import for_outlook, is_for_outlook
from ..inventory.model import Domain, Settings
from ..templates import template
from .pieces import Pieces, escaped, joined, piece, split

MEDIA_TYPE = "text/xml"

# The namespaces of requests, as expat joins them to a name, and what each asks for by default.
_REQUESTS = {
    f"{POX_REQUEST}}}": POX_RESPONSE,
    f"{MOBILESYNC_REQUEST}}}": MOBILESYNC_RESPONSE,
}

# Refuses a document type, and with it every declaration of an entity. One for all requests: a
# whole parser of defusedxml for each, with a tree that nobody needs, takes three times as long.
_GUARD = XMLParser(forbid_dtd=True)

# What Outlook and Thunderbird send, read at once: expat, which calls Python for each element, takes
# ten times as long. Addresses have no character here that XML knows another form of.
_USUAL = re.compile(
    rb'(?:<\?xml version="1\.0" encoding="(?:utf|UTF)-8"\?>)?[ \t\r\n]*+'
    rb'<Autodiscover xmlns="%b">[ \t\r\n]*+<Request>[ \t\r\n]*+'
    rb"<EMailAddress>([!-%%'-;=?-~]++)</EMailAddress>[ \t\r\n]*+"
    rb"<AcceptableResponseSchema>%b</AcceptableResponseSchema>[ \t\r\n]*+"
    rb"</Request>[ \t\r\n]*+</Autodiscover>[ \t\r\n]*+"
    % (re.escape(POX_REQUEST).encode(), re.escape(POX_RESPONSE).encode())
)

_MOST_ELEMENTS = 500  # of a request; clients send five

_settings = template("autodiscover.xml")
_error = template("autodiscover-error.xml")


class Error(Enum):
    """Microsoft's error codes, each with its message."""

    NOT_FOUND = 500, "The e-mail address cannot be found."
    NO_OPTIONS = 501, "There is no Autodiscover service for this address."
    BAD_REQUEST = 600, "Invalid request."
    NO_SCHEMA = 601, "The requested schema is not available."
    CONFIGURATION = 602, "The settings for this address are not right."
    INTERNAL = 603, "Internal error."


class RequestError(Exception):
    """A request that has no settings for an answer; `error` says why."""

    def __init__(self, error: Error) -> None:
        super().__init__(error.name)
        self.error = error


@dataclass(slots=True)
class Request:
    """What a client asks: settings for an address, in Outlook's form or in that of MobileSync."""

    address: Address
    mobilesync: bool


def parse(body: bytes) -> Request:
    """Read a request.

    Its AcceptableResponseSchema decides the form of the answer; without one, its own namespace.
    Raises RequestError: BAD_REQUEST for what is no request or names no address, NO_SCHEMA for
    an unknown form, NOT_FOUND for a LegacyDN, which wins over an address and names a mailbox in
    an Exchange directory.
    """
    if usual := _USUAL.fullmatch(body):
        return _request(usual[1].decode(), POX_RESPONSE)
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _GUARD.defused_start_doctype_decl
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.data
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, ValueError, LookupError):  # the latter: DTDs, unknown encodings
        raise RequestError(Error.BAD_REQUEST) from None
    namespace = reader.root.removesuffix("Autodiscover")
    if namespace not in _REQUESTS:
        raise RequestError(Error.BAD_REQUEST)
    schema = reader.text("AcceptableResponseSchema") or _REQUESTS[namespace]
    if schema not in (POX_RESPONSE, MOBILESYNC_RESPONSE):
        raise RequestError(Error.NO_SCHEMA)
    if reader.text("LegacyDN"):
        raise RequestError(Error.NOT_FOUND)
    return _request(reader.text("EMailAddress"), schema)


def _request(email: str, schema: str) -> Request:
    try:
        return Request(addresses.parse(email), schema == MOBILESYNC_RESPONSE)
    except ValueError:
        raise RequestError(Error.BAD_REQUEST) from None


class _Reader:
    """Keeps the texts right below Request; expat calls it."""

    def __init__(self) -> None:
        self.root = ""
        self._path: list[str] = []
        self._elements = 0
        self._text = ""
        self._texts: dict[str, str] = {}

    def start(self, tag: str, _attributes: object) -> None:
        self._elements += 1
        if self._elements > _MOST_ELEMENTS:
            raise ValueError("too many elements")
        self._path.append(tag)
        if len(self._path) == 3:
            self._text = ""

    def data(self, text: str) -> None:
        if len(self._path) == 3:
            self._text += text

    def end(self, tag: str) -> None:
        namespace = self._path[0].removesuffix("Autodiscover")
        if len(self._path) == 3 and self._path[1] == f"{namespace}Request":
            self._texts.setdefault(tag.removeprefix(namespace), self._text)
        self.root = self._path.pop()

    def text(self, name: str) -> str:
        """The text of the first element of this name, empty if there is none."""
        return self._texts.get(name, "").strip()


def render(domain: Domain, address: Address) -> bytes:
    """Return the settings for `address`, or the redirect in their place.

    Raises RequestError: NO_OPTIONS if the domain has neither, CONFIGURATION if a host name is none.
    """
    settings = domain.settings
    if not settings.redirect:
        if not offers_settings(domain):
            raise RequestError(Error.NO_OPTIONS)
        if not domain.has_room:
            raise RequestError(Error.CONFIGURATION)
    own_login = domain.own_login(address.localpart)

    def fill(kind: str, pattern: str) -> str:
        if kind == _HOST:
            return escaped(pattern.replace("{domain}", domain.name))
        if kind == _LOGIN and own_login:
            return escaped(own_login)
        return escaped(address.fill_url(pattern) if kind == _URL else address.fill(pattern))

    return joined(_pieces(settings), fill)


# Domains of one provider share its settings, so the rest is rendered once for all their users.
@lru_cache(maxsize=1024)
def _pieces(settings: Settings) -> Pieces:
    answer = _settings.render(
        root=POX_ROOT,
        response=POX_RESPONSE,
        email=_marked("{email}"),
        redirect=settings.redirect and (settings.redirect.kind, _marked(settings.redirect.target)),
        ttl=settings.ttl_hours,
        servers=[
            (
                POX_TYPES[server.type],
                piece(_HOST, server.host) if "{" in server.host else server.host,
                server.port,
                piece(_LOGIN, server.username),
                POX_SSL[server.security],
                POX_ENCRYPTION[server.security],
                "off" if server.authentication[0] == "none" else "on",
            )
            for server in for_outlook(settings)
        ],
        web_servers=[
            *(
                (POX_WEB_TYPES[web.type], _marked(web.url, _URL), piece(_LOGIN, web.username))
                for web in settings.web_servers
                if web.type in POX_WEB_TYPES and is_for_outlook(web)
            ),
            *([("WEB", settings.webmail, piece(_LOGIN, "{email}"))] if settings.webmail else ()),
        ],
        own_xml=Markup(_marked(settings.autodiscover_xml)),  # noqa: S704 (the validator's: XML)
    )
    return split(answer)


def offers_settings(domain: Domain) -> bool:
    """Whether there are settings that Outlook can read."""
    return _offers(domain.settings)


@lru_cache(maxsize=1024)
def _offers(settings: Settings) -> bool:
    return settings.autodiscover and bool(for_outlook(settings))


# The kinds of pieces: a text, a URL, a host, the user name at a server. The last is a pattern,
# whole, since the inventory may name another for one mailbox.
_TEXT, _URL, _LOGIN, _HOST = " ", "%", "@", "."


def _marked(pattern: str, kind: str = _TEXT) -> str:
    return PLACEHOLDER.sub(lambda match: piece(kind, match[0]), pattern)


def render_error(error: Error) -> bytes:
    """Return an error answer. It has the root's namespace throughout and goes with HTTP 200."""
    code, message = error.value
    now = f"{datetime.now(UTC):%H:%M:%S.%f}0"  # Exchange writes seven decimals
    return _error.render(root=POX_ROOT, time=now, code=code, message=message).encode()
