"""The program as systemd runs it, in a process of its own."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from mail_autoconfig.server import serve

from . import answers

SOURCE = Path(serve.__file__).parents[2]
ENVIRONMENT = {"PYTHONPATH": str(SOURCE), "PATH": os.environ["PATH"]}
PROGRAM = [sys.executable, "-m", "mail_autoconfig", "serve"]

# What systemd does with the socket of a socket unit (sd_listen_fds(3)).
INHERIT = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
os.execv(sys.executable, [sys.executable, "-m", "mail_autoconfig", "serve", *sys.argv[2:]])
"""


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=10)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(10)
        self.sock.connect(str(self._path))


class Service:
    """The program as systemd runs it: with a socket for its notices."""

    def __init__(self, directory: Path) -> None:
        self.file = directory / "config.json"
        self.store = directory / "store/domains.store"
        self.store.parent.mkdir()
        self.socket = directory / "socket"
        self.log = directory / "log"
        self.write(answers.configuration())
        self._notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._notices.bind(str(directory / "notify"))
        self._notices.settimeout(10)
        self._environment = ENVIRONMENT | {"NOTIFY_SOCKET": str(directory / "notify")}
        self.process: subprocess.Popen[bytes] | None = None

    def write(self, raw: Any) -> None:
        new = self.file.with_suffix(".new")
        new.write_text(json.dumps(raw), "utf-8")
        new.replace(self.file)

    def start(self, *arguments: str, inherit: int | None = None) -> None:
        program = PROGRAM if inherit is None else [sys.executable, "-c", INHERIT, str(inherit)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*program, *arguments, str(self.file)],
                env=self._environment,
                stderr=log,
                pass_fds=[] if inherit is None else [inherit],
            )
        assert self.notice().startswith("READY=1\n")

    def notice(self) -> str:
        return self._notices.recv(1000).decode()

    def signal(self, number: signal.Signals) -> None:
        assert self.process
        self.process.send_signal(number)

    def reload(self) -> None:
        self.signal(signal.SIGHUP)
        assert self.notice().startswith("RELOADING=1\nMONOTONIC_USEC=")
        assert self.notice().startswith("READY=1\n")

    def stop(self) -> None:
        if self.process:
            self.signal(signal.SIGTERM)
            # uvicorn 0.29 and later raises the signal again after the orderly end.
            assert self.process.wait(10) in (0, -signal.SIGTERM)
            assert self.notice() == "STOPPING=1"
            self.process = None

    def close(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
        self._notices.close()

    def ask(self, domain: str = "example.test") -> int:
        with closing(UnixConnection(self.socket)) as connection:
            return ask(connection, domain)

    def health(self) -> dict[str, Any]:
        with closing(UnixConnection(self.socket)) as connection:
            connection.request("GET", "/healthz")
            answer: dict[str, Any] = json.loads(connection.getresponse().read())
            return answer


def ask(connection: http.client.HTTPConnection, domain: str) -> int:
    connection.request("GET", f"{answers.CONFIG}?emailaddress=user@{domain}")
    response = connection.getresponse()
    response.read()
    return response.status
