"""The command `mail-autoconfig metrics`: root takes what a service with fewer rights wrote.

The directory of node_exporter's text files is root's. Who has taken such a service over must not
get at root by what it leaves to be taken, nor stop node_exporter.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from .arguments import Commands
from .host import open_regular, replace_file

LARGEST = 64 * 1024 * 1024
"""Octets: some thousands of domains have a tenth of it."""
_OURS = b"mail_autoconfig_"
_BEGINNINGS = _OURS, b"# HELP " + _OURS, b"# TYPE " + _OURS


class MetricsError(Exception):
    """What is there is not taken; the text says why."""


def add_command(commands: Commands) -> None:
    """Add `metrics`."""
    parser = commands.add_parser("metrics", help="let root take the metrics of another account")
    parser.add_argument("file", type=Path, metavar="FILE", help="what that account wrote")
    parser.add_argument(
        "target", type=Path, metavar="TARGET", help="where it goes, if its directory exists"
    )
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Take a file over; 1 and a line if it is not taken."""
    try:
        if options.target.parent.is_dir():
            replace_file(options.target, taken(options.file))
    except (OSError, MetricsError) as error:
        why = getattr(error, "strerror", None) or error
        print(f"metrics: {options.file}: {why}", file=sys.stderr)
        return 1
    return 0


def taken(path: Path) -> bytes:
    """The metrics in a file of the account that its directory belongs to.

    Neither a link is followed, nor another's file read that is linked there, nor a pipe waited for.
    Raises OSError, MetricsError.
    """
    with open_regular(path) as file:
        if os.fstat(file.fileno()).st_uid != path.parent.stat().st_uid:
            raise MetricsError("of another account than its directory")
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise MetricsError(f"over {LARGEST} octets")
    if not all(line.startswith(_BEGINNINGS) for line in content.splitlines()):
        raise MetricsError(f"not only metrics called {_OURS.decode()}…")
    return content
