"""The command `mail-autoconfig check`."""

from __future__ import annotations

import argparse

from ..arguments import Commands, add_file
from .read import load


def add_command(commands: Commands) -> None:
    """Add `check`."""
    check = commands.add_parser("check", help="check a configuration file")
    add_file(check)
    check.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Say how many domains a configuration has. Raises ConfigurationError."""
    count = len(load(options.file))
    print(f"{options.file.name}: {count} domain{'s' * (count != 1)}, all right")
    return 0
