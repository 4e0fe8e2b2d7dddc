"""The command `mail-autoconfig doctor`."""

from __future__ import annotations

import argparse
import asyncio
import math
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime
from getpass import getpass
from pathlib import Path
from typing import Any, BinaryIO

import dns.resolver
from rich.console import Console
from rich.progress import Progress

from ..host import replace_file
from ..inventory.addresses import Address, parse
from ..inventory.file import load
from ..inventory.model import Configuration
from ..inventory.read import ConfigurationError
from ..store.file import StoreError
from ..store.join import FEW, joined
from .case import Case, Visits
from .changes import Former, FormerError
from .collected import Collected
from .data import Report
from .examine import examine_all
from .fetch import Fetcher
from .order import Accepted
from .output_html import page
from .output_table import show
from .resolve import Resolver
from .sockets import OwnTroubleError, allow_many

PASSWORD = "MAIL_AUTOCONFIG_PASSWORD"  # noqa: S105  # the variable's name


class CallError(Exception):
    """A call that can't be carried out; the text says why, in one line or more."""


def run(options: argparse.Namespace) -> int:
    """Examine what the options say; return 0, 1 for warnings, 2 for errors and a wrong call."""
    allow_many()
    try:
        file, store = options.file, options.store
        configuration = _configuration(file, store) if file else None
        former = _former(options)
        asked = _asked(options, configuration, former)
        password = _password(asked[0]) if options.log_in else None
        cases = _cases(options, asked, configuration, password)
        complete = options.verbose or bool(options.html)
        addresses = [each.email for each in asked]
        with Collected(addresses, document=options.json, complete=complete) as collected:
            asyncio.run(_examine(cases, len(asked), collected, options))
            collected.end(former, carry=options.within is not None)
            _write_files(options, collected)
            _print(options, collected)
    except CallError as error:
        print(error, file=sys.stderr)
        return 2
    except (OwnTroubleError, FormerError) as error:
        print(f"doctor: {error}", file=sys.stderr)
        return 2
    return collected.exit_code


def _print(options: argparse.Namespace, collected: Collected) -> None:
    if collected.document:
        shutil.copyfileobj(collected.document.text, sys.stdout)
        return
    show(
        Console(highlight=False),
        collected.reports,
        verbose=options.verbose,
        changes=collected.changes,
        waiting=collected.waiting,
    )


def _former(options: argparse.Namespace) -> Former | None:
    """The run of `--since`, if there was one.

    Raises FormerError, but not for a file that `--keep` replaces.
    """
    if not options.since or not options.since.exists():
        return None
    try:
        return Former(options.since)
    except FormerError as error:
        if options.keep != options.since:
            raise
        print(f"doctor: {error}; it is replaced", file=sys.stderr)
        return None


def _configuration(file: Path, store: Path | None) -> Configuration:
    try:
        configuration = load(file)
        return joined(configuration, store, FEW) if store else configuration
    except ConfigurationError as error:
        lines = (f"{file.name}: {problem}" for problem in error.problems)
        raise CallError("\n".join(lines)) from None
    except StoreError as error:
        raise CallError(f"{store}: {error}") from None


def _asked(
    options: argparse.Namespace, configuration: Configuration | None, former: Former | None
) -> list[Address]:
    """The addresses to examine, one at least; those that wait the longest come first."""
    asked: list[Address] = [*options.address, *options.domain]
    if configuration and not asked:
        asked = [parse(f"postmaster@{name}") for name in configuration.domains]
    if not asked:
        raise CallError("doctor: no domain to examine; give USER@DOMAIN, --domain or --inventory")
    if options.log_in and len(options.address) != 1:
        raise CallError("doctor: --log-in needs one USER@DOMAIN")
    if former and options.within is not None:
        asked.sort(key=lambda each: former.examined.get(each.email, ""))
    return asked


def _password(address: Address) -> str:
    return os.environ.get(PASSWORD) or getpass(f"Password of {address.email}: ")


def _cases(
    options: argparse.Namespace,
    asked: list[Address],
    configuration: Configuration | None,
    password: str | None,
) -> Iterator[Case]:
    """A case for each address, made when its turn comes."""
    try:
        resolver, fetcher = askers(options)
    except CallError as error:
        raise CallError(f"doctor: {error}") from None
    visits: Visits = {}
    accepted = tuple(Accepted(*each) for each in options.ignore)
    return (
        Case(
            each.domain,
            each.email,
            fetcher,
            resolver,
            configuration,
            password,
            visits=visits,
            accepted=accepted,
        )
        for each in asked
    )


def askers(options: argparse.Namespace) -> tuple[Resolver, Fetcher]:
    """What asks name servers and web servers, as the options of `add_network` say.

    Raises CallError.
    """
    try:
        resolver = Resolver(*(options.name_server or ()))
        return resolver, Fetcher(resolver, allow_private=options.allow_private, ca=options.ca)
    except dns.resolver.NoResolverConfiguration:
        raise CallError("this system has no name server; give --name-server") from None
    except OSError as error:  # ssl.SSLError is one
        why = error.strerror or error
        raise CallError(f"{options.ca}: no certificates: {why}") from None


async def _examine(
    cases: Iterator[Case], count: int, collected: Collected, options: argparse.Namespace
) -> None:
    asyncio.get_running_loop().set_exception_handler(_quiet)
    until = math.inf if options.within is None else time.monotonic() + options.within
    console = Console(stderr=True)
    progress = Progress(console=console, transient=True)
    task = progress.add_task("Asking", total=count)

    def take(report: Report) -> None:
        collected.take(report)
        progress.advance(task)

    # Into a file even a bar that is disabled writes an empty line, in rich 13.3 of Debian 12.
    with progress if console.is_terminal else nullcontext():
        await examine_all(cases, take, options.at_once, until)


def _quiet(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Leave what many tasks meet at once to the one line that `run` prints."""
    if not isinstance(context.get("exception"), OwnTroubleError):
        loop.default_exception_handler(context)


def _write_files(options: argparse.Namespace, collected: Collected) -> None:
    if options.keep:
        _write(options.keep, collected.kept.file)
    if options.html:
        _write(options.html, page(collected.reports, datetime.now(UTC)))
    if options.prometheus:
        with tempfile.TemporaryFile() as file:
            for line in collected.metrics.lines(time.time(), collected.asked):
                file.write(f"{line}\n".encode())
            file.seek(0)
            _write(options.prometheus, file)


def _write(path: Path, content: str | BinaryIO) -> None:
    try:
        replace_file(path, content)
    except OSError as error:
        raise CallError(f"doctor: {path}: can't be written: {error.strerror}") from None
