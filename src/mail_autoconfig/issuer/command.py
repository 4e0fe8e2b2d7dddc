"""The command `mail-autoconfig issue`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ..arguments import Commands, add_file


def add_command(commands: Commands) -> None:
    """Add `issue`."""
    issue = commands.add_parser(
        "issue", help="order certificates in a pod of Kubernetes, and keep them in Secrets"
    )
    issue.add_argument(
        "--secret", action="append", required=True, help="that takes certificates; may be repeated"
    )
    issue.add_argument(
        "--deployment", required=True, help="whose pods are replaced, one by one, after a change"
    )
    issue.add_argument(
        "--names", type=int, default=50, help="on a certificate at most [%(default)s]"
    )
    issue.add_argument(
        "--every", type=int, default=600, metavar="SECONDS", help="how often [%(default)s]"
    )
    issue.add_argument(
        "--port", type=int, default=8080, help="for challenges and metrics [%(default)s]"
    )
    add_file(issue)
    issue.add_argument("authority", type=Path, help="how certificates are ordered (JSON)")
    issue.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Work until SIGTERM; return 1 if that can't begin. Raises ConfigurationError."""
    from ..certificates.settings import CertificatesError
    from . import api
    from .run import Options
    from .run import run as work

    wanted = Options(tuple(options.secret), options.deployment, options.names, options.every)
    try:
        work(options.file, options.authority, api.here(), wanted, options.port)
    except (api.ClusterError, CertificatesError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0
