"""Whatever a client sends: no 5xx, well-formed answers, and the address unchanged or not at all."""

from __future__ import annotations

import json
import logging
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mail_autoconfig.answers import apple
from mail_autoconfig.inventory.read import parse
from mail_autoconfig.outlook import files as outlook_files
from mail_autoconfig.server.app import Application
from support import answers
from support.answers import (
    ANSWER,
    CONFIG,
    JSON,
    MOBILESYNC,
    MOBILESYNC_REQUEST,
    MOBILESYNC_SCHEMA,
    POX,
    REQUEST,
    Reply,
    pox_request,
)
from support.asgi import transport

ask = transport(Application(parse(answers.configuration())))

DOMAINS = [
    f"{name}.test"
    for name in (
        *("example", "corp", "bücher", "xn--bcher-kva", "exchange", "groupware", "moved"),
        *("ad", "tokens", "phones"),
    )
]
HOSTS = [f"autodiscover.{DOMAINS[0]}", f"autoconfig.{DOMAINS[1]}", DOMAINS[0], "other.invalid", ""]

# What XML can contain; nothing else can be in a request.
XML_TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff")
)
ADDRESSES = st.one_of(
    XML_TEXT,
    st.builds("{}@{}".format, XML_TEXT, st.sampled_from(DOMAINS)),
    st.builds("{}@{}".format, XML_TEXT, XML_TEXT),
)
SCHEMAS = st.sampled_from(
    [(REQUEST, None), (MOBILESYNC_REQUEST, MOBILESYNC_SCHEMA), (REQUEST, MOBILESYNC_SCHEMA)]
)
PARTS = st.lists(
    st.sampled_from(
        [
            *(b"<Autodiscover", b"</Autodiscover>", b"<Request>", b"</Request>", b"<EMailAddress>"),
            *(b"</EMailAddress>", b"u@example.test", b">", b"<a", b"/>", b"<![CDATA[", b"]]>"),
            *(b"<!DOCTYPE a [", b'<!ENTITY e "x">', b"]>", b"&e;", b"&#0;", b"<?xml version='1.0'"),
            *(b" encoding='utf-16'?>", b" encoding='utf-7'?>", b"?>", b"\xff\xfe", b"\x00"),
            f' xmlns="{REQUEST}">'.encode(),
        ]
    )
).map(b"".join)

# Without limits of time: other tests use the processor too.
properties = settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(autouse=True)
def nothing_fails(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Error 603 is an exception that nobody foresaw, and is logged."""
    with caplog.at_level(logging.DEBUG, "mail_autoconfig"):
        yield
    assert not caplog.records


def well_formed(reply: Reply) -> None:
    assert reply.status < 500
    kind = reply.headers.get("content-type", "").partition(";")[0]
    if kind == "text/xml":
        root = ET.fromstring(reply.body)
        assert root.findtext(".//{*}ErrorCode") != "603"
    elif kind == "application/json":
        assert isinstance(json.loads(reply.body), dict)
    elif kind == "text/html":
        assert reply.body.rstrip().endswith(b"</html>")
    elif kind not in (apple.MEDIA_TYPE, *(kind for _, kind in outlook_files.DOWNLOADS.values())):
        assert reply.status >= 400


@properties
@given(ADDRESSES, SCHEMAS)
@example("us er@groupware.test", (REQUEST, None))
@example("\u00a0u@groupware.test\u3000", (MOBILESYNC_REQUEST, None))
@example("x" * 64 + "@groupware.test", (REQUEST, None))
def test_address_in_xml(email: str, schema: tuple[str, str | None]) -> None:
    namespace, acceptable = schema
    body = pox_request(email, namespace=namespace, schema=acceptable)
    reply = ask("https", "POST", HOSTS[0], POX, {}, body)
    assert reply.status == 200
    well_formed(reply)
    root = ET.fromstring(reply.body)
    # An XML parser reads the text as the client wrote it; white space around it is not of it.
    for name in (f"{ANSWER}User/{ANSWER}DisplayName", f"{MOBILESYNC}User/{MOBILESYNC}EMailAddress"):
        said = root.findtext(f"*/{name}")
        assert said in (None, email.strip())
    if root.find("*/{*}Error") is not None and len(email.strip()) > 3:
        assert email.strip() not in "".join(root.itertext())


@properties
@given(st.one_of(st.binary(), PARTS), st.sampled_from(HOSTS), st.sampled_from([POX, "/", JSON]))
@example(b"<?xml version='1.0' encoding='utf-99'?><a/>", HOSTS[0], POX)
def test_bytes_as_a_body(body: bytes, host: str, path: str) -> None:
    well_formed(ask("https", "POST", host, path, {}, body))


@properties
@given(st.data())
def test_request_with_bytes_changed(data: st.DataObject) -> None:
    body = bytearray(pox_request("user@example.test"))
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    reply = ask("https", "POST", HOSTS[0], POX, {}, bytes(body))
    assert reply.status == 200
    well_formed(reply)


@properties
@given(ADDRESSES, st.sampled_from(HOSTS))
@example("user@example.test", HOSTS[3])
def test_address_in_a_query(email: str, host: str) -> None:
    """An answer to GET that may be cached for others contains nothing of the address."""
    reply = ask("https", "GET", host, f"{CONFIG}?emailaddress={quote(email)}", {}, b"")
    well_formed(reply)
    if reply.status == 200 and email.strip():
        domain = ET.fromstring(reply.body).findtext("emailProvider/domain")
        if reply.headers["cache-control"] == "no-store":
            assert domain in ("moved.test", "ad.test")
            return
        assert reply.body == ask("https", "GET", f"autoconfig.{domain}", CONFIG, {}, b"").body
    else:
        assert reply.status in (200, 404)
        assert reply.status == 200 or reply.body == b"No settings.\n"


@properties
@given(ADDRESSES, st.booleans(), XML_TEXT | st.sampled_from(["AutodiscoverV1", "ActiveSync"]))
@example("user@groupware.test", True, "activeSync")
def test_address_in_json(email: str, in_path: bool, protocol: str) -> None:
    quoted = quote(email, safe="")
    path = f"{JSON}/v1.0/{quoted}?" if in_path else f"{JSON}?Email={quoted}&"
    reply = ask("https", "GET", HOSTS[0], f"{path}Protocol={quote(protocol, safe='')}", {}, b"")
    well_formed(reply)
    found = json.loads(reply.body)
    if reply.status == 200:
        assert found.keys() == {"Protocol", "Url"}
        assert found["Protocol"].lower() == protocol.strip().lower()
    else:
        assert reply.status in (400, 404)
    if reply.status != 200 and len(email.strip()) > 3:
        assert email.strip() not in found["ErrorMessage"]


@properties
@given(
    st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "X"]),
    st.sampled_from([POX, CONFIG, JSON, f"{JSON}/v1.0/", "/autodiscover/autodiscover.svc", "/"]),
    XML_TEXT,
    st.sampled_from(HOSTS) | st.text(st.characters(codec="latin-1")),
)
def test_any_method_path_and_host(method: str, path: str, more: str, host: str) -> None:
    reply = ask("https", method, host, path + quote(more, safe="%?&=/"), {}, b"")
    if method == "HEAD":
        assert (reply.status < 500, reply.body) == (True, b"")
    else:
        well_formed(reply)
