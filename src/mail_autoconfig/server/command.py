"""The commands `mail-autoconfig serve`, `health` and `sign`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ..arguments import Commands, add_file
from ..formats.words import HEALTH_PATH

_PORT = 8080
_PATIENCE = 4  # seconds


def add_command(commands: Commands) -> None:
    """Add `serve`, `health` and `sign`."""
    _add_serve(commands)
    health = commands.add_parser("health", help="ask serve --port whether it answers")
    health.add_argument("--port", type=int, default=_PORT, help="its TCP port [%(default)s]")
    health.set_defaults(command=run_health)
    sign = commands.add_parser("sign", help="sign Apple's profiles for serve --signer")
    sign.add_argument("--socket", type=Path, metavar="PATH", help="listen on a unix socket")
    sign.add_argument("certificate", type=Path, metavar="CERTIFICATE", help="with its chain (PEM)")
    sign.add_argument("key", type=Path, metavar="KEY", help="its key (PEM)")
    sign.set_defaults(command=run_signer)


def _add_serve(commands: Commands) -> None:
    serve = commands.add_parser("serve", help="answer mail clients")
    where = serve.add_mutually_exclusive_group()
    where.add_argument("--socket", type=Path, metavar="PATH", help="listen on a unix socket")
    where.add_argument("--port", type=int, help="listen on a TCP port")
    serve.add_argument(
        "--host",
        default="127.0.0.1",
        help="address for --port; :: for all of IPv4 and IPv6 [%(default)s]",
    )
    serve.add_argument(
        "--signer",
        type=Path,
        metavar="PATH",
        help="unix socket of the service that signs Apple's profiles",
    )
    serve.add_argument(
        "--workers",
        type=_count,
        metavar="N",
        help="how many processes answer [one a core, at most two]",
    )
    serve.add_argument(
        "--drain",
        type=_seconds,
        default=0,
        metavar="SECONDS",
        help="how long to go on after SIGTERM, while /healthz says 503 [%(default)s]",
    )
    serve.add_argument(
        "--store",
        type=Path,
        metavar="PATH",
        help="the domains that sources gave; looked up after those of the file, and seen by itself "
        "when it is replaced",
    )
    add_file(serve)
    serve.set_defaults(command=run)


def _seconds(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError("not a number of seconds")
    return int(text)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError("not a number from 1")
    return int(text)


def run(options: argparse.Namespace) -> int:
    """Answer until SIGTERM or SIGINT; return 1 without a socket. Raises ConfigurationError."""
    from . import serve, sockets

    try:
        listening = sockets.open_sockets(options.socket, options.host, options.port)
    except sockets.SocketError as error:
        print(error, file=sys.stderr)
        return 1
    serve.run(
        options.file,
        listening,
        signer=options.signer,
        workers=options.workers,
        behind_proxy=options.port is not None,
        drain=options.drain,
        store=options.store,
    )
    return 0


def run_health(options: argparse.Namespace) -> int:
    """Ask the service on this host; return 1, with a line, unless it answers and stays."""
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", options.port, timeout=_PATIENCE)
    try:
        connection.request("GET", HEALTH_PATH)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        print(f"port {options.port}: no answer: {error}", file=sys.stderr)
        return 1
    finally:
        connection.close()
    if status != http.HTTPStatus.OK:
        print(f"port {options.port}: status {status}", file=sys.stderr)
        return 1
    return 0


def run_signer(options: argparse.Namespace) -> int:
    """Sign until SIGTERM; return 1 without a socket."""
    from . import signer, sockets

    try:
        (listening, *_others) = sockets.open_sockets(options.socket, "", None)
    except sockets.SocketError as error:
        print(error, file=sys.stderr)
        return 1
    signer.run(listening, options.certificate, options.key)
    return 0
