"""The deployed servers of the scenario, and the playbooks that are run on them again."""

from __future__ import annotations

import http.client
import json
import os
import re
import socket
import ssl
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import docker
import testinfra
from testinfra.host import Host

from support.answers import Reply

ROOT = Path(__file__).parents[2]
INVENTORY = ROOT / "molecule/default/inventory/hosts.yml"
CA = ROOT / ".cache/lab/default/ca.pem"


class TLSConnection(http.client.HTTPSConnection):
    """Connects to a published port of this machine with the name that a client would use."""

    def __init__(self, name: str, port: int, context: ssl.SSLContext) -> None:
        super().__init__(name, context=context, timeout=20)
        self.published = port
        self.tls = context

    def connect(self) -> None:
        raw = socket.create_connection(("127.0.0.1", self.published), 20)
        self.sock = self.tls.wrap_socket(raw, server_hostname=self.host)


class Server:
    """One deployed server."""

    def __init__(self, release: str, lab: str = "default") -> None:
        self.release = release
        self.name = f"autoconfig-{lab}-debian{release}"
        self.ca = ROOT / f".cache/lab/{lab}/ca.pem"
        self.suffix = f"deb{release}.test"
        self.host: Host = testinfra.get_host(f"docker://{self.name}")

    def port(self, inside: int) -> int:
        """The port of this machine at which a port of the container answers."""
        container = docker.from_env().containers.get(self.name)
        published = container.ports[f"{inside}/tcp"]
        assert published
        return int(published[0]["HostPort"])

    def connection(
        self, scheme: str, name: str, context: ssl.SSLContext | None = None
    ) -> http.client.HTTPConnection:
        """An open connection as a client has it that looked ``name`` up."""
        if scheme == "http":
            return http.client.HTTPConnection("127.0.0.1", self.port(80), timeout=20)
        context = context or ssl.create_default_context(cafile=str(self.ca))
        connection = TLSConnection(name, self.port(443), context)
        connection.connect()
        return connection

    def ask(
        self,
        scheme: str,
        method: str,
        host: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> Reply:
        """Send one request; a transport for tests/support/answers."""
        connection = self.connection(scheme, host)
        try:
            connection.request(method, path, body or None, {"Host": host} | dict(headers or {}))
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Reply(answer.status, found, answer.read()).judged()
        finally:
            connection.close()

    def certificate(self, name: str | None = None) -> dict[str, Any]:
        """The certificate on the wire, as ``ssl.SSLSocket.getpeercert`` has it."""
        connection = self.connection("https", name or f"autoconfig.corp.{self.suffix}")
        try:
            assert isinstance(connection.sock, ssl.SSLSocket)
            return dict(connection.sock.getpeercert() or {})
        finally:
            connection.close()

    def run(self, command: str, *arguments: str) -> str:
        """Run a command in the container, which must succeed; return its output."""
        result = self.host.run(command, *arguments)
        assert result.rc == 0, (command, result.stdout, result.stderr)
        return str(result.stdout)


SERVERS = [Server("12"), Server("13")]


def play(
    playbook: str | Path,
    *arguments: str,
    inventory: Path = INVENTORY,
    collections: Path = ROOT / "collections",
    program: str = "ansible-playbook",
    **variables: Any,
) -> subprocess.CompletedProcess[str]:
    """Run a playbook on both servers; ``variables`` win over the inventory's."""
    # Molecule's own settings for Ansible have no place in a run of ours.
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("ANSIBLE_", "MOLECULE_"))
    }
    return subprocess.run(
        [program, "-i", inventory, "-e", json.dumps(variables), *arguments, str(playbook)],
        env=inherited
        | {
            "ANSIBLE_COLLECTIONS_PATH": str(collections),
            "ANSIBLE_FORCE_COLOR": "false",
            "ANSIBLE_INJECT_FACT_VARS": "false",
            "ANSIBLE_PIPELINING": "true",
            "MOLECULE_PROJECT_DIRECTORY": str(ROOT),
            "NO_COLOR": "1",
        },
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def converge(*arguments: str, **variables: Any) -> str:
    """Run server.yml, which must succeed; return what it prints."""
    result = play("mailhost.autoconfig.server", *arguments, **variables)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def counts(output: str, *kinds: str) -> list[int]:
    """How many tasks ended so on each host of a play, by its last lines."""
    recap = output.rpartition("PLAY RECAP")[2]
    found = (dict(re.findall(r"(\w+)=(\d+)", line)) for line in recap.splitlines())
    return [sum(int(each[kind]) for kind in kinds) for each in found if each]


def changes(output: str) -> int:
    """The number of tasks that changed something, of all hosts of a play."""
    return sum(counts(output, "changed"))


def tasks(output: str) -> list[int]:
    """The number of tasks of each host, with those that were skipped."""
    return counts(output, "ok", "skipped")


def refusal(result: subprocess.CompletedProcess[str]) -> str:
    """What a play that was refused says, which must be before it changed anything."""
    assert result.returncode == 2, result.stdout + result.stderr
    assert changes(result.stdout) == 0
    lines = [line for line in result.stdout.splitlines() if line.startswith("fatal: ")]
    return "\n".join(json.loads(line.partition("=> ")[2])["msg"] for line in lines)
