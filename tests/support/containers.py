"""Containers of the image, as an administrator starts them, and a proxy's way to ask them."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from support.answers import Reply, Transport

IMAGE = "mailhost/autoconfig"
CONFIGURATION = "/etc/mail-autoconfig"
PORT = 8080
# Nothing that the image could need is left to it.
CONFINED = ("--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges")


def docker(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run the client of the engine."""
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    assert not check or done.returncode == 0, (arguments, done.stdout, done.stderr)
    return done


def until(true: Callable[[], Any], seconds: float = 20) -> None:
    """Wait until something is true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, true
        time.sleep(0.05)


class Container:
    """A container of the image that serves what is in `directory`."""

    def __init__(self, name: str, directory: Path, network: str) -> None:
        self.name = name
        self.directory = directory
        directory.chmod(0o755)  # pytest's are for one user alone
        self.network = network

    def write(self, raw: Mapping[str, Any] | str) -> None:
        """Replace the file that it serves."""
        new = self.directory / "new"
        new.write_text(raw if isinstance(raw, str) else json.dumps(raw), "utf-8")
        new.replace(self.directory / "domains.yml")

    def start(self, *command: str, options: tuple[str, ...] = ()) -> None:
        """Start it; `command` is in place of the image's own."""
        mount = f"--volume={self.directory}:{CONFIGURATION}:ro"
        wanted = (f"--name={self.name}", f"--network={self.network}", mount, *CONFINED, *options)
        docker("run", "--detach", "--health-interval=1s", *wanted, IMAGE, *command)
        until(self.is_healthy)

    def is_healthy(self) -> bool:
        """Whether the engine finds it healthy."""
        return self.inspect("{{.State.Health.Status}}") == "healthy"

    def inspect(self, template: str) -> str:
        """What the engine says of it."""
        return docker("inspect", "--format", template, self.name).stdout.strip()

    @property
    def address(self) -> str:
        """Where it is reached."""
        return self.inspect("{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}")

    def log(self) -> str:
        """All that it has said."""
        said = docker("logs", self.name)
        return said.stdout + said.stderr

    def remove(self) -> None:
        """Remove it, whether it is there or not."""
        docker("rm", "--force", self.name, check=False)


def through(address: str, port: int = PORT) -> Transport:
    """A transport to what serves plain http, as a proxy in front of it asks."""

    def ask(
        scheme: str, method: str, host: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> Reply:
        passed = {"Host": host, "X-Forwarded-Proto": scheme, "X-Forwarded-For": "192.0.2.9"}
        connection = http.client.HTTPConnection(address, port, timeout=20)
        return _reply(connection, method, path, passed | dict(headers), body)

    return ask


def proxied(address: str) -> Transport:
    """A transport to a proxy with ports 80 and 443, whose certificate nobody has to know."""

    def ask(
        scheme: str, method: str, host: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> Reply:
        connection = http.client.HTTPConnection(host, timeout=20)
        connection.sock = socket.create_connection((address, 443 if scheme == "https" else 80), 20)
        if scheme == "https":
            context = ssl._create_unverified_context()
            connection.sock = context.wrap_socket(connection.sock, server_hostname=host)
        return _reply(connection, method, path, headers, body)

    return ask


def _reply(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes,
) -> Reply:
    try:
        connection.request(method, path, body or None, dict(headers))
        answer = connection.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(answer.status, found, answer.read()).judged()
    finally:
        connection.close()
