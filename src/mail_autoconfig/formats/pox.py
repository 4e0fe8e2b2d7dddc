"""Outlook's Autodiscover in plain old XML: the request, and the reader of its answers.

The reader judges nothing: it keeps what an answer says, right or wrong, and those who judge it
decide. Source: MS-OXDSCLI, sections 2.2.3 and 2.2.4. The standard library alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from ..inventory.model import Protocol as ServerType
from ..inventory.model import Security
from . import words
from .words import POX_REQUEST, POX_RESPONSE, POX_ROOT
from .xml_tree import Tag, named, root_of, tag_of

ROOT = Tag("Autodiscover", POX_ROOT)
"""The root of a right answer."""
SETTINGS_RESPONSE = Tag("Response", POX_RESPONSE)
"""What is below it, where it has settings or a redirect."""
ERROR_RESPONSE = Tag("Response", POX_ROOT)
"""What is below it, where it has an error."""

TYPES: Mapping[str, ServerType] = {word: type_ for type_, word in words.POX_TYPES.items()}
"""The types of the mail servers that Outlook knows."""
ENCRYPTION: Mapping[str, Security] = {
    word.lower(): security for security, word in words.POX_ENCRYPTION.items()
}
"""What Encryption says, in lower case; beside these, Auto leaves it to the client."""


@dataclass(frozen=True, slots=True)
class Protocol:
    """One server; the text of each element is as it is in the answer, empty if it is missing."""

    type: str
    server: str
    port: str
    login_name: str
    spa: str
    ssl: str
    encryption: str
    domain_required: str
    auth_required: str

    def stripped(self) -> Protocol:
        """The same without white space around the texts."""
        return Protocol(*(text.strip() for text in astuple(self)))


@dataclass(frozen=True, slots=True)
class Account:
    """Settings or a redirect; the texts are as in the answer, empty if they are missing."""

    account_type: str
    action: str
    redirect_url: str
    redirect_address: str
    protocols: tuple[Protocol, ...]

    def stripped(self) -> Account:
        """The same without white space around the texts, those of the servers included."""
        return Account(
            self.account_type.strip(),
            self.action.strip(),
            self.redirect_url.strip(),
            self.redirect_address.strip(),
            tuple(each.stripped() for each in self.protocols),
        )


@dataclass(frozen=True, slots=True)
class Error:
    """An error; `code` is None without the element ErrorCode."""

    code: str | None
    message: str


@dataclass(frozen=True, slots=True)
class Answer:
    """All that an answer says; what it does not have is None."""

    root: Tag
    response: Tag | None = None
    error: Error | None = None
    account: Account | None = None


def request(
    address: str, namespace: str = POX_REQUEST, response_schema: str = POX_RESPONSE
) -> bytes:
    """The XML that asks for the settings of an address."""
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<Autodiscover xmlns="{namespace}"><Request>'
        f"<EMailAddress>{escape(address)}</EMailAddress>"
        f"<AcceptableResponseSchema>{response_schema}</AcceptableResponseSchema>"
        "</Request></Autodiscover>"
    ).encode()


def read(octets: bytes, *, loose: bool = False) -> Answer:
    """What an answer says.

    Elements count at their places and in their namespaces; the root, Response and Error in any
    namespace, which the result names. `loose` reads as clients do that look for the elements' names
    alone, at any depth. Raises XmlError.
    """
    root = root_of(octets)
    response = next(_parts(root, "Response", "*", loose=loose), None)
    if response is None:
        return Answer(tag_of(root))
    error = next(_parts(response, "Error", "*", loose=loose), None)
    account = next(_parts(response, "Account", POX_RESPONSE, loose=loose), None)
    return Answer(
        tag_of(root),
        tag_of(response),
        None if error is None else _error(error),
        None if account is None else _account(account, loose=loose),
    )


def _parts(parent: Element, name: str, namespace: str, *, loose: bool) -> Iterator[Element]:
    return named(parent, name) if loose else parent.iterfind(f"{{{namespace}}}{name}")


def _text(parent: Element, name: str, *, loose: bool) -> str:
    return parent.findtext(f"{{{'*' if loose else POX_RESPONSE}}}{name}") or ""


def _error(element: Element) -> Error:
    code = element.findtext("{*}ErrorCode")
    message = element.findtext("{*}Message") or ""
    return Error(None if code is None else code.strip(), message.strip())


def _account(element: Element, *, loose: bool) -> Account:
    def text(name: str) -> str:
        return _text(element, name, loose=loose)

    protocols = _parts(element, "Protocol", POX_RESPONSE, loose=loose)
    return Account(
        text("AccountType"),
        text("Action"),
        text("RedirectUrl"),
        text("RedirectAddr"),
        tuple(_protocol(each, loose=loose) for each in protocols),
    )


def _protocol(element: Element, *, loose: bool) -> Protocol:
    names = (
        *("Type", "Server", "Port", "LoginName", "SPA"),
        *("SSL", "Encryption", "DomainRequired", "AuthRequired"),
    )
    type_, *others = (_text(element, name, loose=loose) for name in names)
    if loose and not type_.strip():
        type_ = element.get("Type", "")
    return Protocol(type_, *others)
