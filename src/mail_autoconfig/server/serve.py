"""The program as a service: readiness, reload and stop, and the workers that answer."""

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
from contextlib import suppress
from functools import partial
from pathlib import Path

import uvicorn
import uvloop

from ..inventory.model import Configuration
from ..inventory.read import ConfigurationError
from ..store.read import Store
from .app import Application
from .behind_proxy import BehindProxy
from .loading import read_apart, unpack
from .signing import Signer
from .sockets import notify
from .workers import Lifeline, Workers

_log = logging.getLogger(__name__)

# Seconds. nginx closes idle connections after 60: it must be the first, or a request gets lost.
_KEEP_ALIVE = 75
# Seconds in which a worker that leaves answers what its open connections still send.
_LEAVE = 2
_FINISH = 10  # seconds; nginx waits no longer
_MOST_WORKERS = 2
# Seconds before systemd, which never gives up, starts it with the same bad file again.
_BAD_FILE = 5
_ENDS = {signal.SIGTERM, signal.SIGINT}
_SIGNALS = {signal.SIGHUP, signal.SIGCHLD, *_ENDS}
_DRAIN = signal.SIGUSR1  # to the workers: say that this server will stop, and go on


class _Server(uvicorn.Server):
    """uvicorn as a worker: it says when it serves, and leaves without a dropped request."""

    def __init__(self, application: Application, lifeline: Lifeline, *, behind_proxy: bool) -> None:
        super().__init__(
            uvicorn.Config(
                BehindProxy(application) if behind_proxy else application,
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
        self._lifeline = lifeline

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        if self._application.store:
            _opened = self._application.store.content  # opened before the first request
        await super().startup(sockets=sockets)
        # Nobody is left to obey.
        loop = asyncio.get_running_loop()
        loop.add_reader(self._lifeline.parent, os._exit, 1)
        loop.add_signal_handler(_DRAIN, self._drain)
        self._lifeline.ready()

    def _drain(self) -> None:
        self._application.draining = self._application.leaving = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        self._application.leaving = True
        await asyncio.sleep(0)  # uvloop closes between two rounds
        self._lifeline.left()
        end = time.monotonic() + _LEAVE
        while self.server_state.connections and time.monotonic() < end:
            await asyncio.sleep(0.02)
        # Debian 12's uvicorn has no limit of its own.
        with suppress(TimeoutError):
            async with asyncio.timeout(_FINISH):
                await super().shutdown(sockets=sockets)


def _work(
    application: Application,
    sockets: Sequence[socket.socket],
    lifeline: Lifeline,
    *,
    behind_proxy: bool,
) -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the parent's
    signal.signal(_DRAIN, signal.SIG_IGN)  # so far
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        server = _Server(application, lifeline, behind_proxy=behind_proxy)
        runner.run(server.serve(sockets=list(sockets)))


class _Service:
    """The process that systemd knows. It reads the configuration and forks the workers."""

    def __init__(
        self,
        path: Path,
        sockets: Sequence[socket.socket],
        signer: Path | None,
        workers: int,
        store: Path | None,
        *,
        behind_proxy: bool,
    ) -> None:
        self._path = path
        self._store = store
        self._sockets = sockets
        self._signer = signer
        self._behind_proxy = behind_proxy
        self._program = _digest(Path(sys.argv[0]))
        self._workers = Workers(workers)
        self._status = ""

    def load(self) -> None:
        """Put the file in force. Raises ConfigurationError."""
        gc.collect()
        packed = read_apart(self._path, sources=self._store is not None)
        self._workers.forget()
        configuration = unpack(packed)
        gc.freeze()  # the workers share what is loaded now: no need to look through it for garbage
        self._status = f"STATUS=answering for {len(configuration)} domains"
        application = self._application(configuration)
        self._workers.replace(
            partial(_work, application, self._sockets, behind_proxy=self._behind_proxy)
        )

    def _application(self, configuration: Configuration) -> Application:
        signer = Signer(self._signer) if self._signer else None
        store = Store(self._store) if self._store else None
        return Application(configuration, self._program, signer, store)

    def run(self, drain: int) -> None:
        """Serve until SIGTERM or SIGINT, and `drain` seconds more. Raises ConfigurationError."""
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        self.load()
        notify("READY=1", self._status)
        while True:
            caught = signal.sigwait(_SIGNALS)
            if caught == signal.SIGHUP:
                self._reload()
            elif caught == signal.SIGCHLD:
                self._workers.reap()
            else:
                break
        notify("STOPPING=1")
        self._workers.tell(_DRAIN)
        signal.sigtimedwait(_ENDS, drain)
        for each in self._sockets:  # so that nobody is left to wait in its queue
            each.close()
        self._workers.stop()

    def _reload(self) -> None:
        notify("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")
        try:
            self.load()
        except ConfigurationError as error:
            _log_problems(self._path, error)
            _log.error("the previous configuration stays in force")
        else:
            _log.info("reloaded: %s", self._status.partition("=")[2])
        notify("READY=1", self._status)


def _digest(program: Path) -> str:
    """SHA-256 of the program's file; empty if it runs from a directory."""
    return hashlib.sha256(program.read_bytes()).hexdigest() if program.is_file() else ""


def _log_problems(path: Path, error: ConfigurationError) -> None:
    for problem in error.problems:
        _log.error("%s: %s", path.name, problem)


def usual_workers() -> int:
    """How many workers serve where nobody says how many: one a core, at most two."""
    return min(_MOST_WORKERS, len(os.sched_getaffinity(0)))


def run(
    path: Path,
    sockets: Sequence[socket.socket],
    signer: Path | None = None,
    workers: int | None = None,
    store: Path | None = None,
    *,
    behind_proxy: bool = False,
    drain: int = 0,
) -> None:
    """Serve the configuration in `path` on `sockets` until SIGTERM or SIGINT.

    `signer` is the unix socket of the service that signs Apple's profiles; None: they are not
    signed. `store` is the file with the domains of sources. `behind_proxy`: without our nginx.
    `drain`: how many seconds it goes on after the signal, while its health says that it will stop.
    Raises ConfigurationError if the file is not right at the start; later, at a reload, the
    problems of such a file are logged and the old configuration stays.
    """
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL)  # its tracebacks may contain a request
    try:
        count = workers or usual_workers()
        _Service(path, sockets, signer, count, store, behind_proxy=behind_proxy).run(drain)
    except ConfigurationError:
        if os.environ.get("NOTIFY_SOCKET"):
            signal.sigtimedwait(_SIGNALS - {signal.SIGCHLD}, _BAD_FILE)
        raise
