"""The command `mail-autoconfig verify`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ..arguments import Commands, add_file, endpoint
from ..inventory.read import load

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
    trust = verify.add_mutually_exclusive_group()
    trust.add_argument("--ca", type=Path, metavar="FILE", help="trust this authority alone (PEM)")
    trust.add_argument("--insecure", action="store_true", help="trust each certificate")
    verify.add_argument(
        "--only", action="append", metavar="DOMAIN", help="ask for this domain; may be repeated"
    )
    add_file(verify)
    verify.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Ask, and print what is wrong. Raises ConfigurationError."""
    from ..inventory.names import served_by_domain
    from .endpoints import Endpoints
    from .outside import loops
    from .proxied import left_to_the_proxy
    from .run import verify

    configuration = load(options.file)
    try:
        endpoints = Endpoints(
            options.connect, options.connect_http, options.ca, options.insecure, options.as_proxy
        )
    except OSError as error:  # ssl.SSLError is one
        print(f"{options.ca}: no certificates: {error.strerror or error}", file=sys.stderr)
        return 1
    code = verify(configuration, endpoints, options.only)
    asked = Endpoints(insecure=True, timeout=_BY_DNS)
    hosts = (name for names in served_by_domain(configuration).values() for name in names)
    looping = loops(hosts, asked.ask_once)
    for line in looping:
        print(line, file=sys.stderr)
    code = code or int(bool(looping))
    if options.as_proxy:
        print(*left_to_the_proxy(configuration), sep="\n")
    return code
