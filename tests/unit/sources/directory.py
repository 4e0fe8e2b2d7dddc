"""A directory in memory, by ldap3's own double, in the place of a server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from ldap3 import MOCK_SYNC, NONE, Connection, Server

from mail_autoconfig.sources.readers import ldap


def directory(monkeypatch: pytest.MonkeyPatch, entries: Sequence[Mapping[str, Any]]) -> Connection:
    """Let the reader connect to these entries, below dc=test."""
    connection = Connection(
        Server("mock", get_info=NONE), client_strategy=MOCK_SYNC, raise_exceptions=True
    )
    for number, entry in enumerate(entries):
        connection.strategy.add_entry(f"cn=e{number},dc=test", {"cn": f"e{number}", **entry})
    connection.bind()
    monkeypatch.setattr(ldap, "connect", lambda _source, _secret: connection)
    return connection
