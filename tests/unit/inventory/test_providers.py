"""The built-in providers: each figure has a source, and none is put in a wrong place."""

from __future__ import annotations

import tomllib
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import mail_autoconfig
from mail_autoconfig.inventory.model import Redirect
from mail_autoconfig.inventory.read import built_in_providers
from support.answers import GANDI, MICROSOFT_AUTODISCOVER

FILES = sorted(
    Path(mail_autoconfig.__file__).parent.joinpath("inventory", "providers").glob("*.toml")
)
PORTS = {
    ("imap", "tls"): {993},
    ("pop3", "tls"): {995},
    ("smtp", "tls"): {465},
    ("smtp", "starttls"): {587},
}


def test_all_are_there() -> None:
    assert {file.stem for file in FILES} == set(built_in_providers()) == {
        *("fastmail", "gandi", "google", "infomaniak", "ionos", "mailbox_org"),
        *("microsoft365", "ovh"),
    }  # fmt: skip


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_provider(file: Path) -> None:
    source = urlsplit(tomllib.loads(file.read_text("utf-8"))["source"])
    assert (source.scheme, bool(source.netloc)) == ("https", True)
    settings = built_in_providers()[file.stem]
    assert settings.display_name
    assert settings.short_name
    assert {"imap", "smtp"} <= {server.type for server in settings.servers}
    for server in settings.servers:
        assert server.port in PORTS[server.type, server.security]


def test_gandi() -> None:
    found = [
        (server.type, server.host, server.port, server.security)
        for server in built_in_providers()["gandi"].servers
    ]
    assert tuple(found) == GANDI


def test_exchange_is_left_to_microsoft() -> None:
    redirects = {name: found.redirect for name, found in built_in_providers().items()}
    leading = {name: redirect for name, redirect in redirects.items() if redirect}
    assert leading == {"microsoft365": Redirect("url", MICROSOFT_AUTODISCOVER)}


def test_a_client_that_can_asks_for_a_token_first() -> None:
    """Whoever offers OAuth2 says where, and no other."""
    for found in built_in_providers().values():
        methods = {server.authentication[0] for server in found.mail_servers}
        assert methods == ({"oauth2"} if found.oauth2 else {"password"})
