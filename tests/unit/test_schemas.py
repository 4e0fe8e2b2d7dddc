"""Each answer against the grammar of its protocol.

The project's own grammars are narrower than the published ones. AUTOCONFIG_SCHEMAS names a
directory with published ones (autoconfig.rng, microsoft/*.xsd), to be asked in addition.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from mail_autoconfig.answers import autoconfig, autodiscover, mobilesync
from mail_autoconfig.answers.autodiscover import Error, RequestError
from mail_autoconfig.inventory.addresses import parse as address
from mail_autoconfig.inventory.model import Domain
from mail_autoconfig.inventory.read import built_in_providers, parse
from mail_autoconfig.outlook import files as outlook_files
from mail_autoconfig.outlook import values as outlook
from support import answers

OWN = Path(__file__).parents[1] / "schemas"
PUBLISHED = Path(os.environ.get("AUTOCONFIG_SCHEMAS", "/nonexistent"))
EMAILS = ("user@example.test", 'a&<b>\'"c d"@Bücher.test', '"@"@x.test')


def schema(path: Path) -> Any:
    load = etree.RelaxNG if path.suffix == ".rng" else etree.XMLSchema
    return load(etree.parse(path))


def schemas(own: str, *published: str) -> list[Any]:
    paths = [OWN / own, *(path for name in published if (path := PUBLISHED / name).exists())]
    return [schema(path) for path in paths]


AUTOCONFIG = schemas("autoconfig.rng", "autoconfig.rng")
POX = schemas("autodiscover.xsd")
# Microsoft publishes a grammar for these two alone, not for Outlook's settings.
POX_ERROR = schemas("autodiscover.xsd", "microsoft/AutodiscoverResponse-import.xsd")
MOBILESYNC = POX_ERROR
POLICIES = schemas("policies.rng", "microsoft/PolicyDefinitionFiles.xsd")


def check(answer: bytes, grammars: list[Any]) -> None:
    for grammar in grammars:
        grammar.assertValid(etree.fromstring(answer))


def domains() -> Iterator[Domain]:
    """A domain of each built-in provider, and those of the table of answers."""
    raw = answers.configuration()
    raw["domains"] += [
        {"name": f"{name.replace('_', '-')}.test", "provider": name}
        for name in built_in_providers()
    ]
    raw["domains"].append(
        {
            "name": "every-method.test",
            "servers": [
                {"type": kind, "authentication": list(methods)} | where
                for methods in (
                    ("gssapi", "oauth2", "password_encrypted", "password"),
                    ("password",),
                )
                for kind, where in (
                    ("imap", {"host": "imap.{domain}", "security": "none"}),
                    ("pop3", {"host": "m.test", "security": "starttls"}),
                    ("smtp", {"host": "m.test", "username": "{domain}\\{localpart}"}),
                    ("managesieve", {"host": "m.test"}),
                    *(
                        (web, {"url": "https://m.test/{email}"})
                        for web in ("caldav", "carddav", "webdav", "jmap", "activesync")
                    ),
                )
            ],
        }
    )
    yield from parse(raw).domains.values()


ALL = pytest.mark.parametrize("domain", list(domains()), ids=lambda domain: domain.name)


@pytest.mark.parametrize(
    "domain",
    [each for each in domains() if each.settings.mail_servers],
    ids=lambda domain: domain.name,
)
def test_autoconfig(domain: Domain) -> None:
    check(autoconfig.render(domain), AUTOCONFIG)
    for email in EMAILS:
        check(autoconfig.render(domain, address(email)), AUTOCONFIG)


@ALL
@pytest.mark.parametrize("email", EMAILS)
def test_pox(domain: Domain, email: str) -> None:
    if domain.name in ("tokens.test", "phones.test"):  # no server takes a password
        with pytest.raises(RequestError) as caught:
            autodiscover.render(domain, address(email))
        assert caught.value.error is Error.NO_OPTIONS
        return
    check(autodiscover.render(domain, address(email)), POX)


@ALL
@pytest.mark.parametrize("email", EMAILS)
def test_mobilesync(domain: Domain, email: str) -> None:
    redirect = domain.settings.redirect
    if domain.settings.active_sync or (redirect and redirect.kind == "address"):
        check(mobilesync.render(domain, address(email)), MOBILESYNC)
    else:
        with pytest.raises(RequestError) as caught:
            mobilesync.render(domain, address(email))
        assert caught.value.error is Error.NO_SCHEMA


@pytest.mark.parametrize("error", list(Error), ids=lambda error: error.name)
def test_pox_error(error: Error) -> None:
    check(autodiscover.render_error(error), POX_ERROR)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("2006a", "2006"),  # the namespace that other responders get wrong
        ("responseschema/2006\"", "responseschema/2006a\""),
        (">POP3<", ">POP<"),
        ("<SPA>off</SPA>", ""),
        ("<SPA>off</SPA>", "<SPA>on</SPA>"),
        ("<SSL>on</SSL>", "<SSL>true</SSL>"),
        ("<LoginName>user@example.test</LoginName>", ""),
        ("<Action>settings</Action>", "<Action>redirect</Action>"),
        ("<Port>993</Port>", "<Port>imaps</Port>"),
        (">SSL</Encryption>", ">STARTTLS</Encryption>"),
    ],
)  # fmt: skip
def test_pox_grammar_refuses(before: str, after: str) -> None:
    domain = parse(answers.configuration()).domains["example.test"]
    answer = autodiscover.render(domain, address("user@example.test")).decode()
    assert before in answer
    assert not POX[0].validate(etree.fromstring(answer.replace(before, after).encode()))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('version="1.2"', 'version="1.1"'),
        ('version="1.2"', 'version="1.3"'),
        ("clientConfig", "clientconfig"),
        (' purpose="mx"', ' purpose="MX"'),
        ("<socketType>SSL<", "<socketType>TLS<"),
        ("<port>993<", "<port>0<"),
        ("<port>993<", "<port>65536<"),
        ("%EMAILADDRESS%<", "{email}<"),
        ("password-cleartext", "plain"),
        (' system="http"', ""),
        ("addressbook", "addressBook"),
        ('type="carddav"', 'type="caldav"'),
        ("activeSync", "activesync"),
        ("<issuer>groupware.test</issuer>", ""),
        ("https://groupware.test/token", "http://groupware.test/token"),
        ('lang="en"', 'lang="!"'),
    ],
)
def test_autoconfig_grammar_refuses(before: str, after: str) -> None:
    domain = parse(answers.configuration()).domains["groupware.test"]
    answer = autoconfig.render(domain).decode()
    assert before in answer
    assert not AUTOCONFIG[0].validate(etree.fromstring(answer.replace(before, after).encode()))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("mobilesync/responseschema", "outlook/responseschema"),
        ("<EMailAddress>user@groupware.test</EMailAddress>", ""),
        (">MobileSync<", ">ActiveSync<"),
    ],
)
def test_mobilesync_grammar_refuses(before: str, after: str) -> None:
    domain = parse(answers.configuration()).domains["groupware.test"]
    answer = mobilesync.render(domain, address("user@groupware.test")).decode()
    assert before in answer
    assert not MOBILESYNC[0].validate(etree.fromstring(answer.replace(before, after).encode()))


@pytest.mark.parametrize(
    ("before", "after"),
    [(">600<", ">604<"), ("<DebugData/>", ""), ('Id="0"', ""), ('Time="', 'Time="2026-')],
)
def test_pox_error_grammar_refuses(before: str, after: str) -> None:
    answer = autodiscover.render_error(Error.BAD_REQUEST).decode()
    assert before in answer
    assert not POX_ERROR[0].validate(etree.fromstring(answer.replace(before, after).encode()))


def policies() -> dict[str, str]:
    """The definitions of the policies and their texts, by file."""
    by_srv = {"name": "srv.test", "provider": "gandi", "discovery": "srv"}
    configuration = parse({"domains": [by_srv], "generic_host": "autoconfig.hoster.test"})
    values = outlook.values(configuration, dict.fromkeys(outlook.AUTODISCOVER, 1))
    assert len({value.type for value in values}) == 2
    files = outlook_files.files(values)
    return {name: files[name].decode() for name in files if name.startswith("PolicyDefinitions/")}


@pytest.mark.parametrize("name", policies())
def test_policies(name: str) -> None:
    check(policies()[name].encode(), POLICIES)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("GroupPolicy/2006/07", "GroupPolicy"),
        ('class="User"', 'class="user"'),
        (r'key="Software\Policies', r'key="HKCU\Software\Policies'),
        ("$(string.MailAutoconfig)", "MailAutoconfig"),
        ('<decimal value="1"/>', "<decimal>1</decimal>"),
        ("<disabledValue><delete/></disabledValue>", ""),
        ('<parentCategory ref="MailAutoconfig"/>', ""),
    ],
)
def test_policies_grammar_refuses(before: str, after: str) -> None:
    definitions = policies()["PolicyDefinitions/mail-autoconfig.admx"]
    assert before in definitions
    changed = definitions.replace(before, after).encode()
    assert not POLICIES[0].validate(etree.fromstring(changed))
