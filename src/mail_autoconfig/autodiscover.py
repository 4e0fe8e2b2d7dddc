"""Outlook's Autodiscover in plain old XML: bytes -> request, model -> bytes.

Sources: Microsoft's "Plan to automatically configure user accounts" (cc511507), MS-OXDSCLI.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum
from functools import lru_cache
from xml.parsers import expat

from defusedxml.ElementTree import XMLParser
from markupsafe import escape

from . import addresses
from .addresses import PLACEHOLDER, Address
from .model import Domain, Security
from .templates import template

MEDIA_TYPE = "text/xml"

_SCHEMAS = "http://schemas.microsoft.com/exchange/autodiscover"
_OUTLOOK = f"{_SCHEMAS}/outlook/requestschema/2006}}"  # as expat joins it to a name
_MOBILESYNC = f"{_SCHEMAS}/mobilesync/requestschema/2006}}"
_ANSWER = f"{_SCHEMAS}/outlook/responseschema/2006a"

# TLS means STARTTLS here, SSL means TLS from the first byte. SSL=on stands beside both: Thunderbird
# reads SSL=off as plain text whatever Encryption says.
_ENCRYPTION: dict[Security, tuple[str, str]] = {
    "tls": ("on", "SSL"),
    "starttls": ("on", "TLS"),
    "none": ("off", "None"),
}

# Refuses a document type, and with it every declaration of an entity. One for all requests: a
# whole parser of defusedxml for each, with a tree that nobody needs, takes three times as long.
_GUARD = XMLParser(forbid_dtd=True)

_settings = template("autodiscover.xml")
_error = template("autodiscover-error.xml")


class Error(Enum):
    """Microsoft's error codes, each with its message."""

    NOT_FOUND = 500, "The e-mail address cannot be found."
    NO_OPTIONS = 501, "There is no Autodiscover service for this address."
    BAD_REQUEST = 600, "Invalid request."
    NO_SCHEMA = 601, "The requested schema is not available."
    INTERNAL = 603, "Internal error."


class RequestError(Exception):
    """A request that has no settings for an answer; `error` says why."""

    def __init__(self, error: Error) -> None:
        super().__init__(error.name)
        self.error = error


def parse(body: bytes) -> Address:
    """Return the address that a request asks for.

    Raises RequestError: BAD_REQUEST for what is no request or names no address, NO_SCHEMA for
    other answers than Outlook's, NOT_FOUND for a LegacyDN, which wins over an address and names
    a mailbox in an Exchange directory.
    """
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
    if reader.root == f"{_MOBILESYNC}Autodiscover":
        raise RequestError(Error.NO_SCHEMA)
    if reader.root != f"{_OUTLOOK}Autodiscover":
        raise RequestError(Error.BAD_REQUEST)
    if reader.text("AcceptableResponseSchema") not in ("", _ANSWER):
        raise RequestError(Error.NO_SCHEMA)
    if reader.text("LegacyDN"):
        raise RequestError(Error.NOT_FOUND)
    try:
        return addresses.parse(reader.text("EMailAddress"))
    except ValueError:
        raise RequestError(Error.BAD_REQUEST) from None


class _Reader:
    """Keeps the texts right below Request; expat calls it."""

    def __init__(self) -> None:
        self.root = ""
        self._path: list[str] = []
        self._text = ""
        self._texts: dict[str, str] = {}

    def start(self, tag: str, _attributes: object) -> None:
        self._path.append(tag)
        if len(self._path) == 3:
            self._text = ""

    def data(self, text: str) -> None:
        if len(self._path) == 3:
            self._text += text

    def end(self, tag: str) -> None:
        if len(self._path) == 3 and self._path[1] == f"{_OUTLOOK}Request":
            self._texts.setdefault(tag, self._text)
        self.root = self._path.pop()

    def text(self, name: str) -> str:
        """The text of the first element of this name, empty if there is none."""
        return self._texts.get(_OUTLOOK + name, "").strip()


def render(domain: Domain, address: Address) -> bytes:
    """Return the settings for `address`; RequestError(NO_OPTIONS) if the domain has none here."""
    pieces = _pieces(domain)
    if not pieces:
        raise RequestError(Error.NO_OPTIONS)
    filled = {piece: escape(address.fill(piece)) for piece in {*pieces[1::2]}}
    return "".join([filled.get(piece, piece) for piece in pieces]).encode()


# What differs between two users is the address alone, so the rest is rendered once.
@lru_cache(maxsize=1024)
def _pieces(domain: Domain) -> tuple[str, ...]:
    """The answer in pieces: text, then a placeholder to fill, then text, and so on; or none."""
    servers = domain.settings.mail_servers
    if not domain.settings.autodiscover or not servers:
        return ()
    mark = "\0"  # XML can't hold it, nor can a configuration
    marked = rf"{mark}\g<0>{mark}"
    answer = _settings.render(
        email=PLACEHOLDER.sub(marked, "{email}"),
        protocols=[
            (
                server.type.upper(),
                server.host_for(domain.name),
                server.port,
                PLACEHOLDER.sub(marked, server.username),
                *_ENCRYPTION[server.security],
            )
            for server in servers
        ],
    )
    return tuple(answer.split(mark))


def render_error(error: Error) -> bytes:
    """Return an error answer. It has the root's namespace throughout and goes with HTTP 200."""
    code, message = error.value
    now = f"{datetime.now(UTC):%H:%M:%S.%f}0"  # Exchange writes seven decimals
    return _error.render(time=now, code=code, message=message).encode()
