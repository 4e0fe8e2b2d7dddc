"""Raw configurations to break, and what the validator says of them."""

from __future__ import annotations

from typing import Any

import pytest

from mail_autoconfig.inventory.read import ConfigurationError, parse

DOMAIN = {"name": "example.com", "provider": "gandi"}
SERVER = {"type": "imap", "host": "mail.example.com"}
SMTP = {"type": "smtp", "host": "mail.example.com"}
OAUTH2: dict[str, Any] = {
    "issuer": "login.example.com",
    "scope": ["mail", "dav"],
    "auth_url": "https://login.example.com/auth",
    "token_url": "https://login.example.com/token",
}
PAGE = {"url": "https://help.example.com/", "text": {"en": "Help", "de-AT": "Hilfe"}}


def problems(raw: Any) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        parse(raw)
    return caught.value.problems


def domain(**keys: Any) -> dict[str, Any]:
    return {"domains": [DOMAIN | keys]}


def own(**keys: Any) -> dict[str, Any]:
    return {"domains": [{"name": "example.com", "servers": [SERVER, SERVER | keys, SMTP]}]}


def provider(**keys: Any) -> dict[str, Any]:
    return {"domains": [DOMAIN], "providers": {"acme": {"servers": [SERVER, SMTP]} | keys}}
