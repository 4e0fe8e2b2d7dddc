"""The command `mail-autoconfig check`."""

from __future__ import annotations

import argparse
import sys

from ..arguments import Commands, add_file
from .file import load


def add_command(commands: Commands) -> None:
    """Add `check`."""
    check = commands.add_parser("check", help="check a configuration file")
    add_file(check)
    check.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Say how many domains a configuration has, after its warnings. Raises ConfigurationError."""
    configuration = load(options.file, images=True)
    for warning in configuration.warnings:
        print(f"{options.file.name}: warning: {warning}", file=sys.stderr)
    count = len(configuration)
    print(f"{options.file.name}: {count} domain{'s' * (count != 1)}, all right")
    return 0
