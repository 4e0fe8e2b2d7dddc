from __future__ import annotations

import pytest

from mail_autoconfig.answers import autoconfig, autodiscover
from mail_autoconfig.doctor.checks.grammar import Format, Reading, read
from mail_autoconfig.doctor.data import Exchange, Request, Setting
from mail_autoconfig.inventory.addresses import parse as address
from mail_autoconfig.inventory.read import built_in_providers, parse
from support import answers

DOMAIN = "example.test"
USER = f"user@{DOMAIN}"
URL = "https://host.test/path"
IMAP = Setting("imap", "mail.test", 993, "tls", USER, ("password",))
SMTP = Setting("smtp", "mail.test", 587, "starttls", USER, ("password",))
SERVERS = [
    {"type": "imap", "host": "mail.test"},
    {"type": "smtp", "host": "mail.test", "security": "starttls"},
]
OWN = parse({"domains": [{"name": DOMAIN, "servers": SERVERS}]}).domains[DOMAIN]
POX = autodiscover.render(OWN, address(USER)).decode()
CONFIG = autoconfig.render(OWN).decode()


def reading(body: str | bytes, format_: Format, content_type: str = "text/xml") -> Reading:
    octets = body.encode() if isinstance(body, str) else body
    exchange = Exchange(
        Request("GET", f"{URL}?emailaddress={USER}"), 200, content_type, body=octets
    )
    return read(exchange, format_, USER)


def lines(found: Reading) -> list[str]:
    assert {each.subject for each in found.findings} <= {URL}
    return [f"{each.code}: {each.what}" for each in found.findings]


def edited(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new)


@pytest.mark.parametrize(("body", "format_"), [(POX, "pox"), (CONFIG, "config")])
def test_good_answers(body: str, format_: Format) -> None:
    found = reading(body, format_)
    assert found == Reading((), (IMAP, SMTP))
    assert found.is_good


@pytest.mark.parametrize("provider", built_in_providers())
def test_answers_for_providers_have_no_fault(provider: str) -> None:
    domain = parse({"domains": [{"name": DOMAIN, "provider": provider}]}).domains[DOMAIN]
    assert lines(reading(autoconfig.render(domain), "config")) == []
    if domain.settings.autodiscover:
        assert lines(reading(autodiscover.render(domain, address(USER)), "pox")) == []


@pytest.mark.parametrize("name", ["groupware.test", "corp.test", "moved.test"])
def test_answers_of_the_table_have_no_fault(name: str) -> None:
    domain, email = parse(answers.configuration()).domains[name], f"user@{name}"
    for body, format_ in (
        (autoconfig.render(domain), "config"),
        (autoconfig.render(domain, address(email)), "config"),
        *(
            []
            if domain.settings.redirect
            else [(autodiscover.render(domain, address(email)), "pox")]
        ),
    ):
        exchange = Exchange(Request("GET", URL), 200, "text/xml", body=body)
        assert lines(read(exchange, format_, email)) == []  # type: ignore[arg-type]


@pytest.mark.parametrize("format_", ["pox", "config"])
@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        ("<html>", "text/html; charset=utf-8", ["answer-page: a web page (text/html)"]),
        (
            "x",
            "",
            ["answer-content-type: content type none", "answer-not-xml: no well-formed XML: …"],
        ),
        ("<!DOCTYPE a><a/>", "text/xml", ["answer-dtd: a document type declaration"]),
        ("<a>", "application/xml", ["answer-not-xml: no well-formed XML: …"]),
        (b"<?xml version='1.0' encoding='ebcdic'?><a/>", "text/xml", ["answer-not-xml: …"]),
    ],
)
def test_no_answers(
    format_: Format, body: str | bytes, content_type: str, expected: list[str]
) -> None:
    found = reading(body, format_, content_type)
    assert not found.is_good
    for line, start in zip(lines(found), expected, strict=True):
        assert line.startswith(start.removesuffix("…"))


def test_entities_are_not_expanded() -> None:
    bomb = '<!DOCTYPE a [<!ENTITY b "c"><!ENTITY d "&b;&b;">]><a>&d;</a>'
    assert [each.code for each in reading(bomb, "pox").findings] == ["answer-dtd"]


ERROR = autodiscover.render_error(autodiscover.Error.NOT_FOUND).decode()
NAMESPACE = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            'responseschema/2006"',
            'responseschema/2007"',
            ["pox-root: the root is Autodiscover in …"],
        ),
        ("Autodiscover", "Other", ["pox-root: the root is Other in …"]),
        (f' xmlns="{NAMESPACE}"', "", ["pox-namespace: Response is in http://…"]),
        ("Response", "Answer", ["pox-account: Response is missing"]),
        ("<Account>", "<X/><Account>", []),
        ("Account>", "Konto>", ["pox-account: Account is missing"]),
        ("<AccountType>email", "<AccountType>mail", ["pox-account: AccountType is mail"]),
        ("<Action>settings", "<Action>", ["pox-account: Action is missing"]),
        ("<Action>settings", "<Action>redirectUrl", ["-"]),
        ("<Type>IMAP", "<Type>imap", ["pox-type: Type is imap"]),
        ("<Type>IMAP", "<Type>WEB", []),
        ("<Port>993", "<Port>99999", ["pox-port: IMAP: Port is 99999"]),
        ("<Port>993</Port>", "", ["pox-port: IMAP: Port is missing"]),
        (
            "<Server>mail.test",
            "<Server>",
            ["pox-account: IMAP: Server is missing", "pox-account: SMTP: …"],
        ),
        (
            f"<LoginName>{USER}",
            "<LoginName>",
            ["pox-login: IMAP: no LoginName", "pox-login: SMTP: …"],
        ),
        ("<SPA>off", "<SPA>on", ["pox-spa: IMAP: SPA is on", "pox-spa: SMTP: …"]),
        ("<SPA>off</SPA>", "", ["pox-spa: IMAP: SPA is missing", "pox-spa: SMTP: …"]),
        ("<SPA>off", "<SPA>Off", []),
        ("<DomainRequired>off", "<DomainRequired>on", ["pox-domain-required: …"] * 2),
        ("<AuthRequired>on", "<AuthRequired>off", ["pox-auth-required: …"] * 2),
        ("<Encryption>SSL", "<Encryption>Auto", []),
        ("<Encryption>SSL", "<Encryption>yes", ["pox-encryption: IMAP: Encryption is yes"]),
        (
            "<Encryption>SSL",
            "<Encryption>TLS",
            ["settings-starttls: imap mail.test: STARTTLS on port 993"],
        ),
        ("<Encryption>TLS", "<Encryption>SSL", ["settings-tls: smtp mail.test: …"]),
        (
            "<SSL>on",
            "<SSL>off",
            ["pox-ssl-off: IMAP: SSL is off beside Encryption SSL", "pox-ssl-off: SMTP: …"],
        ),
    ],
)
def test_faults_of_outlooks_xml(old: str, new: str, expected: list[str]) -> None:
    found = reading(edited(POX, old, new), "pox")
    if expected == ["-"]:  # another way, not judged here
        assert found == Reading(())
        return
    for line, start in zip(lines(found), expected, strict=True):
        assert line.startswith(start.removesuffix("…"))


def test_error_of_autodiscover() -> None:
    said = "pox-error: error 500: The e-mail address cannot be found."
    assert lines(reading(ERROR, "pox")) == [said]


def test_no_server_that_outlook_knows() -> None:
    body = edited(edited(POX, "<Type>IMAP", "<Type>WEB"), "<Type>SMTP", "<Type>DAV")
    assert lines(reading(body, "pox")) == ["pox-no-server: no server of a type that Outlook knows"]


@pytest.mark.parametrize(
    ("ssl", "encryption", "security"),
    [("on", "", "tls"), ("off", "", "none"), ("on", "None", "none"), ("", "", "tls")],
)
def test_security_of_outlooks_xml(ssl: str, encryption: str, security: str) -> None:
    """SSL is on by default; Encryption wins over it (MS-OXDSCLI)."""
    body = edited(POX, "<SSL>on", f"<SSL>{ssl}")
    for word in ("SSL", "TLS"):
        body = edited(body, f"<Encryption>{word}", f"<Encryption>{encryption}")
    assert {each.security for each in reading(body, "pox").settings} == {security}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("clientConfig", "config", ["config-root: the root is config in no namespace"]),
        ('version="1.1"', "", ["config-version: version is missing"]),
        ("emailProvider", "provider", ["config-no-server: no emailProvider"]),
        (f"<domain>{DOMAIN}", "<domain>other.test", [f"config-domain: no <domain> is {DOMAIN}"]),
        (f"<domain>{DOMAIN}", "<domain>%EMAILDOMAIN%", []),
        ("incomingServer", "x", ["config-no-server: no incomingServer"]),
        ("outgoingServer", "x", ["config-no-server: no outgoingServer"]),
        ('type="imap"', 'type="imaps"', ["config-element: incomingServer: type is imaps"]),
        ('type="imap"', 'type="exchange"', []),
        ("<port>993", "<port>0", ["config-element: imap: port is 0"]),
        ("<socketType>SSL", "<socketType>ssl", ["config-element: imap: socketType is ssl"]),
        ("<socketType>SSL", "<socketType>plain", ["settings-plain: imap mail.test: no encryption"]),
        (
            "<username>%EMAILADDRESS%",
            "<username>",
            ["config-element: imap: username is missing", "config-element: smtp: …"],
        ),
        ("password-cleartext", "login", ["config-element: imap: authentication is login", "…"]),
        ("password-cleartext", "client-IP-address", []),
        (
            "<displayName>",
            f"<displayName>{'x' * 60}",
            ["config-name: displayName has 72 characters"],
        ),
    ],
)
def test_faults_of_mozillas_xml(old: str, new: str, expected: list[str]) -> None:
    found = reading(edited(CONFIG, old, new), "config")
    for line, start in zip(lines(found), expected, strict=True):
        assert line.startswith(start.removesuffix("…"))


def test_services_behind_urls() -> None:
    service = (
        '<calendar type="caldav"><url>https://dav.test/%EMAILADDRESS%/</url>'
        '<authentication system="http">Basic</authentication>'
        "<username>%EMAILLOCALPART%</username></calendar>"
        '<calendar type="other"><url>https://dav.test/</url></calendar></clientConfig>'
    )
    found = reading(edited(CONFIG, "</clientConfig>", service), "config")
    assert found.findings == ()
    url = f"https://dav.test/{USER}/"
    assert found.settings[2:] == (Setting("caldav", "", 0, "tls", "user", ("password",), url),)


def test_one_spelling_of_a_domain() -> None:
    domain = parse({"domains": [{"name": "münchen.test", "servers": SERVERS}]})
    body = autoconfig.render(domain.domains["xn--mnchen-3ya.test"])
    exchange = Exchange(Request("GET", URL), 200, "text/xml", body=body)
    assert read(exchange, "config", "user@münchen.test").findings == ()


def test_port_of_thousands_of_digits() -> None:
    port = "9" * 5000
    assert [each.code for each in reading(POX.replace("993", port), "pox").findings] == ["pox-port"]
    found = reading(CONFIG.replace("993", port), "config").findings
    assert [each.code for each in found] == ["config-element"]


@pytest.mark.parametrize(
    ("old", "new", "format_", "paste"),
    [
        ("<SPA>off</SPA>", "", "pox", "<SPA>off</SPA>"),
        (f"<LoginName>{USER}</LoginName>", "", "pox", f"<LoginName>{USER}</LoginName>"),
        ("<Port>587</Port>", "<Port>x</Port>", "pox", "<Port>465</Port>"),
        ("<Action>settings<", "<Action>x<", "pox", "<Action>settings</Action>"),
        (f' id="{DOMAIN}"', "", "config", f'<emailProvider id="{DOMAIN}">'),
        (">SSL<", ">TLS<", "config", "<socketType>SSL</socketType>"),
        ("<port>993<", "<port>x<", "config", "<port>993</port>"),
        ('type="imap"', 'type="IMAP4"', "config", '<incomingServer type="imap">'),
        (f"<domain>{DOMAIN}<", "<domain>a b<", "config", f"<domain>{DOMAIN}</domain>"),
    ],
)
def test_what_to_paste_in_place_of_a_fault(old: str, new: str, format_: Format, paste: str) -> None:
    """What is pasted has no fault at this place."""
    wrong = edited(POX if format_ == "pox" else CONFIG, old, new)
    pastes = [each.paste for each in reading(wrong, format_).findings]
    assert paste in pastes
