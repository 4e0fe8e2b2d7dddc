"""Settings of sources, and what they give."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from mail_autoconfig.inventory.fields import ConfigurationError
from mail_autoconfig.sources.collect import Collected, collect, lines
from mail_autoconfig.sources.reading import Readers, Reading
from mail_autoconfig.sources.rows import Secret, SourceError
from mail_autoconfig.sources.settings import Source, parse

ACME = {"provider": "acme"}
SRV = {"discovery": "srv"}
SERVERS = [
    {"type": "imap", "host": "imap.acme.example"},
    {"type": "smtp", "host": "smtp.acme.example"},
]
PROVIDERS: dict[str, Any] = {"acme": {"servers": SERVERS}}
TABLES = (
    "CREATE TABLE domain (domain TEXT, extra TEXT); CREATE TABLE login (address TEXT, name TEXT);"
)


def raw(**keys: Any) -> dict[str, Any]:
    """A source of SQL as a user writes it."""
    usual = {
        "name": "customers",
        "type": "sql",
        "url": "sqlite:////nowhere.db",
        "domains": "SELECT domain FROM domain",
        "domain": ACME,
    }
    return {key: value for key, value in {**usual, **keys}.items() if value is not None}


def source(**keys: Any) -> Source:
    (found,) = parse([raw(**keys)])
    return found


def problems(*sources: Any) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        parse(list(sources))
    return caught.value.problems


def read_all(
    sources: Sequence[Source], secrets: Mapping[str, Secret], state: Path
) -> dict[str, Reading]:
    """Read sources, each in a process of its own, and wait for all."""
    with closing(Readers(secrets, state)) as readers:
        readers.begin(sources)
        readers.wait(math.inf, for_all=True)
        return readers.results()


def database(path: Path, script: str, *rows: Sequence[Any]) -> str:
    """Make a SQLite file, with rows of `domain`; return its URL."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)
        connection.executemany("INSERT INTO domain (domain) VALUES (?)", rows)
        connection.commit()
    return f"sqlite:///{path}"


def collected(of: Source, secret: Secret | None = None) -> Collected:
    """Read a source in this process."""
    reader = import_module(f"mail_autoconfig.sources.readers.{of.type}")
    with reader.opened(of, secret or {}) as ask:
        return collect(of, ask)


def failure(of: Source, secret: Secret | None = None) -> str:
    with pytest.raises(SourceError) as caught:
        collected(of, secret)
    return str(caught.value)


def logins(found: Collected) -> dict[str, Mapping[str, str]]:
    """The log-in names of each domain that has some."""
    return {name: each for name, _extras, _target, each in lines(found) if each}
