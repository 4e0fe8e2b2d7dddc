"""The command `mail-autoconfig doctor`."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from contextlib import nullcontext
from datetime import UTC, datetime
from getpass import getpass
from pathlib import Path

import dns.resolver
from rich.console import Console
from rich.progress import Progress

from ..inventory import read as config
from ..inventory.addresses import Address, parse
from ..inventory.model import Configuration
from . import output_json
from .case import Case, Visits
from .data import Report, Severity
from .examine import examine_all
from .fetch import Fetcher
from .files import write
from .output_html import page
from .output_prometheus import metrics
from .output_table import show
from .resolve import Resolver

PASSWORD = "MAIL_AUTOCONFIG_PASSWORD"  # noqa: S105  # the variable's name
EXIT_CODES: dict[Severity, int] = {"ok": 0, "warning": 1, "error": 2}


def run(options: argparse.Namespace) -> int:
    """Examine what the options say; return 0, 1 for warnings, 2 for errors and a wrong call."""
    try:
        configuration = read_inventory(options.file) if options.file else None
    except config.ConfigurationError as error:
        for problem in error.problems:
            print(f"{options.file.name}: {problem}", file=sys.stderr)
        return 2
    asked: list[Address] = [*options.address, *options.domain]
    if configuration and not asked:
        asked = [parse(f"postmaster@{name}") for name in configuration.domains]
    if not asked:
        print("doctor: nobody to ask for: USER@DOMAIN, --domain or --inventory", file=sys.stderr)
        return 2
    if options.log_in and len(options.address) != 1:
        print("doctor: --log-in needs one USER@DOMAIN", file=sys.stderr)
        return 2
    password = None
    if options.log_in:
        password = os.environ.get(PASSWORD) or getpass(f"Password of {asked[0].email}: ")
    try:
        reports = asyncio.run(_examine(options, asked, configuration, password))
    except dns.resolver.NoResolverConfiguration:
        print("doctor: this system has no name server; give --name-server", file=sys.stderr)
        return 2
    except OSError as error:  # ssl.SSLError is one
        print(f"{options.ca}: no certificates: {error.strerror or error}", file=sys.stderr)
        return 2
    for path, text in (
        (options.html, page(reports, datetime.now(UTC)) if options.html else ""),
        (options.prometheus, metrics(reports, time.time()) if options.prometheus else ""),
    ):
        try:
            if path:
                write(path, text)
        except OSError as error:
            print(f"doctor: {path}: can't be written: {error.strerror}", file=sys.stderr)
            return 2
    if options.json:
        json.dump(output_json.document(reports), sys.stdout, indent=1)
        print()
    else:
        show(Console(highlight=False), reports, verbose=options.verbose)
    return max(EXIT_CODES[report.severity] for report in reports)


async def _examine(
    options: argparse.Namespace,
    asked: list[Address],
    configuration: Configuration | None,
    password: str | None,
) -> tuple[Report, ...]:
    resolver = Resolver(*(options.name_server or ()))
    fetcher = Fetcher(resolver, allow_private=options.allow_private, ca=options.ca)
    visits: Visits = {}
    cases = [
        Case(each.domain, each.email, fetcher, resolver, configuration, password, visits=visits)
        for each in asked
    ]
    console = Console(stderr=True)
    progress = Progress(console=console, transient=True)
    task = progress.add_task("Asking", total=len(cases))
    # Into a file even a bar that is disabled writes an empty line, in rich 13.3 of Debian 12.
    with progress if console.is_terminal else nullcontext():
        return await examine_all(cases, lambda _: progress.advance(task), options.at_once)


def read_inventory(path: Path) -> Configuration:
    """The configuration of a JSON file, or of the variables in a YAML file of group_vars.

    Raises config.ConfigurationError.
    """
    if path.suffix not in (".yml", ".yaml"):
        return config.load(path)
    import yaml

    try:
        raw = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise config.ConfigurationError([f"can't be read: {error}"]) from None
    keys = "domains", "providers", "generic_host"
    found = raw if isinstance(raw, dict) else {}
    return config.parse({key: found.get(f"autoconfig_{key}") for key in keys})
