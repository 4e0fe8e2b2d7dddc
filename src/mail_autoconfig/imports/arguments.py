"""The command `mail-autoconfig import`: its arguments, and what it prints."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ..arguments import Commands
from ..doctor.arguments import DEBIAN_PACKAGES, add_network, address, address_or_domain
from ..inventory.read import ConfigurationError
from .draft import Source, SourceError


def add_command(commands: Commands) -> None:
    """Add `import`."""
    parser = commands.add_parser("import", help="make an inventory of what you have already")
    parser.add_argument(
        "files",
        nargs="*",
        type=Path,
        metavar="FILE",
        help="config-v1.1.xml, autodiscover.xml or .php, automx2's JSON or database, .env of "
        "autodiscover-email-settings, mailcow.conf with the JSON of its domains",
    )
    parser.add_argument(
        "--from-domain",
        action="append",
        default=[],
        type=address_or_domain,
        metavar="DOMAIN or USER@DOMAIN",
        help="ask this domain as mail clients do; may be repeated",
    )
    parser.add_argument(
        "--domain",
        action="append",
        default=[],
        metavar="DOMAIN",
        help="the mail domain of a file that names none, or in place of those that it names; may "
        "be repeated",
    )
    parser.add_argument(
        "--address",
        type=address,
        metavar="USER@DOMAIN",
        help="whose log-in name is in an autodiscover.xml",
    )
    add_network(parser)
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Print the inventory, and on standard error what is not in it; 1: there is none."""
    from .assemble import assemble
    from .yaml_text import text

    try:
        sources = _sources(options)
    except SourceError as error:
        return _refused(str(error))
    except ModuleNotFoundError as error:
        packages = ", ".join(DEBIAN_PACKAGES)
        return _refused(f"no module {error.name}; --from-domain needs Debian's {packages}")
    left = [line for source in sources for line in source.left]
    try:
        found = assemble(draft for source in sources for draft in source.drafts)
    except ConfigurationError as error:
        return _refused(*left, *error.problems)
    names = [*(each.name for each in options.files), *(each.domain for each in options.from_domain)]
    for line in dict.fromkeys((*left, *found.left)):
        print(f"import: {_one_line(line)}", file=sys.stderr)
    print(text(found, f"Imported from {', '.join(names)}"), end="")
    return 0


def _sources(options: argparse.Namespace) -> tuple[Source, ...]:
    if not options.files and not options.from_domain:
        raise SourceError("nothing to import; give FILE or --from-domain DOMAIN")
    from .recognise import read_files

    address = options.address.email if options.address else ""
    sources = read_files(options.files, options.domain, address) if options.files else ()
    return (*sources, *(_asked(options) if options.from_domain else ()))


def _asked(options: argparse.Namespace) -> tuple[Source, ...]:
    import asyncio

    from ..doctor.case import Case
    from ..doctor.command import CallError, askers
    from .live import find_all

    try:
        resolver, fetcher = askers(options)
    except CallError as error:
        raise SourceError(str(error)) from None
    asked = options.from_domain
    return asyncio.run(find_all(Case(each.domain, each.email, fetcher, resolver) for each in asked))


def _refused(*problems: str) -> int:
    for problem in problems:
        print(f"import: {_one_line(problem)}", file=sys.stderr)
    return 1


def _one_line(said: str) -> str:
    """What strangers wrote, without what moves a terminal's cursor."""
    return "".join(each if each.isprintable() else "?" for each in said)
