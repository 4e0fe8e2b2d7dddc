from __future__ import annotations

import pytest

from mail_autoconfig.imports.draft import SourceError
from mail_autoconfig.imports.mailcow import domains_of, is_list, read

from .ends import by_config, inventory, rendered
from .test_mozilla import document

USER = "anna@example.com"
VARIABLES = {
    "MAILCOW_HOSTNAME": "mail.example.com",
    "IMAPS_PORT": "993",
    "IMAP_PORT": "127.0.0.1:143",
    "POPS_PORT": "995",
    "POP_PORT": "110",
    "SMTPS_PORT": "4465",
    "SUBMISSION_PORT": "587",
}
DOMAINS = [
    {"domain_name": "example.com", "active": 1, "backupmx": 0},
    {"domain_name": "off.example", "active": "0", "backupmx": "0"},
    {"domain_name": "backup.example", "active": 1, "backupmx": 1},
]


def server(element: str, type_: str, port: int, socket: str) -> str:
    return (
        f'<{element} type="{type_}"><hostname>mail.example.com</hostname><port>{port}</port>'
        f"<socketType>{socket}</socketType><username>%EMAILADDRESS%</username>"
        f"<authentication>password-cleartext</authentication></{element}>"
    )


ANSWER = document(
    server("incomingServer", "imap", 993, "SSL")
    + server("incomingServer", "imap", 143, "STARTTLS")
    + server("incomingServer", "pop3", 995, "SSL")
    + server("incomingServer", "pop3", 110, "STARTTLS")
    + server("outgoingServer", "smtp", 4465, "SSL")
    + server("outgoingServer", "smtp", 587, "STARTTLS")
)


def test_round_trip() -> None:
    source = read(VARIABLES, ("example.com",))
    imported = inventory(source)
    mail = tuple(
        each
        for each in by_config(rendered(imported, USER)[0], USER)
        if each.type in ("imap", "pop3", "smtp")
    )
    assert mail == by_config(ANSWER, USER)
    settings = imported.domains["example.com"].settings
    assert {web.type for web in settings.web_servers} == {"caldav", "carddav", "activesync"}
    assert settings.webmail == "https://mail.example.com/SOGo/"
    assert source.left == (
        "Outlook gets ActiveSync from mailcow's own Autodiscover, and IMAP here",
    )


def test_without_sogo() -> None:
    source = read(VARIABLES | {"SKIP_SOGO": "y"}, ("example.com",))
    settings = inventory(source).domains["example.com"].settings
    assert (settings.web_servers, settings.webmail) == ((), None)


def test_other_port_of_https() -> None:
    source = read(VARIABLES | {"HTTPS_PORT": "8443"}, ("example.com",))
    settings = inventory(source).domains["example.com"].settings
    assert settings.webmail == "https://mail.example.com:8443/SOGo/"


def test_domains_of_the_api() -> None:
    found, left = domains_of(DOMAINS)
    assert found == ("example.com",)
    assert left == (
        "off.example: not active in mailcow, so it is left out",
        "backup.example: a backup MX without mailboxes, so it is left out",
    )
    assert domains_of({"alias_domain": "a.test", "target_domain": "b.test"})[0] == ("a.test",)


@pytest.mark.parametrize("raw", [None, [], {}, [1], [{"name": "x"}], "x", {"servers": []}])
def test_other_json(raw: object) -> None:
    assert not is_list(raw)
    assert is_list(DOMAINS)


def test_no_domain() -> None:
    with pytest.raises(SourceError, match=r"give the JSON of its API .* or --domain"):
        read(VARIABLES, ())
