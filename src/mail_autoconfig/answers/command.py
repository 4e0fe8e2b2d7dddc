"""The command `mail-autoconfig snippet`."""

from __future__ import annotations

import argparse

from ..arguments import Commands, add_file
from ..inventory.file import load
from .snippets import KINDS, render


def add_command(commands: Commands) -> None:
    """Add `snippet`."""
    snippet = commands.add_parser(
        "snippet", help="print the rules for a web server that serves the domains themselves"
    )
    snippet.add_argument("kind", choices=KINDS, help="which server")
    add_file(snippet)
    snippet.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Print the rules. Raises ConfigurationError."""
    print(render(options.kind, load(options.file)), end="")
    return 0
