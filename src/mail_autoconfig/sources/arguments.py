"""The command `mail-autoconfig sources`: its arguments."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..arguments import Commands
from . import command
from .command import check_inventory

__all__ = ["add_command", "check_inventory"]

_ETC = Path("/etc/mail-autoconfig")
_VAR = Path("/var/lib/mail-autoconfig")


def add_command(commands: Commands) -> None:
    """Add `sources` and the commands below it."""
    sources = commands.add_parser("sources", help="domains from databases, directories and APIs")
    steps = sources.add_subparsers(required=True, metavar="STEP")
    _add_update(steps)
    listed = steps.add_parser("list", help="print the domains of the store, and their sources")
    listed.add_argument(
        "--complete", action="store_true", help="fail where a source was never read"
    )
    listed.add_argument("--some", action="store_true", help="print 50 at most, spread over all")
    _add_paths(listed, "store", "state")
    listed.set_defaults(command=command.show_domains)
    status = steps.add_parser("status", help="print how each source stands, and what is wrong")
    status.add_argument(
        "--complete", action="store_true", help="fail only where a source was never read"
    )
    _add_paths(status, "state", "names")
    status.set_defaults(command=command.show_status)
    for each in (listed, status):
        each.add_argument("--json", action="store_true", help="print it as JSON")
    check = steps.add_parser("check", help="check a file of settings")
    check.add_argument("file", type=Path, metavar="FILE", help="the settings, or an inventory")
    _add_paths(check, "configuration", default=False)
    check.set_defaults(command=command.check)


def _add_update(steps: Commands) -> None:
    update = steps.add_parser("update", help="read the sources, and write the store")
    update.add_argument(
        "--accept",
        action="append",
        default=[],
        metavar="NAME",
        help="believe this source, however few domains it gives now; may be repeated",
    )
    update.add_argument(
        "--wait",
        type=int,
        metavar="SECONDS",
        help="for a container that is new: how long to try again until each source was read once",
    )
    update.set_defaults(command=command.update)
    run = steps.add_parser(
        "run", help="read the sources again and again, as a host's timer does; at once at SIGHUP"
    )
    run.set_defaults(command=command.keep)
    for each in (update, run):
        _add_paths(each, "settings", "configuration", "secrets", "state", "store")
        each.add_argument(
            "--metrics", type=Path, metavar="DIRECTORY", help="for metrics, used if it exists"
        )


def _usual(name: str) -> Path:
    """A file on a host; in a container the inventory's own, which has all of it."""
    inventory = _ETC / "domains.yml"
    return inventory if inventory.exists() else _ETC / name


_PATHS = {
    "settings": (_usual("sources.json"), "the sources; an inventory's file too"),
    "configuration": (_usual("config.json"), "the configuration, whose domains win"),
    "state": (_VAR / "sources", "the directory of what each source gave last"),
    "names": (_VAR / "names", "the directory of the names that nginx has"),
    "store": (_VAR / "store/domains.store", "what the server reads"),
}


def _add_paths(parser: argparse.ArgumentParser, *names: str, default: bool = True) -> None:
    for name in names:
        if name == "secrets":
            parser.add_argument(
                "--secrets",
                type=Path,
                metavar="PATH",
                help="the sources' passwords and tokens (JSON or YAML); by default systemd's "
                "credential, else /run/secrets/sources-secrets, "
                "else /etc/mail-autoconfig/sources-secrets.json",
            )
            continue
        usual, what = _PATHS[name]
        parser.add_argument(
            f"--{name}",
            type=Path,
            metavar="PATH",
            default=usual if default else None,
            help=f"{what} [%(default)s]" if default else what,
        )
