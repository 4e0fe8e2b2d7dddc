from __future__ import annotations

import pytest

from mail_autoconfig.imports.draft import SourceError
from mail_autoconfig.imports.monogramm import read

from .ends import by_config, inventory, rendered
from .test_mozilla import document

USER = "anna@example.com"
VARIABLES = {
    "DOMAIN": "example.com",
    "COMPANY_NAME": "Acme",
    "SUPPORT_URL": "https://example.com/help",
    "IMAP_HOST": "imap.example.com",
    "IMAP_PORT": "993",
    "IMAP_SOCKET": "SSL",
    "SMTP_HOST": "smtp.example.com",
    "SMTP_PORT": "587",
    "SMTP_SOCKET": "STARTTLS",
}


def server(element: str, type_: str, port: int, socket: str) -> str:
    return (
        f'<{element} type="{type_}"><hostname>{type_}.example.com</hostname><port>{port}</port>'
        f"<socketType>{socket}</socketType><authentication>password-cleartext</authentication>"
        f"<username>%EMAILADDRESS%</username></{element}>"
    )


ANSWER = document(
    server("incomingServer", "imap", 993, "SSL") + server("outgoingServer", "smtp", 587, "STARTTLS")
)


def test_round_trip() -> None:
    source = read(VARIABLES)
    imported = inventory(source)
    assert by_config(rendered(imported, USER)[0], USER) == by_config(ANSWER, USER)
    domain = imported.domains["example.com"]
    assert domain.display_name == "Acme"
    assert domain.settings.documentation[0].url == "https://example.com/help"
    assert source.left == ()


def test_what_can_not_be_taken_over_is_said() -> None:
    more = {"LDAP_HOST": "ldap", "PROFILE_UUID": "1", "POP_HOST": "p.test", "POP_SOCKET": "TLS"}
    source = read(VARIABLES | more)
    assert [line.partition(":")[0] for line in source.left] == [
        "LDAP_HOST",
        "PROFILE_UUID",
        "POP_SOCKET TLS",
    ]
    servers = inventory(source).domains["example.com"].settings.servers
    assert [each.security for each in servers if each.type == "pop3"] == ["tls"]


def test_active_sync_and_several_domains() -> None:
    variables = VARIABLES | {"DOMAIN": "a.test, b.test", "MOBILESYNC_URL": "https://eas.test/x"}
    found = inventory(read(variables)).domains
    assert [*found] == ["a.test", "b.test"]
    assert found["a.test"].service_url("activesync") == "https://eas.test/x"
    assert [*inventory(read(VARIABLES, ("c.test",))).domains] == ["c.test"]


def test_no_domain() -> None:
    with pytest.raises(SourceError, match="no DOMAIN in it"):
        read({"IMAP_HOST": "x"})
