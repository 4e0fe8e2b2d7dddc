"""How long a run of the sources takes: `python -m bench.sources`, in tests, with src in PYTHONPATH.

100,000 domains in a database, without log-in names and with 1,000,000; nothing changed, one domain
added. In processes of their own, as the timer starts them; nothing is asserted.
"""

from __future__ import annotations

import json
import resource
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

DOMAINS = 100_000
LOGINS = 10  # for each domain
SERVERS = [{"type": "imap", "host": "imap.acme.test"}, {"type": "smtp", "host": "smtp.acme.test"}]
TABLES = """
CREATE TABLE domain (domain TEXT, active INTEGER, backupmx INTEGER);
CREATE TABLE alias_domain (alias_domain TEXT, target_domain TEXT, active INTEGER);
CREATE TABLE mailbox (username TEXT PRIMARY KEY, active INTEGER);
CREATE TABLE alias (address TEXT, goto TEXT, active INTEGER);
"""


def fill(path: Path, logins: int) -> None:
    """Make a database as PostfixAdmin's: for each domain a mailbox, and aliases of it."""
    names = [f"customer{number}.test" for number in range(DOMAINS)]
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(TABLES)
        connection.executemany("INSERT INTO domain VALUES (?, 1, 0)", ((name,) for name in names))
        connection.executemany(
            "INSERT INTO mailbox VALUES (?, 1)", ((f"camille@{name}",) for name in names)
        )
        connection.executemany(
            "INSERT INTO alias VALUES (?, ?, 1)",
            (
                (f"alias{number}@{name}", f"camille@{name}")
                for name in names
                for number in range(logins)
            ),
        )
        connection.commit()


def change(path: Path, name: str) -> None:
    """Add a domain."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("INSERT INTO domain VALUES (?, 1, 0)", (name,))
        connection.commit()


def run(directory: Path) -> str:
    """Do a run; say its seconds, those of the processor, and the largest process's MiB so far."""
    paths = {
        "settings": "sources.json",
        "configuration": "config.json",
        "state": "state",
        "store": "store/domains.store",
    }
    options = [text for name, path in paths.items() for text in (f"--{name}", directory / path)]
    begun, computed = time.perf_counter(), processor()
    command = [sys.executable, "-m", "mail_autoconfig", "sources", "update", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    took = time.perf_counter() - begun
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    said = (done.stdout + done.stderr).strip()
    return f"{took:.1f} s, computing {processor() - computed:.1f} s, {memory:.0f} MiB; {said}"


def processor() -> float:
    """Seconds that the processes of all runs have computed."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def write(path: Path, raw: Any) -> None:
    """Write a file of JSON."""
    path.write_text(json.dumps(raw), "utf-8")


def measure(logins: int) -> None:
    """Print the figures of a source with this many aliases for each domain."""
    with TemporaryDirectory() as name:
        directory = Path(name)
        for part in ("state", "store"):
            (directory / part).mkdir()
        database = directory / "postfixadmin.db"
        fill(database, logins)
        acme, host = {"servers": SERVERS}, "generic.acme.test"
        raw = {"domains": [], "providers": {"acme": acme}, "generic_host": host, "sources": True}
        write(directory / "config.json", raw)
        source = {
            "name": "customers",
            "type": "sql",
            "url": f"sqlite:///{database}",
            "preset": "postfixadmin",
            "logins": bool(logins),
            "timeout": 600,
            "domain": {"provider": "acme"},
        }
        write(directory / "sources.json", {"sources": [source]})
        for what in ("first run", "nothing changed", "one domain more"):
            if what == "one domain more":
                change(database, "new.test")
            print(f"{what}: {run(directory)}", flush=True)


def sources() -> None:
    """Print all figures."""
    for logins in (0, LOGINS):
        print(f"{DOMAINS} domains, {DOMAINS * logins} log-in names")
        measure(logins)


if __name__ == "__main__":
    sources()
