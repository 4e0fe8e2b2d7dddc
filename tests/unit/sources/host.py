"""A host with sources, below a directory of a test."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy.dialects.sqlite  # noqa: F401 (so that no reader's process imports it itself)

from mail_autoconfig.sources.rows import Secret
from mail_autoconfig.sources.update import Paths, Step, update
from mail_autoconfig.store.read import Store

from .samples import PROVIDERS, TABLES, database, raw


@dataclass
class Host:
    """Its files; `now` is its clock."""

    directory: Path
    now: float = 1_800_000_000
    secrets: Mapping[str, Secret] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("state", "store", "metrics"):
            (self.directory / name).mkdir()
        self.configure()
        self.read_from(raw(url=self.has()))

    @property
    def paths(self) -> Paths:
        """Those of a run."""
        return Paths(
            self.directory / "sources.json",
            self.directory / "config.json",
            self.directory / "secrets",
            self.directory / "store/domains.store",
            self.directory / "state",
            self.directory / "metrics",
        )

    def options(self, *names: str) -> list[str]:
        """The same for the command line."""
        return [text for name in names for text in (f"--{name}", str(getattr(self.paths, name)))]

    def configure(self, *domains: str, **keys: Any) -> None:
        """Write the inventory."""
        listed = [{"name": name, "provider": "acme"} for name in domains]
        usual = {"providers": PROVIDERS, "generic_host": "auto.example"}
        written = {"domains": listed, **usual, **keys}
        self.paths.configuration.write_text(json.dumps(written))

    def read_from(self, *sources: Any) -> None:
        """Write the settings of the sources."""
        self.paths.settings.write_text(json.dumps({"sources": sources}))

    def has(self, *names: Any, file: str = "customers.db") -> str:
        """Let a database have these domains and no others; return its URL."""
        path = self.directory / file
        path.unlink(missing_ok=True)
        return database(path, TABLES, *((name,) for name in names))

    def hangs(self, **keys: Any) -> dict[str, Any]:
        """A source that hangs until somebody writes into the file `fifo`."""
        fifo = self.directory / "fifo"
        os.mkfifo(fifo)  # whoever opens it waits
        query = {"path": str(fifo), "pattern": "(?P<domain>.+)"}
        return raw(type="file", url=None, domains=query, **keys)

    def knows(self, *logins: tuple[Any, Any], file: str = "customers.db") -> None:
        """Let it have log-in names too."""
        with closing(sqlite3.connect(self.directory / file)) as connection:
            connection.executemany("INSERT INTO login VALUES (?, ?)", logins)
            connection.commit()

    def run(self, *accepted: str, later: float = 60) -> list[str]:
        """Do one run; return what is said."""
        self.now += later
        return [line for step in self.steps(accepted) for line in news(step)]

    def steps(self, accepted: Collection[str] = ()) -> Iterator[Step]:
        return update(self.paths, self.secrets, accepted, lambda: self.now)

    @property
    def domains(self) -> dict[str, str]:
        """What the store has: domain -> source."""
        return {each.name: each.source for each in Store(self.paths.store).entries()}

    @property
    def logins(self) -> dict[str, Mapping[str, str]]:
        return {each.name: each.logins for each in Store(self.paths.store).entries() if each.logins}

    @property
    def inode(self) -> int:
        return self.paths.store.stat().st_ino


def news(step: Step) -> list[str]:
    """What is wrong after a step, as far as it is not from before."""
    return [line.text for line in step.lines() if not line.is_good and not line.is_old]
