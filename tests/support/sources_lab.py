"""The servers and the databases of the scenario `sources`, and what is asked of them."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Callable
from typing import Any

import testinfra
from testinfra.host import Host

from support import deployed
from support.answers import pox_request
from support.deployed import ROOT, Server

INVENTORY = ROOT / "molecule/sources/inventory/hosts.yml"
SECRET = "reads-only"  # tests/lab/images/databases/provision
EVERY = 10  # seconds: the scenario's inventory
PATIENCE = 60  # seconds more: the machine may be busy
DATABASES: Host = testinfra.get_host("docker://autoconfig-sources-databases")
TWELVE, THIRTEEN = Server("12", lab="sources"), Server("13", lab="sources")
SERVICE = "mail-autoconfig-sources.service"


def play(*arguments: str, **variables: Any) -> subprocess.CompletedProcess[str]:
    """Run server.yml on both servers."""
    return deployed.play("mailhost.autoconfig.server", *arguments, inventory=INVENTORY, **variables)


def postgresql(statement: str) -> str:
    """Run SQL in PostfixAdmin's database."""
    return str(DATABASES.check_output("runuser -u postgres -- psql -qAt postfix -c %s", statement))


def add(domain: str) -> None:
    """As PostfixAdmin itself does it."""
    postgresql(
        "INSERT INTO domain (domain, description, transport, active) "
        f"VALUES ('{domain}', '', 'virtual', true)"
    )


def remove(domain: str) -> None:
    postgresql(f"DELETE FROM domain WHERE domain = '{domain}'")


def mariadb(statement: str) -> None:
    """Run SQL in the table of somebody's own."""
    DATABASES.check_output("mariadb --skip-ssl hosting --execute %s", statement)


def add_certified(domain: str) -> None:
    """A customer whose names are to be on a certificate."""
    values = f"'{domain}', 'Own names', TRUE, 'certificate'"
    mariadb(f"INSERT INTO customers (mail_domain, company, paid, discovery) VALUES ({values})")


def remove_certified(domain: str) -> None:
    mariadb(f"DELETE FROM customers WHERE mail_domain = '{domain}'")


def log_in(server: Server, address: str, at: str = "") -> tuple[str, str] | None:
    """The IMAP host and the log-in name that Outlook is told; None: the domain is not known.

    It asks at the generic host, or at another name.
    """
    answer = server.ask(
        "https",
        "POST",
        at or f"auto.{server.suffix}",
        "/autodiscover/autodiscover.xml",
        {"Content-Type": "text/xml"},
        pox_request(address),
    )
    assert answer.status == 200
    text = answer.body.decode()
    if "<ErrorCode>500</ErrorCode>" in text:
        return None
    found = re.search(r"<Server>(.*?)</Server>.*?<LoginName>(.*?)</LoginName>", text, re.DOTALL)
    assert found, text
    return found[1], found[2]


def plain(server: Server, domain: str) -> int:
    """The status that Thunderbird gets at the domain's own name, over plain http."""
    path = f"/mail/config-v1.1.xml?emailaddress=user%40{domain}"
    return server.ask("http", "GET", f"autoconfig.{domain}", path).status


def read(server: Server) -> None:
    """Read all sources now, even if the timer has just begun to."""
    server.run(f"systemctl restart {SERVICE}")
    time.sleep(1)  # until then each worker has seen the new store


def seconds_of_a_run(server: Server) -> float:
    """How long it takes to read all sources now."""
    read(server)
    begin, end = (
        int(server.run("systemctl show -P ExecMain%sTimestampMonotonic %s", at, SERVICE))
        for at in ("Start", "Exit")
    )
    return (end - begin) / 1e6


def status(server: Server) -> dict[str, dict[str, Any]]:
    """How each source is, by its name."""
    found = server.host.run("mail-autoconfig sources status --json")
    return dict(json.loads(found.stdout)["sources"])


def seconds_until(true: Callable[[], bool], most: float) -> float:
    """How long it takes until something is true."""
    begin = time.monotonic()
    while not true():
        assert time.monotonic() - begin < most, f"not within {most} s"
        time.sleep(0.1)
    return time.monotonic() - begin
