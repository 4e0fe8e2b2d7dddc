"""The servers of molecule/certificates, and what is asked of their certificates."""

from __future__ import annotations

import ssl
import subprocess
import time
from collections.abc import Iterable, Mapping
from typing import Any

from mail_autoconfig.certificates import groups
from support.deployed import ROOT, Server, play
from support.pem import names_on, serial_of

SCENARIO = ROOT / "molecule/certificates"
SERVERS = [Server(release, "certs") for release in ("12", "13")]
ASSIGNMENT = "/etc/mail-autoconfig/certificates.json"

Certificates = Mapping[str, tuple[str, frozenset[str]]]


def run(*arguments: str, **variables: Any) -> subprocess.CompletedProcess[str]:
    """Run server.yml on both."""
    inventory = SCENARIO / "inventory/hosts.yml"
    return play("mailhost.autoconfig.server", *arguments, inventory=inventory, **variables)


def converge(*arguments: str, **variables: Any) -> str:
    """Run it; it must succeed. Returns what it prints."""
    result = run(*arguments, **variables)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def both(server: Server, *labels: str) -> frozenset[str]:
    """The names of domains below a server's suffix."""
    return frozenset(
        f"{kind}.{label}.{server.suffix}"
        for label in labels
        for kind in ("autodiscover", "autoconfig")
    )


def assign(server: Server, labels: Iterable[str]) -> None:
    """What the roles do for these domains, without the roles, for the program's next run."""
    units = {f"{label}.{server.suffix}": sorted(both(server, label)) for label in labels}
    before = groups.load(server.run(f"cat {ASSIGNMENT}"))
    text = groups.dump(groups.assign(units, before, 50))
    server.run("sh -c %s", f"cat > {ASSIGNMENT} <<'END'\n{text}END")


def certificates(server: Server) -> Certificates:
    """Serial number and names of each certificate on the host."""
    printed = server.run(
        "sh -c 'cd /etc/mail-autoconfig/certbot/live; for each in mail-autoconfig*; do "
        "echo @ $each; cat $each/cert.pem; done'"
    )
    found = {}
    for block in printed.split("@ ")[1:]:
        name, _line, pem = block.partition("\n")
        found[name] = serial_of(pem), names_on(pem)
    return found


def changed(before: Certificates, after: Certificates) -> list[str]:
    """The certificates that are new or other ones, or have gone."""
    return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))


def on_the_wire(server: Server, name: str) -> str:
    """The serial number of the certificate that is served; "" if its root is not Pebble's."""
    try:
        return str(server.certificate(name)["serialNumber"])
    except ssl.SSLCertVerificationError:
        return ""


def is_served(server: Server, name: str, serial: str) -> bool:
    """Whether it is served; nginx's old workers may take one more question."""
    deadline = time.monotonic() + 10
    while on_the_wire(server, name) != serial:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True
