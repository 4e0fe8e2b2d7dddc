"""The command `mail-autoconfig names`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ..arguments import Commands


def add_command(commands: Commands) -> None:
    """Add `names`."""
    names = commands.add_parser(
        "names", help="put the names of the sources' domains into nginx and on certificates"
    )
    names.add_argument(
        "--check", action="store_true", help="only say whether anything would change"
    )
    names.add_argument("--json", action="store_true", help="say it as JSON")
    names.add_argument(
        "--then", metavar="UNIT", help="the unit to start where names on certificates have changed"
    )
    for name, usual, what in (
        ("configuration", "/etc/mail-autoconfig/config.json", "the configuration (JSON)"),
        ("store", "/var/lib/mail-autoconfig/store/domains.store", "the domains of the sources"),
        ("state", "/var/lib/mail-autoconfig/names", "the directory with nginx's file"),
    ):
        names.add_argument(
            f"--{name}",
            type=Path,
            metavar="PATH",
            default=Path(usual),
            help=f"{what} [%(default)s]",
        )
    names.add_argument(
        "file",
        nargs="?",
        type=Path,
        default=Path("/etc/mail-autoconfig/names.json"),
        help="what the role nginx says of its own servers [%(default)s]",
    )
    names.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Do one run, and print what came of it; 1 if what was there had to stay."""
    import json
    import time

    from ..host import NginxError, start
    from .run import Files, Run
    from .settings import NamesError, load

    files = Files(options.configuration, options.store, options.state)
    try:
        job = Run(load(options.file), files, time.time)
        report = job.plan() if options.check else job.apply()
    except (NamesError, OSError) as error:
        print(f"names: {error}", file=sys.stderr)
        return 1
    if options.then and report.changed and not options.check:
        try:
            start(options.then)
        except NginxError as error:
            print(f"names: {options.then}: {error}", file=sys.stderr)
    if options.json:
        print(json.dumps(report.to_json()))
    elif report.changed:
        print(*report.lines(), sep="\n")
    if report.problem:
        print(f"names: {report.problem}", file=sys.stderr)
    return int(bool(report.problem))
