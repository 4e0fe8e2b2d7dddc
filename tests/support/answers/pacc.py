"""PACC's document."""

from __future__ import annotations

import json

from .base import Case, Expectation, Reply, refused

PACC = "/.well-known/user-agent-configuration.json"


def pacc(name: str, host: str) -> Expectation:
    """A PACC document of the provider `name` with one host for all."""

    def expect(reply: Reply) -> None:
        assert reply.status == 200
        assert reply.headers["content-type"] == "application/json"
        found = json.loads(reply.body)
        assert found["info"]["provider"]["name"] == name
        assert found["authentication"] == {"password": True}
        assert found["protocols"] == {
            key: {"host": host} for key in ("imap", "pop3", "smtp", "submit")
        }

    return expect


def cases(suffix: str) -> list[Case]:
    domain, corp_domain = f"example.{suffix}", f"corp.{suffix}"
    return [
        Case("PACC", "GET", f"ua-auto-config.{domain}", PACC, pacc("Gandi Mail", "mail.gandi.net")),
        Case("PACC that is not asked for", "GET", f"autoconfig.{corp_domain}", PACC, refused(404)),
    ]
