"""The command `mail-autoconfig verify`."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..arguments import Commands, add_file, endpoint
from ..inventory import names

if TYPE_CHECKING:
    from ..inventory.model import Configuration, Domain
    from .run import Failure, Result

_OUTSIDE = "by DNS"
_BY_DNS = 3.0  # seconds for each step of a request that goes where DNS says


def add_command(commands: Commands) -> None:
    """Add `verify`."""
    verify = commands.add_parser("verify", help="ask a deployed server as mail clients do")
    verify.add_argument(
        "--connect", type=endpoint, metavar="HOST:PORT", help="where https is, whatever DNS says"
    )
    verify.add_argument(
        "--connect-http", type=endpoint, metavar="HOST:PORT", help="where http is, likewise"
    )
    verify.add_argument(
        "--as-proxy",
        type=endpoint,
        metavar="HOST:PORT",
        help="ask nginx where it listens for another web server, as that one would, without TLS",
    )
    verify.add_argument(
        "--socket",
        type=Path,
        metavar="PATH",
        help="the responder's unix socket; nginx is fully asked for some domains then, and of more "
        "than 1,000 a sample alone is asked for",
    )
    trust = verify.add_mutually_exclusive_group()
    trust.add_argument(
        "--ca",
        type=Path,
        metavar="FILE",
        help="trust this authority alone (PEM); of a directory, each NAME/fullchain.pem in it",
    )
    trust.add_argument(
        "--any-ca", action="store_true", help="trust every authority; names must match all the same"
    )
    _add_scope(verify)
    add_file(verify)
    verify.set_defaults(command=run)


def _add_scope(verify: argparse.ArgumentParser) -> None:
    """Add which domains are asked for, and how it is said."""
    verify.add_argument(
        "--only", action="append", metavar="DOMAIN", help="ask for this domain; may be repeated"
    )
    verify.add_argument(
        "--store", type=Path, metavar="PATH", help="ask for some of the domains of sources too"
    )
    verify.add_argument(
        "--sources",
        type=Path,
        metavar="DIRECTORY",
        help="of what sources gave last: say in the JSON how they are",
    )
    verify.add_argument(
        "--named",
        type=Path,
        metavar="PATH",
        help="the file with names of sources' domains on certificates, nginx's or the assignment; "
        "of such domains, ask for none that it has not",
    )
    verify.add_argument("--json", action="store_true", help="say what is wrong as JSON")
    verify.add_argument(
        "--address",
        action="append",
        default=[],
        metavar="HOST",
        help="where this server is, for the records in the JSON; may be repeated",
    )


def run(options: argparse.Namespace) -> int:
    """Ask, and print what is wrong. Raises ConfigurationError."""
    from .endpoints import Endpoints
    from .run import verify
    from .sourced import load

    asked = load(options.file, options.store, options.named)
    configuration = asked.configuration
    only = None
    if options.only:
        try:
            only = [_domain(configuration, name) for name in options.only]
        except LookupError as error:
            print(f"{error.args[0]}: not in the configuration", file=sys.stderr)
            return 2
    try:
        endpoints = Endpoints(
            options.connect,
            options.connect_http,
            responder=options.socket,
            ca=options.ca,
            any_ca=options.any_ca,
            as_proxy=options.as_proxy,
        )
    except OSError as error:  # ssl.SSLError is one
        print(f"{options.ca}: no certificates: {error.strerror or error}", file=sys.stderr)
        return 1
    result = verify(configuration, endpoints, only)
    result.failures += _loops(configuration)
    left = _left_to_the_proxy(options, configuration)
    if options.json:
        from .output import to_json

        found = to_json(result, configuration, options.address, asked.sourced)
        print(json.dumps(found | _sources(options) | {"all": asked.count, "proxy": left}))
    else:
        _print(result, len(result.domains) if only else asked.count)
        print(*left, sep="\n", end="\n" if left else "")
    return 1 if result.wrong else 0


def _sources(options: argparse.Namespace) -> dict[str, Any]:
    if not options.sources:
        return {}
    from dataclasses import asdict

    from ..sources import report

    return {"sources": asdict(report.current(options.sources, time.time()))}


def _left_to_the_proxy(options: argparse.Namespace, configuration: Configuration) -> list[str]:
    from .proxied import left_to_the_proxy

    if not options.as_proxy:
        return []
    # Where no source has names on certificates, there is no such file.
    certified = options.named is not None and options.named.exists()
    sources = options.store is not None
    return [*left_to_the_proxy(configuration, sources=sources, certified=certified)]


def _domain(configuration: Configuration, name: str) -> Domain:
    try:
        return configuration.domains[names.normalise(name)]
    except (ValueError, LookupError):
        raise LookupError(name) from None


def _loops(configuration: Configuration) -> list[Failure]:
    """The names that a proxy in front leads in a circle."""
    from .endpoints import Endpoints
    from .outside import loops
    from .run import Failure

    asked = Endpoints(any_name=True, timeout=_BY_DNS)
    found = loops(names.served_names(configuration), asked.ask_once)
    parts = (line.partition(": by DNS, ") for line in found)
    return [Failure(name, _OUTSIDE, why) for name, _by, why in parts]


def _print(result: Result, all_domains: int) -> None:
    wrong, count = result.wrong, len(result.domains)
    for failure in wrong:
        print(failure.line(), file=sys.stderr)
    failed = sum(failure.what != _OUTSIDE for failure in wrong)
    right = f"{result.asked - failed} of " if failed else ""
    sample = f" for a sample of {result.sample}" if result.sample else ""
    of_all = f" of {all_domains}" if all_domains > count else ""
    domains = f"{count}{of_all} domain{'s' * (count != 1 or bool(of_all))}"
    print(f"{domains}, {right}{result.asked} answers right{sample}")
