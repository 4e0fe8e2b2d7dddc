"""XML from strangers: octets -> tree. The standard library alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree as ET


class XmlError(Exception):
    """The octets are no well-formed XML; the text says where."""


class DoctypeError(XmlError):
    """The document has a document type, which could declare entities without end."""


class _Builder(ET.TreeBuilder):
    def doctype(self, _name: str, _public: str | None, _system: str | None) -> None:
        raise DoctypeError("a document type")


@dataclass(frozen=True, slots=True)
class Tag:
    """The name of an element and its namespace, which is empty if it has none."""

    name: str
    namespace: str = ""

    def __str__(self) -> str:
        """For people: "html", or "html in NAMESPACE"."""
        return f"{self.name} in {self.namespace}" if self.namespace else self.name

    @property
    def in_full(self) -> str:
        """The same, with "in no namespace" where there is none."""
        return f"{self.name} in {self.namespace or 'no namespace'}"


def root_of(octets: bytes) -> ET.Element:
    """The root of a document without a document type. Raises XmlError."""
    parser = ET.XMLParser(target=_Builder())  # noqa: S314  # the builder refuses a document type
    try:
        parser.feed(octets)
        return parser.close()
    except (ET.ParseError, ValueError, LookupError) as error:  # the last two: an encoding
        raise XmlError(str(error)) from None


def tag_of(element: ET.Element) -> Tag:
    """The tag of an element."""
    namespace, _brace, name = element.tag.rpartition("}")
    return Tag(name, namespace.removeprefix("{"))


def named(element: ET.Element, name: str) -> Iterator[ET.Element]:
    """An element and those below it, at any depth, that have a name in any namespace."""
    return (each for each in element.iter() if tag_of(each).name == name)


def text_of(element: ET.Element, name: str) -> str:
    """The text of a child with a name in any namespace, without white space around it.

    A search at any depth would take minutes where thousands of elements are nested.
    """
    return (element.findtext(f"{{*}}{name}") or "").strip()
