"""What the clients meet: a lab of tests/lab, a mail server, and names that lead to both.

The environment names the lab: LAB_NAME, LAB_CA (file with the root of its certificates),
LAB_SUFFIXES (its domains are example.SUFFIX and so on). By default it is the demo.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import docker
from docker.models.containers import Container

from mail_autoconfig.inventory.read import parse
from mail_autoconfig.zones.records import records
from support import answers

ROOT = Path(__file__).parents[2]
LAB = os.environ.get("LAB_NAME", "demo")
CA = Path(os.environ.get("LAB_CA", ROOT / ".demo/ca.pem"))
SUFFIXES = os.environ.get("LAB_SUFFIXES", "test").split()
NETWORK = f"autoconfig-{LAB}"
KEPT = ROOT / ".cache/e2e"
"""Where screenshots are kept."""

PASSWORD = "secret"  # of every mailbox: images/mail/dovecot.conf
TIMEOUT = 120  # seconds that one answer of a client may take
START_TIMEOUT = 30  # seconds
STARTED = b"starting up for imap", b"daemon started"  # so say Dovecot and Postfix

Row = tuple[str, str, int, str]
"""Type, host, port and security of a server."""


def servers(domain: str) -> list[Row]:
    """What the users of a domain should get, in this order."""
    if domain.startswith("example."):
        host, smtp = "mail.gandi.net", (465, "tls")
    else:
        host, smtp = f"mail.corp.{domain.partition('.')[2]}", (587, "starttls")
    return [("imap", host, 993, "tls"), ("pop3", host, 995, "tls"), ("smtp", host, *smtp)]


def names(suffix: str, mail: str) -> Iterator[str]:
    """Options of dnsmasq: what leads the clients to their servers, domain by domain.

    `mail` is the address of the mail server. All other names are the lab's to answer, where each
    under the suffix leads to the web server.
    """
    yield f"--host-record=mail.gandi.net,mail.corp.{suffix},{mail}"
    # The domain itself answers, nothing beside it.
    yield f"--address=/autoconfig.apex.{suffix}/autodiscover.apex.{suffix}/"
    # No name leads anywhere, only its MX, and of the records that we make of it those of services:
    # its autoconfig name would win over them.
    yield f"--address=/records.{suffix}/"
    yield f"--mx-host=records.{suffix},mx.corp.{suffix},10"
    yield from services(f"records.{suffix}", suffix)
    # Of plain.SUFFIX the two names that nginx answers over http, and on no certificate.


def services(domain: str, suffix: str) -> Iterator[str]:
    """Options of dnsmasq for the SRV records that the inventory makes of a domain."""
    configuration = parse(answers.configuration(suffix))
    for record in records(configuration, [ip_address("192.0.2.1")]):
        if record.domain == domain and record.type == "SRV":
            for value in record.values:
                priority, weight, port, target = value.split()
                offered = f",{target.rstrip('.')},{port},{priority},{weight}"
                yield f"--srv-host={record.name}{offered if target != '.' else ''}"


def address(container: Container) -> str:
    """The address of a container in the lab's network."""
    container.reload()
    return str(container.attrs["NetworkSettings"]["Networks"][NETWORK]["IPAddress"])


def run(container: Container, *command: str) -> str | None:
    """The output of a command in a container; None if it fails."""
    code, output = container.exec_run(list(command))
    assert isinstance(output, bytes)
    return None if code else output.decode()


class Network:
    """The mail server and the name server of the clients, beside a lab that stands."""

    def __init__(self) -> None:
        self._docker = docker.from_env()
        self._web = [
            container
            for container in self._docker.containers.list(filters={"network": NETWORK})
            if container.attrs["Config"]["Image"].startswith("autoconfig-lab/debian:")
        ]
        hosts = ["mail.gandi.net", *(f"mail.corp.{suffix}" for suffix in SUFFIXES)]
        self._mail = self.start("mail", hosts)
        options = [option for suffix in SUFFIXES for option in names(suffix, address(self._mail))]
        lab_dns = address(self._docker.containers.get(f"{NETWORK}-dns"))
        dnsmasq = ["dnsmasq", "--keep-in-foreground", "--user=root", "--no-hosts", "--no-resolv"]
        self._names = self.start("services", [*dnsmasq, f"--server={lab_dns}", *options])
        self._wait_for_mail()

    def _wait_for_mail(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while not all(said in self._mail.logs() for said in STARTED):
            assert time.monotonic() < deadline, self._mail.logs(tail=20).decode()
            time.sleep(0.2)

    def start(self, image: str, command: Sequence[str], **options: Any) -> Container:
        """Start a container in the lab's network; `make demo-down` would remove it too."""
        build = [sys.executable, str(ROOT / "tests/lab/images.py"), image]
        subprocess.run(build, check=True, capture_output=True)
        return self._docker.containers.run(
            f"autoconfig-lab/{image}",
            list(command),
            labels={"mailhost.autoconfig.lab": LAB},
            network=NETWORK,
            detach=True,
            **options,
        )

    def start_client(self, image: str, command: Sequence[str], **options: Any) -> Container:
        """Start a container whose names lead to the servers as `names` says."""
        return self.start(image, command, dns=[address(self._names)], **options)

    def close(self) -> None:
        """Remove what was started here."""
        for container in self._mail, self._names:
            container.remove(force=True)

    def authorities(self) -> str:
        """The CA certificates to trust (PEM): the web servers' and the mail server's."""
        made = run(self._mail, "cat", "ca.pem")
        assert made
        return CA.read_text() + made

    def requests(self, client: str) -> Counter[str]:
        """What a client's address has asked the web servers: scheme, method, route, status."""
        found: Counter[str] = Counter()
        for server in self._web:
            program = f'$1 == "{client}" {{ print $3, $4, $6, $7 }}'
            lines = run(server, "awk", program, "/var/log/nginx/mail-autoconfig.log")
            assert lines is not None, "the web server has no access log"
            found.update(lines.splitlines())
        return found

    def mail_log(self, client: str) -> list[str]:
        """What the mail server's log holds of a client's address."""
        lines = self._mail.logs().decode(errors="replace").splitlines()
        return [line for line in lines if f"rip={client}," in line or f"[{client}]" in line]


class Client:
    """A program in a container of its own that answers each line of JSON by one of JSON."""

    def __init__(
        self, network: Network, image: str, command: Sequence[str], **options: Any
    ) -> None:
        self._network = network
        self._container = network.start_client(
            image, command, stdin_open=True, init=True, **options
        )
        self._pipe = subprocess.Popen(
            ["docker", "attach", "--sig-proxy=false", str(self._container.id)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.address = address(self._container)
        # An address is given out again: what its last owner asked is not this client's.
        self._asked = network.requests(self.address)
        self._mail = len(network.mail_log(self.address))
        self.requests: frozenset[str] = frozenset()
        """What the last question made the client ask: scheme, method, route, status."""

    def ask(self, question: Any) -> Any:
        """Send one line and return the answer; AssertionError if there is none in TIMEOUT."""
        assert self._pipe.stdin
        assert self._pipe.stdout
        watchdog = threading.Timer(TIMEOUT, self._pipe.kill)
        watchdog.start()
        try:
            self._pipe.stdin.write(json.dumps(question) + "\n")
            self._pipe.stdin.flush()
            line = self._pipe.stdout.readline()
        finally:
            watchdog.cancel()
        assert line, self._container.logs(stdout=False, tail=20).decode()
        asked = self._network.requests(self.address)
        self.requests = frozenset(asked - self._asked)
        self._asked = asked
        return json.loads(line)

    def logins(self) -> list[str]:
        """The successful log-ins at the mail server since the last call, imap or smtp.

        Dovecot's are followed by the user; Postfix logs none before there is a mail.
        """
        lines = self._network.mail_log(self.address)
        new, self._mail = lines[self._mail :], len(lines)
        found = []
        for line in new:
            if match := re.search(
                r"imap-login: .*(?:Logged in|Login): user=<([^>]*)>.*, TLS", line
            ):
                found.append(f"imap {match[1]}")
            elif re.search(r"disconnect from .* auth=1 ", line):
                found.append("smtp")
        return found

    def close(self) -> None:
        """End the program and remove the container."""
        self._container.remove(force=True)
        self._pipe.communicate()
