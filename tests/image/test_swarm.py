"""The example for Docker Swarm, on a second engine in namespaces of its own: this one is no swarm.

Its kernel has no IPVS, so the routing mesh is not there; the example needs none.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from support.compose import EXAMPLES
from support.containers import IMAGE, docker, until

ADDRESS = "198.18.52.2"
# Without a way out, so that no image is looked for in a registry.
ENGINE = """
mount --make-rprivate /
mount -t tmpfs tmpfs /run
ip link set lo up
ip link add lab type bridge
ip address add ADDRESS/24 dev lab
ip link set lab up
exec dockerd --data-root DIRECTORY/data --exec-root /run/docker --pidfile /run/docker.pid \
    --host unix://DIRECTORY/socket --group root >DIRECTORY/log 2>&1
""".replace("ADDRESS", ADDRESS)
PROXIES = "autoconfig-lab/proxies:latest"
# In the place of Docker Hub's image.
CADDY = {
    "image": PROXIES,
    "command": ["caddy", "run", "--config=/etc/caddy/Caddyfile", "--adapter=caddyfile"],
}
# Asks until its input ends; prints how often it asked and what failed.
LOAD = """
import http.client, json, sys, threading
address, path, host = sys.argv[1:]
count, failures, end = [0], [], threading.Event()
def ask():
    while not end.is_set():
        connection = http.client.HTTPConnection(address, 80, timeout=20)
        try:
            connection.request("GET", path, headers={"Host": host})
            answer = connection.getresponse()
            answer.read()
            count[0] += 1
            if answer.status != 200:
                failures.append(answer.status)
        except Exception as error:
            failures.append(repr(error))
        connection.close()
        end.wait(0.01)
threads = [threading.Thread(target=ask) for _ in range(4)]
for each in threads: each.start()
sys.stdin.read(); end.set()
for each in threads: each.join()
print(json.dumps([count[0], failures]))
"""


class Swarm:
    """An engine that is a swarm of one."""

    def __init__(self, directory: Path, engine: int) -> None:
        self.directory = directory
        self.engine = engine

    def docker(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run the client of this engine."""
        return docker(f"--host=unix://{self.directory}/socket", *arguments, check=check)

    def is_up(self) -> bool:
        """Whether the engine answers."""
        return self.docker("info", check=False).returncode == 0

    def deploy(self, environ: Mapping[str, str] | None = None) -> None:
        """Deploy the example's copy, as its first lines say."""
        host = f"--host=unix://{self.directory}/socket"
        files = [
            f"--compose-file={self.directory}/example/{name}.yaml" for name in ("stack", "lab")
        ]
        subprocess.run(
            ["docker", host, "stack", "deploy", "--resolve-image=never", *files, "mail"],
            check=True,
            env=os.environ | dict(environ or {}),
            capture_output=True,
        )

    def client(self, *command: str) -> subprocess.Popen[str]:
        """A program on the network of the engine."""
        enter = ["nsenter", f"--target={self.engine}", "--net"]
        return subprocess.Popen([*enter, *command], stdin=-1, stdout=-1, text=True)

    def load(self, domain: str) -> subprocess.Popen[str]:
        """Ask for a domain until its input is closed."""
        path = f"/mail/config-v1.1.xml?emailaddress=u@{domain}"
        return self.client(sys.executable, "-c", LOAD, ADDRESS, path, "autoconfig.example.com")

    def answers(self, domain: str) -> bool:
        """Whether a domain is answered, all of some times."""
        count, failures = finish(self.load(domain))
        return count > 0 and not failures

    def states(self) -> list[str]:
        """What each task of the service is told to be, and is."""
        template = "{{.DesiredState}} {{.CurrentState}}"
        return self.docker("service", "ps", "--format", template, "mail_autoconfig").stdout.split(
            "\n"
        )[:-1]

    def is_replaced(self) -> bool:
        """Whether two new tasks run and the old ones have ended."""
        state = "{{if .UpdateStatus}}{{.UpdateStatus.State}}{{end}}"
        updated = self.docker("service", "inspect", "--format", state, "mail_autoconfig").stdout
        ended = [each for each in self.states() if each.startswith("Shutdown Shutdown")]
        return updated.strip() == "completed" and len(ended) == 2


def finish(load: subprocess.Popen[str]) -> tuple[int, list[object]]:
    count, failures = json.loads(load.communicate(timeout=60)[0])
    return count, failures


def is_removed(directory: Path) -> bool:
    """Whether a directory is gone, which its engine may have had mounts in until now."""
    shutil.rmtree(directory, ignore_errors=True)
    return not directory.exists()


@pytest.fixture
def swarm() -> Iterator[Swarm]:
    directory = Path(tempfile.mkdtemp(prefix="autoconfig-swarm-"))
    script = ENGINE.replace("DIRECTORY", str(directory))
    namespaces = ["unshare", "--net", "--mount", "--pid", "--mount-proc", "--fork", "--kill-child"]
    unshare = subprocess.Popen([*namespaces, "sh", "-ec", script])
    try:
        children = Path(f"/proc/{unshare.pid}/task/{unshare.pid}/children")
        until(lambda: children.read_text().split())
        found = Swarm(directory, int(children.read_text().split()[0]))
        until(found.is_up, 60)
        found.docker("swarm", "init", f"--advertise-addr={ADDRESS}", f"--listen-addr={ADDRESS}")
        yield found
    finally:
        unshare.kill()
        unshare.wait()
        until(lambda: is_removed(directory))


def test_update_under_load(swarm: Swarm) -> None:
    docker("save", f"--output={swarm.directory}/images", f"{IMAGE}:latest", PROXIES)
    swarm.docker("load", f"--input={swarm.directory}/images")
    example = swarm.directory / "example"
    shutil.copytree(EXAMPLES / "swarm", example)
    (example / "lab.yaml").write_text(json.dumps({"version": "3.8", "services": {"caddy": CADDY}}))
    swarm.deploy()
    until(lambda: swarm.answers("example.com"), 60)
    until(lambda: len([each for each in swarm.states() if " Running" in each]) == 2)
    load = swarm.load("example.com")
    with (example / "config/domains.yml").open("a") as file:
        file.write("  - {name: example.org, provider: ovh}\n")
    assert not swarm.answers("example.org")
    swarm.deploy({"DOMAINS": "2"})
    until(swarm.is_replaced, 120)
    assert swarm.answers("example.org")
    count, failures = finish(load)
    assert (count > 1000, failures) == (True, [])
