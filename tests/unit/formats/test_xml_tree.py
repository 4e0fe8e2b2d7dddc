from __future__ import annotations

import time

import pytest

from mail_autoconfig.formats.xml_tree import (
    DoctypeError,
    Tag,
    XmlError,
    named,
    root_of,
    tag_of,
    text_of,
)


def test_tags() -> None:
    root = root_of(b'<a xmlns="urn:x"><b xmlns=""/></a>')
    assert tag_of(root) == Tag("a", "urn:x")
    assert tag_of(root[0]) == Tag("b")
    assert [str(tag_of(each)) for each in root.iter()] == ["a in urn:x", "b"]
    assert [tag_of(each).in_full for each in root.iter()] == ["a in urn:x", "b in no namespace"]


def test_elements_by_name_alone() -> None:
    root = root_of(b'<a><b> 1 </b><c xmlns="urn:x"><b>2</b></c><d/></a>')
    assert [each.text for each in named(root, "b")] == [" 1 ", "2"]
    assert text_of(root, "b") == "1"
    assert text_of(root[1], "b") == "2"
    assert text_of(root, "d") == text_of(root, "e") == ""


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        (b"", "no element found"),
        (b"<a>", "no element found"),
        (b"\xff", "unclosed token"),
        (b"<a>&b;</a>", "undefined entity"),
        (b"<?xml version='1.0' encoding='ebcdic'?><a/>", "ebcdic"),
        (b"<?xml version='1.0' encoding='utf-7'?><a/>", "multi-byte"),
    ],
)
def test_no_xml(octets: bytes, why: str) -> None:
    with pytest.raises(XmlError, match=why) as caught:
        root_of(octets)
    assert not isinstance(caught.value, DoctypeError)


BILLION_LAUGHS = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(9))


@pytest.mark.parametrize(
    "document",
    [
        "<!DOCTYPE a><a/>",
        '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
        f'<!DOCTYPE a [<!ENTITY e0 "x">{BILLION_LAUGHS}]><a>&e9;</a>',
        f'<!DOCTYPE a [<!ENTITY b "{"x" * 100_000}">]><a>{"&b;" * 50_000}</a>',
        "<!DOCTYPE a [<!ENTITY % b \"<!ENTITY c 'd'>\">%b;]><a>&c;</a>",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_no_document_type(document: str, encoding: str) -> None:
    started = time.process_time()
    with pytest.raises(DoctypeError):
        root_of(document.encode(encoding))
    assert time.process_time() - started < 1
