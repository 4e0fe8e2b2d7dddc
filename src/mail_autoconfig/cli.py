"""The command line: `mail-autoconfig check | serve | certificates | verify | …`.

Each command's arguments and what it runs are in a light module beside its own code.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from . import __version__, metrics
from .answers import command as answers
from .certificates import command as certificates
from .doctor import arguments as doctor
from .imports import arguments as imports
from .inventory import command as inventory
from .inventory.read import ConfigurationError
from .issuer import command as issuer
from .server import command as server
from .sites import command as sites
from .sources import arguments as sources
from .verify import command as verify
from .zones import command as zones


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code: 0, 1 for what is wrong, 2 for a wrong call."""
    options = parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except ConfigurationError as error:
        for problem in error.problems:
            print(f"{options.file.name}: {problem}", file=sys.stderr)
        return 1


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands; the man page and the completion are made from it."""
    whole = argparse.ArgumentParser(
        prog="mail-autoconfig", description="Automatic set-up of mail clients for mail domains."
    )
    whole.add_argument("--version", action="version", version=__version__)
    commands = whole.add_subparsers(required=True, metavar="COMMAND")
    server.add_command(commands)
    inventory.add_command(commands, sources.check_inventory)
    verify.add_command(commands)
    answers.add_command(commands)
    zones.add_command(commands)
    certificates.add_commands(commands)
    issuer.add_command(commands)
    doctor.add_command(commands)
    imports.add_command(commands)
    sources.add_command(commands)
    metrics.add_command(commands)
    sites.add_command(commands)
    return whole
