"""The command `mail-autoconfig check`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from ..arguments import Commands, add_file
from .file import load


def add_command(commands: Commands, sources: Callable[[Path], int]) -> None:
    """Add `check`; `sources` checks those that stand in the file, and says how many there are."""
    check = commands.add_parser("check", help="check a configuration file")
    add_file(check)
    check.set_defaults(command=run, sources=sources)


def run(options: argparse.Namespace) -> int:
    """Say how many domains a configuration has, after its warnings. Raises ConfigurationError."""
    configuration = load(options.file, images=True)
    for warning in configuration.warnings:
        print(f"{options.file.name}: warning: {warning}", file=sys.stderr)
    said = _count(len(configuration), "domain")
    if sources := options.sources(options.file):
        said += f", {_count(sources, 'source')}"
    print(f"{options.file.name}: {said}, all right")
    return 0


def _count(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"
