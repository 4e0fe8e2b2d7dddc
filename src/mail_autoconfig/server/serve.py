"""The program as a service: sockets, readiness, reload and stop."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import uvicorn
import uvloop

from ..inventory.model import Configuration
from ..inventory.read import ConfigurationError, load
from .app import Application
from .signing import Signer

_log = logging.getLogger(__name__)

_FIRST_INHERITED = 3  # sd_listen_fds(3)
# Seconds. nginx closes idle connections after 60: it must be the first, or a request gets lost.
_KEEP_ALIVE = 75


class SocketError(Exception):
    """No socket to listen on; the text says what to do."""


def open_sockets(path: Path | None, host: str, port: int | None) -> list[socket.socket]:
    """Return the listening sockets: a unix one at `path`, host and port, or those from systemd.

    Raises SocketError.
    """
    try:
        if path is not None:
            return [_unix_socket(path)]
        if port is not None:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            return [socket.create_server((host, port), family=family)]
    except OSError as error:
        where = path or f"{host}, port {port}"
        raise SocketError(f"{where}: can't listen: {error.strerror}") from None
    inherited = _inherited_sockets()
    if not inherited:
        raise SocketError(
            "no socket to listen on: give --socket or --port, or let systemd start the program"
        )
    return inherited


def _unix_socket(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)  # left by a run that was killed
    unix_socket = socket.socket(socket.AF_UNIX)
    unix_socket.bind(str(path))
    path.chmod(0o660)
    unix_socket.listen(socket.SOMAXCONN)
    return unix_socket


def _inherited_sockets() -> list[socket.socket]:
    """The sockets of sd_listen_fds(3)."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return []
    count = int(os.environ.get("LISTEN_FDS", "0"))
    return [socket.socket(fileno=_FIRST_INHERITED + number) for number in range(count)]


def notify(*states: str) -> None:
    """Tell systemd, if it started us (sd_notify(3))."""
    address = os.environ.get("NOTIFY_SOCKET")
    if address:
        if address.startswith("@"):  # the abstract name space
            address = "\0" + address[1:]
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify_socket:
            notify_socket.sendto("\n".join(states).encode(), address)


class _Server(uvicorn.Server):
    """uvicorn with readiness, and with a reload of the configuration on SIGHUP."""

    def __init__(self, application: Application, path: Path) -> None:
        super().__init__(
            uvicorn.Config(
                application,
                http="httptools",
                ws="none",
                lifespan="off",
                interface="asgi3",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                date_header=False,
                timeout_keep_alive=_KEEP_ALIVE,
            )
        )
        self._application = application
        self._path = path
        self._reloading = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._reload_soon)
        notify("READY=1", _status(self._application.configuration))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        notify("STOPPING=1")
        await super().shutdown(sockets=sockets)

    def _reload_soon(self) -> None:
        task = asyncio.create_task(self._reload())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _reload(self) -> None:
        async with self._reloading:  # signals in a row: the last file read wins
            notify("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")
            try:
                # In a thread, so that a file of 10,000 domains keeps no request waiting.
                configuration = await asyncio.to_thread(load, self._path)
            except ConfigurationError as error:
                _log_problems(self._path, error)
                _log.error("the previous configuration stays in force")
            else:
                self._application.configuration = configuration
                _log.info("reloaded: %s domains", len(configuration))
            notify("READY=1", _status(self._application.configuration))


def _status(configuration: Configuration) -> str:
    return f"STATUS=answering for {len(configuration)} domains"


def _digest(program: Path) -> str:
    """SHA-256 of the program's file; empty if it runs from a directory."""
    return hashlib.sha256(program.read_bytes()).hexdigest() if program.is_file() else ""


def _log_problems(path: Path, error: ConfigurationError) -> None:
    for problem in error.problems:
        _log.error("%s: %s", path.name, problem)


def run(path: Path, sockets: Sequence[socket.socket], signer: Path | None = None) -> None:
    """Serve the configuration in `path` on `sockets` until SIGTERM or SIGINT.

    `signer` is the unix socket of the service that signs Apple's profiles; None: they are not
    signed. Raises ConfigurationError if the file is not right at the start; later, at a reload,
    the problems of such a file are logged and the old configuration stays.
    """
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL)  # its tracebacks may contain a request
    program = _digest(Path(sys.argv[0]))
    application = Application(load(path), program, Signer(signer) if signer else None)
    server = _Server(application, path)
    gc.freeze()  # what is loaded now stays: no need to look through it for garbage
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(server.serve(sockets=list(sockets)))
