"""The command `mail-autoconfig serve`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ..arguments import Commands, add_file


def add_command(commands: Commands) -> None:
    """Add `serve`."""
    serve = commands.add_parser("serve", help="answer mail clients")
    where = serve.add_mutually_exclusive_group()
    where.add_argument("--socket", type=Path, metavar="PATH", help="listen on a unix socket")
    where.add_argument("--port", type=int, help="listen on a TCP port")
    serve.add_argument("--host", default="127.0.0.1", help="address for --port [%(default)s]")
    serve.add_argument(
        "--signer",
        type=Path,
        metavar="PATH",
        help="unix socket of the service that signs Apple's profiles",
    )
    add_file(serve)
    serve.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Answer until SIGTERM or SIGINT; return 1 without a socket. Raises ConfigurationError."""
    from . import serve

    try:
        sockets = serve.open_sockets(options.socket, options.host, options.port)
    except serve.SocketError as error:
        print(error, file=sys.stderr)
        return 1
    serve.run(options.file, sockets, options.signer)
    return 0
