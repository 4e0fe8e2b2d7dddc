from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from mail_autoconfig.formats.pox import (
    ERROR_RESPONSE,
    ROOT,
    SETTINGS_RESPONSE,
    Account,
    Answer,
    Error,
    Protocol,
    read,
    request,
)
from mail_autoconfig.formats.words import POX_RESPONSE, POX_ROOT
from mail_autoconfig.formats.xml_tree import Tag, XmlError

IMAP = Protocol("IMAP", "i.test", "993", "u", "off", "on", "SSL", "off", "on")
BODY = f"""<Autodiscover xmlns="{POX_ROOT}"><Response xmlns="{POX_RESPONSE}"><Account>
<AccountType>email</AccountType><Action>settings</Action>
<Protocol><Type>IMAP</Type><Server>i.test</Server><Port>993</Port><LoginName>u</LoginName>
<SPA>off</SPA><SSL>on</SSL><Encryption>SSL</Encryption><DomainRequired>off</DomainRequired>
<AuthRequired>on</AuthRequired></Protocol></Account></Response></Autodiscover>"""


def answer(body: str, *, loose: bool = False) -> Answer:
    return read(body.encode(), loose=loose)


def test_settings() -> None:
    account = Account("email", "settings", "", "", (IMAP,))
    assert answer(BODY) == Answer(ROOT, SETTINGS_RESPONSE, None, account)
    assert answer(BODY, loose=True) == answer(BODY)


def test_redirects() -> None:
    body = BODY.replace("<Protocol>", "<RedirectUrl>u</RedirectUrl><RedirectAddr>a</RedirectAddr>")
    account = answer(body.replace("</Protocol>", "")).account
    assert account
    assert (account.redirect_url, account.redirect_address) == ("u", "a")


@pytest.mark.parametrize(
    ("inside", "error"),
    [
        ("<Error><ErrorCode>500</ErrorCode><Message> m </Message></Error>", Error("500", "m")),
        ("<Error/>", Error(None, "")),
        ("", None),
    ],
)
@pytest.mark.parametrize("loose", [False, True])
def test_errors(inside: str, error: Error | None, *, loose: bool) -> None:
    body = f'<Autodiscover xmlns="{POX_ROOT}"><Response>{inside}</Response></Autodiscover>'
    assert answer(body, loose=loose) == Answer(ROOT, ERROR_RESPONSE, error)


def test_texts_stay_as_they_are() -> None:
    account = answer(BODY.replace(">993<", "> 993\n<").replace(">email<", "> email<")).account
    assert account
    assert account.account_type == " email"
    assert account.protocols[0].port == " 993\n"
    assert account.stripped() == Account("email", "settings", "", "", (IMAP,))


def test_what_is_missing() -> None:
    assert answer("<html/>") == Answer(Tag("html"))
    body = f'<Autodiscover xmlns="{POX_ROOT}"><Response xmlns="{POX_RESPONSE}"/></Autodiscover>'
    assert answer(body) == Answer(ROOT, SETTINGS_RESPONSE)
    nothing = Account("", "", "", "", (Protocol(*[""] * 9),))
    assert (
        answer(body.replace("/>", "><Account><Protocol/></Account></Response>")).account == nothing
    )
    with pytest.raises(XmlError):
        answer("<Autodiscover>")


@pytest.mark.parametrize(
    ("old", "new", "root", "response"),
    [
        (POX_ROOT, "urn:x", Tag("Autodiscover", "urn:x"), SETTINGS_RESPONSE),
        (f' xmlns="{POX_RESPONSE}"', "", ROOT, ERROR_RESPONSE),
    ],
)
def test_wrong_namespaces_are_named(old: str, new: str, root: Tag, response: Tag) -> None:
    found = answer(BODY.replace(f'"{old}"', f'"{new}"').replace(old, new))
    assert (found.root, found.response) == (root, response)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (f'"{POX_RESPONSE}"', '"urn:x"'),
        ("<Account>", "<Account><X>"),
        ("<Response ", "<X><Response "),
    ],
)
def test_the_loose_find_elements_by_name_alone(old: str, new: str) -> None:
    """In the wrong namespace, or one level deeper than they belong."""
    body = BODY.replace(old, new)
    for wrapped in "Account", "Response":
        if f"<X><{wrapped}" in body:
            body = body.replace(f"</{wrapped}>", f"</{wrapped}></X>")
    if "<Account><X>" in body:
        body = body.replace("</Account>", "</X></Account>")
    strict, loose = (answer(body, loose=each).account for each in (False, True))
    assert loose
    assert loose.protocols == (IMAP,)
    assert strict is None or strict.protocols == ()


def test_the_loose_take_a_type_that_is_an_attribute() -> None:
    body = BODY.replace("<Protocol><Type>IMAP</Type>", '<Protocol Type="IMAP">')
    strict, loose = (answer(body, loose=each).account for each in (False, True))
    assert strict
    assert loose
    assert (strict.protocols[0].type, loose.protocols[0].type) == ("", "IMAP")


def test_request() -> None:
    root = ET.fromstring(request('a&<b>"@example.com'))
    assert [each.text for each in root[0]] == ['a&<b>"@example.com', POX_RESPONSE]
    assert root.tag == (
        "{http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006}Autodiscover"
    )
