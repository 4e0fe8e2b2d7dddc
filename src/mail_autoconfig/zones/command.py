"""The command `mail-autoconfig dns`."""

from __future__ import annotations

import argparse
import sys
from ipaddress import ip_address
from pathlib import Path

from ..arguments import Commands, add_file
from .files import TTL


def add_command(commands: Commands) -> None:
    """Add `dns`."""
    dns = commands.add_parser("dns", help="print the DNS records that the domains need")
    dns.add_argument(
        "--address",
        action="append",
        default=[],
        type=ip_address,
        metavar="IP",
        help="address of the server; may be repeated",
    )
    dns.add_argument(
        "--caa",
        action="append",
        default=[],
        metavar="CA",
        help="who may certify the names, such as letsencrypt.org (CAA); may be repeated",
    )
    dns.add_argument(
        "--ttl", type=int, default=TTL, help="seconds that a record may be kept [%(default)s]"
    )
    dns.add_argument(
        "--store", type=Path, metavar="PATH", help="the domains of sources, which are listed too"
    )
    add_file(dns)
    dns.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Print the records; return 2 where an address is missing. Raises ConfigurationError."""
    from ..store.join import load
    from .files import table
    from .records import AddressError, by_zone, records

    configuration = load(options.file, options.store)
    try:
        found = records(configuration, options.address, options.caa)
    except AddressError as error:
        print(f"{options.file.name}: {error}: --address IP", file=sys.stderr)
        return 2
    print(table(by_zone(found), options.ttl), end="")
    return 0
