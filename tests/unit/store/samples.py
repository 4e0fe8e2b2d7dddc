"""Entries of a store, and questions to it."""

from __future__ import annotations

from typing import Any

from mail_autoconfig.store.entry import Entry

SERVERS = [{"type": "imap", "host": "imap.{domain}"}, {"type": "smtp", "host": "smtp.{domain}"}]
PROVIDERS: dict[str, Any] = {"acme": {"servers": SERVERS}}
ACME = {"provider": "acme", "discovery": "srv"}


def entry(name: str, *, source: str = "customers", **keys: Any) -> Entry:
    logins = keys.pop("logins", {})
    return Entry(name, source, {**ACME, **keys}, logins)
