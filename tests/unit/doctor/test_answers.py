from __future__ import annotations

import time

import pytest

from mail_autoconfig.doctor.answers import (
    XML_TYPES,
    AnswerError,
    Pox,
    autoconfig,
    mobilesync,
    pox,
    xml_of,
)
from mail_autoconfig.doctor.data import Exchange, Failure, Request, Setting
from mail_autoconfig.formats.words import POX_RESPONSE, POX_ROOT

ADDRESS = "u@example.test"
CONFIG = """<clientConfig version="1.1"><emailProvider id="x">
<incomingServer type="imap"><hostname>i.test</hostname><port>143</port>
<socketType>STARTTLS</socketType><authentication>OAuth2</authentication>
<authentication>password-cleartext</authentication><username>%EMAILLOCALPART%</username>
</incomingServer>
<outgoingServer type="smtp"><hostname>s.%EMAILDOMAIN%</hostname><port>465</port>
<socketType>SSL</socketType><username>%EMAILADDRESS%</username></outgoingServer>
</emailProvider><calendar type="caldav"><url>https://d.test/</url></calendar></clientConfig>"""
BODY = f"""<Autodiscover xmlns="{POX_ROOT}"><Response xmlns="{POX_RESPONSE}"><Account>
<Protocol><Type>IMAP</Type><Server>i.test</Server><Port>993</Port><SPA>off</SPA>
<SSL>on</SSL><Encryption>SSL</Encryption><LoginName>l</LoginName></Protocol>
<Protocol><Type>SMTP</Type><Server>s.test</Server><Port>587</Port>
<SSL>on</SSL><Encryption>TLS</Encryption></Protocol>
<Protocol><Type>WEB</Type></Protocol></Account></Response></Autodiscover>"""


def answer(body: str | bytes, status: int = 200, content_type: str = "text/xml") -> Exchange:
    octets = body.encode() if isinstance(body, str) else body
    return Exchange(Request("GET", "https://x.test/"), status, content_type, body=octets)


def refusal(exchange: Exchange, read: str = "autoconfig") -> str:
    try:
        if read == "pox":
            pox(exchange, ADDRESS)
        else:
            autoconfig(exchange, ADDRESS, XML_TYPES)
    except AnswerError as error:
        return str(error)
    raise AssertionError("it was read")


def test_autoconfig() -> None:
    assert autoconfig(answer(CONFIG), ADDRESS) == (
        Setting("imap", "i.test", 143, "starttls", "u", ("oauth2", "password")),
        Setting("smtp", "s.example.test", 465, "tls", ADDRESS),
        Setting("caldav", "", 0, "tls", "", (), "https://d.test/"),
    )


@pytest.mark.parametrize(
    ("exchange", "why"),
    [
        (answer(CONFIG, 404), "status 404"),
        (answer(CONFIG, content_type="text/html; a"), "content type text/html, not text/xml"),
        (answer(CONFIG, content_type=""), "content type missing, not text/xml"),
        (answer("<clientConfig>"), "no well-formed XML"),
        (answer(b"\xff"), "no well-formed XML"),
        (answer("<html/>"), "the root is html, not clientConfig"),
        (answer("<clientConfig/>"), "not both an incoming and an outgoing server"),
        (answer(CONFIG.replace('"smtp"', '"x"')), "not both an incoming and an outgoing server"),
        (
            answer('<!DOCTYPE a [<!ENTITY b "c">]><clientConfig>&b;</clientConfig>'),
            "a document type, which no client needs",
        ),
        (
            Exchange(Request("GET", "x"), 301, location="y"),
            "too many redirects, the last to y",
        ),
        (Exchange(Request("GET", "x"), error=Failure("tls", "no TLS")), "no TLS"),
    ],
)
def test_no_autoconfig(exchange: Exchange, why: str) -> None:
    assert refusal(exchange).startswith(why)


@pytest.mark.parametrize("port", ["", "x", "-1", "70000", "²"])
def test_port_that_is_none(port: str) -> None:
    config = CONFIG.replace("<port>143</port>", f"<port>{port}</port>")
    assert autoconfig(answer(config), ADDRESS)[0].port == 0


def test_unknown_words_of_authentication_are_kept() -> None:
    imap = autoconfig(answer(CONFIG.replace("OAuth2", "magic")), ADDRESS)[0]
    assert imap.authentication == ("magic", "password")


def test_no_client_reads_a_socket_type_of_tls() -> None:
    assert "not both" in refusal(answer(CONFIG.replace("STARTTLS", "TLS")))


def test_pox_with_its_defaults() -> None:
    """MS-OXDSCLI: without SPA it is on; without LoginName it is the local part."""
    assert pox(answer(BODY), ADDRESS).settings == (
        Setting("imap", "i.test", 993, "tls", "l", ("password",)),
        Setting("smtp", "s.test", 587, "starttls", "u", ("password_encrypted",)),
    )


@pytest.mark.parametrize(
    ("elements", "security"),
    [
        ("<SSL>on</SSL><Encryption>TLS</Encryption>", "starttls"),
        ("<SSL>off</SSL><Encryption>None</Encryption>", "none"),
        ("<SSL>off</SSL>", "none"),
        ("", "tls"),
    ],
)
def test_security_of_pox(elements: str, security: str) -> None:
    body = BODY.replace("<SSL>on</SSL>\n<Encryption>TLS</Encryption>", "")
    body = BODY.replace("<SSL>on</SSL><Encryption>SSL</Encryption>", elements)
    assert pox(answer(body), ADDRESS).settings[0].security == security


@pytest.mark.parametrize("namespace", [POX_ROOT, POX_RESPONSE])
def test_wrong_namespace_is_read_by_the_lenient_alone(namespace: str) -> None:
    body = BODY.replace(f'"{namespace}"', '"urn:x"')
    assert refusal(answer(body), "pox").endswith(f"is not in the namespace {namespace}")
    assert len(pox(answer(body), ADDRESS, strict=False).settings) == 2


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("<Autodiscover/>", "the root is Autodiscover, not Autodiscover with a Response"),
        ("<x><Response/></x>", "the root is x, not Autodiscover with a Response"),
        (
            "<Autodiscover><Response><Error><ErrorCode>500</ErrorCode><Message>m</Message>"
            "</Error></Response></Autodiscover>",
            "error 500: m",
        ),
        (BODY.replace("Account", "A"), "no Account in the Response"),
        (BODY.replace("IMAP", "POP"), "not both an incoming and an outgoing server"),
    ],
)
def test_no_pox(body: str, why: str) -> None:
    assert refusal(answer(body), "pox") == why


def test_redirects_of_pox() -> None:
    start, _, end = BODY.partition("<Protocol>")
    end = "</Account></Response></Autodiscover>"
    found = pox(answer(f"{start}<RedirectAddr>a@b.test</RedirectAddr>{end}"), ADDRESS)
    assert found == Pox((), "", "a@b.test")
    found = pox(answer(f"{start}<RedirectUrl>https://b.test/</RedirectUrl>{end}"), ADDRESS)
    assert found == Pox((), "https://b.test/")


def test_mobilesync() -> None:
    body = "<A><Server><Type>MobileSync</Type><Url>https://a.test/</Url></Server></A>"
    assert mobilesync(answer(body)).url == "https://a.test/"
    for other, why in (
        ("<A/>", "no server of type MobileSync"),
        ("<A><Error><Status>1</Status><Message>m</Message></Error></A>", "error 1: m"),
    ):
        with pytest.raises(AnswerError, match=why):
            mobilesync(answer(other))


def test_billion_laughs() -> None:
    bomb = '<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><a>&c;</a>'
    with pytest.raises(AnswerError, match="document type"):
        xml_of(answer(bomb))


def test_port_of_thousands_of_digits() -> None:
    (imap, _smtp, *_) = autoconfig(answer(CONFIG.replace("143", "9" * 5000)), ADDRESS)
    assert imap.port == 0
    (imap, _smtp) = pox(answer(BODY.replace("993", "9" * 5000)), ADDRESS).settings
    assert imap.port == 143


def test_many_nested_elements_take_no_time() -> None:
    nested = "<Protocol>" * 6000 + "<Type>IMAP</Type>" + "</Protocol>" * 6000
    body = f"<Autodiscover><Response><Account>{nested}</Account></Response></Autodiscover>"
    started = time.process_time()
    with pytest.raises(AnswerError):
        pox(answer(body), ADDRESS, strict=False)
    assert time.process_time() - started < 2  # it was ten
