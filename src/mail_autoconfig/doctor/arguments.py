"""The command `mail-autoconfig doctor`: its arguments, and what it needs beside Python."""

from __future__ import annotations

import argparse
import re
import sys
from ipaddress import ip_address
from pathlib import Path

from ..arguments import Commands, endpoint
from ..inventory import addresses

DEBIAN_PACKAGES = (
    "python3-dnspython",
    "python3-h11",
    "python3-httpx",
    "python3-jinja2",
    "python3-rich",
)
"""What the doctor imports, as the role `monitor` installs it; a YAML file needs python3-yaml."""


def add_command(commands: Commands) -> None:
    """Add `doctor`."""
    doctor = commands.add_parser("doctor", help="ask as each client asks; say what is wrong")
    _add_what_is_examined(doctor)
    _add_what_is_said(doctor)
    _add_how_it_asks(doctor)
    doctor.set_defaults(command=run)


def _add_what_is_examined(doctor: argparse.ArgumentParser) -> None:
    doctor.add_argument(
        "address", nargs="*", type=address_or_domain, metavar="USER@DOMAIN or DOMAIN"
    )
    doctor.add_argument(
        "--domain",
        action="append",
        default=[],
        type=lambda name: address(f"postmaster@{name}"),
        metavar="DOMAIN",
        help="ask for postmaster there; may be repeated",
    )
    doctor.add_argument(
        "--inventory",
        type=Path,
        dest="file",
        metavar="FILE",
        help="ask for all domains of an inventory's file or of a configuration, and compare",
    )
    doctor.add_argument(
        "--store",
        type=Path,
        metavar="PATH",
        help="with --inventory, ask for some of the domains of sources too",
    )
    doctor.add_argument(
        "--log-in",
        action="store_true",
        help="also try to log in; the password is MAIL_AUTOCONFIG_PASSWORD, or asked for",
    )


def _add_what_is_said(doctor: argparse.ArgumentParser) -> None:
    doctor.add_argument("--verbose", "-v", action="store_true", help="show each request too")
    doctor.add_argument(
        "--ignore",
        action="append",
        default=[],
        type=_accepted,
        metavar="CODE[:SUBJECT]",
        help="accept such findings: they are shown, and weigh nothing; may be repeated",
    )
    doctor.add_argument(
        "--since", type=Path, metavar="FILE", help="say what changed since FILE, written by --json"
    )
    doctor.add_argument(
        "--keep", type=Path, metavar="FILE", help="write the JSON to FILE too, for --since"
    )
    doctor.add_argument("--json", action="store_true", help="print JSON instead of the table")
    doctor.add_argument("--html", type=Path, metavar="FILE", help="write a report as one HTML file")
    doctor.add_argument("--prometheus", type=Path, metavar="FILE", help="write metrics")


def _add_how_it_asks(doctor: argparse.ArgumentParser) -> None:
    add_network(doctor)
    doctor.add_argument(
        "--at-once", type=_count, default=32, metavar="N", help="domains at a time [%(default)s]"
    )
    doctor.add_argument(
        "--within",
        type=_count,
        metavar="SECONDS",
        help="begin no domain after that; with --since and --keep a later run goes on",
    )


def add_network(parser: argparse.ArgumentParser) -> None:
    """What a command that asks servers may be told of its way to them."""
    parser.add_argument(
        "--allow-private",
        action="store_true",
        help="also connect to addresses that are not public",
    )
    parser.add_argument("--ca", type=Path, metavar="FILE", help="trust these authorities (PEM)")
    parser.add_argument(
        "--name-server",
        type=_name_server,
        metavar="IP[:PORT]",
        help="ask this name server instead of the system's",
    )


def run(options: argparse.Namespace) -> int:
    """Examine; return 0, 1 for warnings, 2 for errors, a wrong call and a missing module."""
    try:
        from .command import run

        return run(options)
    except ModuleNotFoundError as error:
        print(
            f"doctor: no module {error.name}; install Debian's {', '.join(DEBIAN_PACKAGES)}, "
            "or in a clone: pipx install '.[doctor]'",
            file=sys.stderr,
        )
        return 2


def _accepted(text: str) -> tuple[str, str]:
    code, _colon, subject = text.partition(":")
    if not re.fullmatch("[a-z0-9-]+", code):
        raise argparse.ArgumentTypeError(f"{text!r} is not CODE or CODE:SUBJECT")
    return code, subject


def address_or_domain(text: str) -> addresses.Address:
    """An argument that is an address, or a domain whose postmaster is meant."""
    return address(text if "@" in text else f"postmaster@{text}")


def address(text: str) -> addresses.Address:
    """An argument that is an address."""
    try:
        return addresses.parse(text)
    except ValueError:
        shown = text.removeprefix("postmaster@")
        raise argparse.ArgumentTypeError(f"{shown!r} is not USER@DOMAIN or DOMAIN") from None


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not 1 or more")
    return int(text)


def _name_server(text: str) -> tuple[str, int]:
    try:
        return str(ip_address(text.strip("[]"))), 53
    except ValueError:
        host, port = endpoint(text)
    try:
        return str(ip_address(host)), port
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not IP or IP:PORT") from None
