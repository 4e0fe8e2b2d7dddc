"""The commands `mail-autoconfig certificates`, `challenge` and `share`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ..arguments import Commands


def add_commands(commands: Commands) -> None:
    """Add all three."""
    _add_certificates(commands)
    _add_challenge(commands)
    _add_share(commands)


def _add_certificates(commands: Commands) -> None:
    certificates = commands.add_parser(
        "certificates", help="order and renew the certificates of this host"
    )
    certificates.add_argument("--check", action="store_true", help="only say what would be done")
    certificates.add_argument("--json", action="store_true", help="say it as JSON")
    certificates.add_argument(
        "--patient",
        action="store_true",
        help="as the timer: a name that was refused rests for half an hour, then for twice as long "
        "each time, up to twelve hours",
    )
    certificates.add_argument(
        "--renew", action="append", default=[], metavar="NAME", help="renew it now; may be repeated"
    )
    for name, what in (
        ("authority", "how certificates are ordered"),
        ("certificates", "which names are on which certificate"),
    ):
        certificates.add_argument(
            name,
            nargs="?",
            type=Path,
            default=Path(f"/etc/mail-autoconfig/{name}.json"),
            help=f"{what} [%(default)s]",
        )
    certificates.set_defaults(command=_certificates)


def _add_challenge(commands: Commands) -> None:
    challenge = commands.add_parser("challenge", help="prove a name in DNS, for certbot")
    challenge.add_argument(
        "step",
        choices=("present", "remove", "check"),
        help="check: print which of the names on standard input can't be proven (both JSON)",
    )
    challenge.add_argument("servers", type=Path, help="the zones and their servers (JSON)")
    challenge.add_argument("--dry-run", action="store_true", help="check: change no zone")
    challenge.set_defaults(command=_challenge)


def _add_share(commands: Commands) -> None:
    share = commands.add_parser("share", help="share certificates among front ends")
    share.set_defaults(command=_share)
    steps = share.add_subparsers(required=True, metavar="STEP", dest="step")
    pack = steps.add_parser(
        "pack", help="on the host that orders them: print the certificates in force"
    )
    relay = steps.add_parser(
        "relay", help="on the host that orders them: print what comes from a unix socket"
    )
    relay.add_argument("socket", type=Path, metavar="PATH")
    fetch = steps.add_parser("fetch", help="elsewhere: put in force what a command prints")
    fetch.add_argument("--dry-run", action="store_true", help="say what would change")
    for step, what in (
        (pack, "which names of the sources' domains are on which certificate, to print too"),
        (fetch, "where to write which names of the sources' domains are on which certificate"),
    ):
        step.add_argument("--assignment", type=Path, metavar="PATH", help=what)
        step.add_argument("directory", type=Path, help="of the links to the certificates")
    fetch.add_argument("--then", default="", metavar="UNIT", help="what to start after that")
    fetch.add_argument("program", nargs="+", help="command that prints the certificates, after --")


def _certificates(options: argparse.Namespace) -> int:
    import json

    from .run import run
    from .settings import CertificatesError

    try:
        report = run(
            options.authority,
            options.certificates,
            dry=options.check,
            forced=frozenset(options.renew),
            patient=options.patient,
        )
    except (CertificatesError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps(report.to_json()))
    else:
        lines = [*report.lines(), *report.problems]
        print(*lines or ["all certificates are right"], sep="\n")
    return 1 if report.problems else 0


def _challenge(options: argparse.Namespace) -> int:
    import json
    import logging
    import os

    from .dns01 import ChallengeError, hook, load

    logging.disable(logging.WARNING)  # octoDNS's remarks are no problem of a name
    try:
        challenges = load(options.servers)
        if options.step == "check":
            print(json.dumps(challenges.check(json.load(sys.stdin), dry=options.dry_run)))
        else:
            hook(options.step, challenges, os.environ)
    except (ChallengeError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _share(options: argparse.Namespace) -> int:
    from . import sharing

    try:
        match options.step:
            case "pack":
                print(sharing.pack(options.directory, options.assignment))
            case "relay":
                sharing.relay(options.socket, sys.stdout.buffer.write)
            case "fetch":
                print(
                    sharing.update(
                        options.directory,
                        options.program,
                        dry=options.dry_run,
                        assignment=options.assignment,
                        then=options.then,
                    )
                )
    except (sharing.SharingError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0
