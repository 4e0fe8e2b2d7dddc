from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from mail_autoconfig.answers import pacc
from mail_autoconfig.inventory.model import Domain
from mail_autoconfig.inventory.read import parse


def domain(**keys: Any) -> Domain:
    raw = {"domains": [{"name": "example.com", "pacc": True} | keys]}
    return parse(raw).domains["example.com"]


def document(**keys: Any) -> dict[str, Any]:
    found = json.loads(pacc.render(domain(**keys)))
    assert isinstance(found, dict)
    return found


def test_whole_document() -> None:
    servers = [
        {"type": "imap", "host": "imap.{domain}"},
        {"type": "imap", "host": "second.example.com"},
        {"type": "smtp", "host": "smtp.example.com", "authentication": ["oauth2", "password"]},
        {"type": "pop3", "host": "pop.example.com"},
        {"type": "caldav", "url": "https://{domain}/dav/"},
        {"type": "jmap", "url": "https://jmap.example.com/session"},
    ]
    issuer = "https://id.example.com/"
    found = document(
        servers=servers,
        display_name="Größe & Co",
        short_name="Größe",
        documentation=[{"url": "https://help.example.com/", "text": {"en": "Help"}}],
        oauth2={
            "issuer": issuer,
            "scope": "mail",
            "auth_url": "https://id.example.com/a",
            "token_url": "https://id.example.com/t",
        },
    )
    assert found == {
        "protocols": {
            "imap": {"host": "imap.example.com"},
            "pop3": {"host": "pop.example.com"},
            "smtp": {"host": "smtp.example.com"},
            "submit": {"host": "smtp.example.com"},
            "caldav": {"url": "https://example.com/dav/"},
            "jmap": {"url": "https://jmap.example.com/session"},
        },
        "authentication": {"password": True, "oauth-public": {"issuer": issuer}},
        "info": {
            "provider": {"name": "Größe & Co", "shortName": "Größe"},
            "help": {"documentation": "https://help.example.com/"},
        },
    }


def test_what_the_format_can_not_say_is_left_out() -> None:
    servers = [
        {"type": "imap", "host": "a.example.com", "security": "starttls"},
        {"type": "smtp", "host": "b.example.com", "port": 10465, "security": "tls"},
        {"type": "managesieve", "host": "c.example.com"},
        {"type": "caldav", "url": "https://dav.example.com:8443/"},
        {"type": "carddav", "url": "https://dav.example.com/{localpart}/"},
        {"type": "activesync", "url": "https://eas.example.com/"},
    ]
    found = document(servers=servers)
    assert found["protocols"] == {}
    assert found["authentication"] == {"password": False}


def test_oauth2_alone() -> None:
    more = {"host": "a.example.com", "authentication": "oauth2"}
    servers = [{"type": kind} | more for kind in ("imap", "smtp")]
    assert document(servers=servers)["authentication"] == {"password": False}


def test_record_holds_the_digest_of_what_is_served() -> None:
    body = pacc.render(domain(provider="gandi"))
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    assert pacc.txt_record(domain(provider="gandi")) == f"v=UAAC1; a=sha256; d={digest}"
    assert pacc.txt_record(domain(provider="ovh")) != pacc.txt_record(domain(provider="gandi"))
