"""What the parsers of several commands share.

The modules that add a command are light: what it needs is imported when it runs, so that
`mail-autoconfig check` needs the standard library alone.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TypeAlias

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
"""To what a command is added; argparse has no public name for it."""


def add_file(parser: argparse.ArgumentParser) -> None:
    """Let a command read a configuration: `options.file`."""
    parser.add_argument(
        "file",
        type=Path,
        metavar="FILE",
        help="the configuration: YAML or JSON, an inventory's file of domains too",
    )


def endpoint(text: str) -> tuple[str, int]:
    """Read `HOST:PORT`; an IPv6 address is in brackets. Raises ArgumentTypeError."""
    host, _colon, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 1 <= int(port) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT")
    return host.strip("[]"), int(port)
