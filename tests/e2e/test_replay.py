"""The doctor's replays ask what the real clients ask: both meet the same recording web server."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from docker.models.containers import Container

from e2e.lab import ROOT, START_TIMEOUT, Client, Network, address, run
from e2e.test_deltachat import DeltaChat
from e2e.test_evolution import start as start_evolution
from e2e.test_thunderbird import WITHOUT_AUTOCONFIG
from e2e.test_thunderbird import start as start_thunderbird

SUFFIX = "replay.test"
MX, GENERIC = "mx.test", "generic.test"


class Recorder:
    """A web server that keeps what it is asked, and names that lead to it.

    In the place of a Network, it starts clients that know no other.
    """

    def __init__(self, network: Network, answers: dict[str, Any], names: Sequence[str]) -> None:
        self._network = network
        source = (ROOT / "tests/e2e/recorder.py").read_text()
        command = ["python3", "-c", source, "/authority.pem", json.dumps(answers), *names]
        self._web = network.start("debian:13", command)
        self.address = address(self._web)
        dnsmasq = ["dnsmasq", "--keep-in-foreground", "--user=root", "--no-hosts", "--no-resolv"]
        zone = [
            option
            for name in names
            if not name.startswith("*")
            # Without the latter, there would be no answer at all about AAAA.
            for option in (f"--address=/{name}/{self.address}", f"--local=/{name}/")
        ]
        self._names = network.start("services", [*dnsmasq, *zone])
        self.name_server = address(self._names)
        deadline = time.monotonic() + START_TIMEOUT
        while '"ready"' not in self._lines():
            assert time.monotonic() < deadline, self._web.logs().decode()
            time.sleep(0.2)

    def _lines(self) -> list[str]:
        return self._web.logs(stderr=False).decode().splitlines()

    def start_client(self, image: str, command: Sequence[str], **options: Any) -> Container:
        return self._network.start(image, command, dns=[self.name_server], **options)

    def authorities(self) -> str:
        made = run(self._web, "cat", "/authority.pem")
        assert made
        return made

    def asked(self, client: str) -> list[dict[str, str]]:
        """What a client's address has asked, in its order."""
        lines = [json.loads(line) for line in self._lines()]
        return [line for line in lines if line != "ready" and line["client"] == client]

    def requests(self, client: str) -> Counter[str]:
        return Counter(json.dumps(line) for line in self.asked(client))

    def mail_log(self, client: str) -> list[str]:
        return []

    def close(self) -> None:
        for container in self._web, self._names:
            container.remove(force=True)
