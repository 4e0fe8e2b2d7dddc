"""Front ends behind HAProxy, with one of them that orders the certificates for all."""

from __future__ import annotations

import http.client
import json
import re
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import docker
import pytest
import yaml

from mail_autoconfig.zones.changes import Change, Content
from mail_autoconfig.zones.rfc2136 import UpdateServer
from support.deployed import ROOT, TLSConnection, changes, play
from support.pem import names_on
from support.sandbox import exposure

SCENARIO = Path(__file__).parents[1]
HOSTS = SCENARIO / "inventory/hosts.yml"
LAB = yaml.safe_load((SCENARIO / "inventory/group_vars/all/lab.yml").read_text())
CA = ROOT / ".cache/lab/frontends/ca.pem"
ADDRESSES = {server["name"]: server["address"] for server in LAB["lab_servers"]}
# The second of them orders the certificates for all.
BALANCER, ORDERS, OTHER, NEW = "balancer", "one", "two", "three"
NAME = "autoconfig.corp.fe.test"
PATH = "/mail/config-v1.1.xml?emailaddress=user%40corp.fe.test"
SHARE = "/etc/mail-autoconfig/share"
ALIAS = "certificates-host"  # of that host, for ssh
KNOT = UpdateServer(LAB["lab_knot"], key="autoconfig", secret=LAB["lab_secret"])
POWERDNS = UpdateServer(LAB["lab_powerdns"], key="autoconfig", secret=LAB["lab_secret"])
WRONG = "d3Jvbmcgc2VjcmV0IG9mIHRoZSBzY2VuYXJpby1rZXk="
PAUSE = 0.1  # seconds of each client, so that the hosts can work too
PORTS: dict[tuple[str, int], int] = {}


def container(name: str) -> str:
    return f"autoconfig-frontends-{name}"


def run(name: str, *command: str) -> str:
    """Run a command on a host, which must succeed; return its output."""
    done = subprocess.run(
        ["docker", "exec", container(name), *command], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout


def port(name: str, inside: int) -> int:
    """The port of this machine at which a port of a host answers."""
    if (name, inside) not in PORTS:
        published = docker.from_env().containers.get(container(name)).ports[f"{inside}/tcp"]
        assert published
        PORTS[name, inside] = int(published[0]["HostPort"])
    return PORTS[name, inside]


def serial(name: str) -> str:
    """The serial number of the certificate on the wire."""
    connection = TLSConnection(NAME, port(name, 443), ssl.create_default_context(cafile=str(CA)))
    connection.connect()
    try:
        assert isinstance(connection.sock, ssl.SSLSocket)
        return str((connection.sock.getpeercert() or {})["serialNumber"])
    finally:
        connection.close()


def ask(name: str, path: str, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
    """Ask a host over plain http."""
    connection = http.client.HTTPConnection(ADDRESSES[name], 80, timeout=20)
    try:
        connection.request("GET", path, headers={"Host": NAME} | (headers or {}))
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def eventually(condition: Any, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def is_up(name: str) -> bool:
    """Whether HAProxy gives a front end requests, by its own statistics."""
    return f"mail_autoconfig_https,{container(name)},UP" in states()


def states() -> list[str]:
    code = (
        "import socket; s = socket.socket(socket.AF_UNIX); s.connect('/run/haproxy/admin.sock');"
        "s.sendall(b'show stat -1 4 -1\\n'); print(s.makefile().read())"
    )
    rows = [line.split(",") for line in run(BALANCER, "python3", "-c", code).splitlines()]
    return [f"{row[0]},{row[1]},{row[17]}" for row in rows if len(row) > 17]


class Load:
    """Clients that ask through HAProxy, each time on a new connection, and expect the answer."""

    def __init__(self) -> None:
        self.answers = 0
        self.failures: list[str] = []
        self.over = threading.Event()
        self.context = ssl.create_default_context(cafile=str(CA))

    def work(self) -> None:
        while not self.over.wait(PAUSE):
            connection = TLSConnection(NAME, port(BALANCER, 443), self.context)
            try:
                connection.request("GET", PATH, headers={"Host": NAME, "Connection": "close"})
                answer = connection.getresponse()
                if answer.status != 200 or b"</clientConfig>" not in answer.read():
                    self.failures.append(f"status {answer.status}")
                self.answers += 1
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))
            finally:
                connection.close()


@contextmanager
def load() -> Iterator[Load]:
    """Load from four clients meanwhile, none of which may fail."""
    found = Load()
    threads = [threading.Thread(target=found.work) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        eventually(lambda: found.answers > 20)
        yield found
        so_far = found.answers
        eventually(lambda: found.answers > so_far + 20)
    finally:
        found.over.set()
        for thread in threads:
            thread.join()
    print(f"{found.answers} answers")
    assert found.failures == []


def converge(
    playbook: str, *arguments: str, inventory: Path = HOSTS, **variables: Any
) -> subprocess.CompletedProcess[str]:
    return play(f"mailhost.autoconfig.{playbook}", *arguments, inventory=inventory, **variables)


def converged(playbook: str, *arguments: str, inventory: Path = HOSTS, **variables: Any) -> str:
    result = converge(playbook, *arguments, inventory=inventory, **variables)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_one_certificate_on_all_ways() -> None:
    assert len({serial(name) for name in (BALANCER, ORDERS, OTHER)}) == 1


def test_each_front_end_knows_the_client() -> None:
    """Through the PROXY protocol; nobody but the balancer is believed in it."""
    with socket.create_connection((ADDRESSES[OTHER], 8081)) as connection:
        connection.sendall(b"PROXY TCP4 203.0.113.9 203.0.113.1 1 80\r\n")
        connection.sendall(f"GET /forged HTTP/1.0\r\nHost: {NAME}\r\n\r\n".encode())
        assert b" 301 " in connection.recv(4096)
        own = connection.getsockname()[0]
    with load():
        pass
    for name in ORDERS, OTHER:
        lines = run(name, "cat", "/var/log/nginx/mail-autoconfig.log").splitlines()
        assert {line.split()[0] for line in lines if " 8444 autoconfig " in line} == {own}
    (forged,) = [line for line in lines if " 8081 other 301 " in line]
    assert forged.startswith(f"{own} ")


def test_each_front_end_answers_the_authority() -> None:
    """By asking the host that orders; two that each take the other for that host ask once."""
    path = "/.well-known/acme-challenge/test"
    webroot = "/var/lib/mail-autoconfig/acme"
    run(ORDERS, "sh", "-c", f"echo proof >{webroot}{path}")
    try:
        for name in ORDERS, OTHER, BALANCER:
            assert ask(name, path) == (200, b"proof\n")
    finally:
        run(ORDERS, "rm", f"{webroot}{path}")
    assert ask(OTHER, path)[0] == 404
    assert ask(OTHER, path, {"X-Mail-Autoconfig-Acme": "x"})[0] == 508


@pytest.mark.parametrize("name", [ORDERS, OTHER])
def test_a_front_end_stops_under_load(name: str) -> None:
    eventually(lambda: is_up(ORDERS) and is_up(OTHER))
    with load() as found:
        run(name, "systemctl", "stop", "nginx")
        assert not is_up(name)
        alone = found.answers
        eventually(lambda: found.answers > alone + 50)
        run(name, "systemctl", "start", "nginx")
        eventually(lambda: is_up(name))


def test_a_front_end_without_a_responder_gets_no_requests() -> None:
    units = ["mail-autoconfig.socket", "mail-autoconfig.service"]
    run(OTHER, "systemctl", "stop", *units)
    try:
        eventually(lambda: not is_up(OTHER))
    finally:
        run(OTHER, "systemctl", "start", *units)
    eventually(lambda: is_up(OTHER))


def test_a_renewal_reaches_the_other_front_end() -> None:
    """Without Ansible, and without a failed request."""
    before = serial(ORDERS)
    with load():
        run(ORDERS, "mail-autoconfig", "certificates", "--renew", "mail-autoconfig")
        eventually(lambda: serial(ORDERS) != before)
        assert serial(OTHER) == before
        run(OTHER, "systemctl", "start", "mail-autoconfig-fetch.service")
        eventually(lambda: serial(OTHER) == serial(ORDERS))
    assert "mail-autoconfig-fetch.timer" in run(OTHER, "systemctl", "list-timers")
    log = run(OTHER, "journalctl", "--unit", "mail-autoconfig-fetch")
    assert "put in force: mail-autoconfig" in log
    assert "PRIVATE KEY" not in log + run(ORDERS, "journalctl")


def test_keys_are_for_root_alone() -> None:
    for name in ORDERS, OTHER:
        found = run(
            name, "find", "-L", "/etc/mail-autoconfig", "-name", "*key.pem", "-printf", "%m %u\\n"
        )
        assert set(found.splitlines()) == {"600 root"}
    assert run(OTHER, "stat", "--format", "%a %U", f"{SHARE}/key", SHARE).splitlines() == [
        "600 root",
        "700 root",
    ]
    socket_of_keys = "/run/mail-autoconfig-share"
    assert run(ORDERS, "stat", "--format", "%a %U:%G", socket_of_keys).strip() == (
        "660 root:mail-autoconfig-share"
    )


@pytest.mark.parametrize("name", [ORDERS, OTHER])
def test_sandbox_of_the_units(name: str) -> None:
    installed = run(name, "sh", "-c", "cd /etc/systemd/system; ls mail-autoconfig*.service").split()
    units = [unit for unit in installed if "@" not in unit]
    assert f"mail-autoconfig-{'certificates' if name == ORDERS else 'fetch'}.service" in units
    for unit in units:
        assert exposure(lambda command: run(name, *command.split()), unit) <= 2.0, unit
        assert run(name, "systemctl", "show", "--value", "--property=LimitCORE", unit) == "0\n"


def test_the_account_does_nothing_else() -> None:
    ssh = f"ssh -F {SHARE}/ssh_config"
    found = json.loads(run(OTHER, "sh", "-c", f"{ssh} {ALIAS} cat /etc/shadow"))
    assert list(found) == ["mail-autoconfig"]
    forwarding = (
        f"{ssh} -o ExitOnForwardFailure=yes -W {ADDRESSES[ORDERS]}:80 {ALIAS} </dev/null 2>&1"
    )
    assert "forwarding failed" in run(OTHER, "sh", "-c", f"{forwarding} || true")
    wrong = f"{ssh} -o UserKnownHostsFile=/dev/null {ALIAS} 2>&1 || true"
    assert "Host key verification failed" in run(OTHER, "sh", "-c", wrong)


def test_a_host_that_orders_and_is_not_there() -> None:
    """One line, a unit that failed, and the same certificates as before."""
    before = serial(OTHER)
    run(ORDERS, "systemctl", "stop", "ssh.service", "ssh.socket")
    try:
        result = converge("server", "--tags=share", f"--limit={container(OTHER)}")
        unit = "mail-autoconfig-fetch.service"
        start = f"systemctl start {unit}; systemctl is-failed {unit}"
        assert run(OTHER, "sh", "-c", start) == "failed\n"
    finally:
        run(ORDERS, "systemctl", "start", "ssh.service")
    assert result.returncode == 2
    refused = (
        "could not be fetched from autoconfig-frontends-one: ssh: connect to host 198.18.44.11 "
        "port 22: Connection refused"
    )
    assert refused in result.stdout
    assert serial(OTHER) == before
    run(OTHER, "systemctl", "start", "mail-autoconfig-fetch.service")


def test_a_third_front_end_is_a_line(tmp_path: Path) -> None:
    line = f"    {container(NEW)}: {{autoconfig_address: {ADDRESSES[NEW]}}}\n"
    inventory = tmp_path / "hosts.yml"
    inventory.write_text(HOSTS.read_text() + line)
    (tmp_path / "group_vars").symlink_to(HOSTS.parent / "group_vars")
    with load():
        converged("balancer", inventory=inventory)
        assert not is_up(NEW)
        converged("server", f"--limit={container(NEW)}", inventory=inventory)
        eventually(lambda: is_up(NEW))
        assert serial(NEW) == serial(ORDERS)
        # It goes again, and its key opens nothing then.
        converged("balancer")
        assert not [state for state in states() if container(NEW) in state]
    converged("server", "--tags=share", f"--limit={container(ORDERS)}")
    fetch = "systemctl start mail-autoconfig-fetch || journalctl -u mail-autoconfig-fetch"
    assert "Permission denied" in run(NEW, "sh", "-c", fetch)
    assert changes(converged("balancer")) == 0


@pytest.fixture
def delegated() -> Iterator[None]:
    """A name whose proofs are in another zone."""
    name = "_acme-challenge.autoconfig.delegated.test"
    alias = Content(("autoconfig.challenges.test.",), 60)
    KNOT.change("delegated.test", [Change("delegated.test", name, "CNAME", None, alias)])
    yield
    KNOT.change("delegated.test", [Change("delegated.test", name, "CNAME", alias, None)])


IN_DNS: dict[str, Any] = {
    "autoconfig_certificates_challenge": "dns-01",
    "autoconfig_domains": [
        {"name": "zone.test", "provider": "corp", "apex": True},
        {"name": "delegated.test", "provider": "corp"},
    ],
    "autoconfig_certificates_wildcards": ["zone.test"],
    "autoconfig_dns_servers": [
        {
            "address": LAB["lab_knot"],
            "key_name": "autoconfig",
            "key_secret": LAB["lab_secret"],
            # Not delegated.test: one of its names points elsewhere, one nowhere.
            "zones": ["zone.test", "challenges.test"],
        }
    ],
}


BY_API: dict[str, Any] = {
    "autoconfig_certificates_challenge": "dns-01",
    "autoconfig_certificates_dns_apis": True,
    "autoconfig_domains": [{"name": "api.test", "provider": "corp", "apex": True}],
    "autoconfig_certificates_wildcards": ["api.test"],
    "autoconfig_dns_servers": [
        {
            "provider": "powerdns",
            "settings": {"host": LAB["lab_powerdns"], "api_key": LAB["lab_secret"]},
            "zones": LAB["lab_powerdns_zones"],
        }
    ],
}


OF_ALL = {
    f"{label}.{domain}.fe.test"
    for label in ("autoconfig", "autodiscover")
    for domain in ("corp", "example")
}


def certified(name: str = ORDERS) -> set[str]:
    """The names on a front end's certificate."""
    path = "/etc/mail-autoconfig/tls/mail-autoconfig/fullchain.pem"
    return set(names_on(run(name, "cat", path)))


@pytest.mark.usefixtures("delegated")
def test_names_proven_in_dns() -> None:
    """A wildcard beside its domain, a name behind an alias; no address is that of this host."""
    only = ("--tags=certificates", f"--limit={container(ORDERS)}")
    before = certified()
    key = IN_DNS["autoconfig_dns_servers"][0] | {"key_secret": WRONG}
    wrong = converge(
        "server", *only, "-vvv", "--diff", **IN_DNS | {"autoconfig_dns_servers": [key]}
    )
    assert "the secret of key autoconfig is wrong" in wrong.stdout
    assert certified() == before
    assert WRONG not in wrong.stdout

    output = converged("server", *only, "-vvv", "--diff", **IN_DNS)
    assert certified() == {"*.zone.test", "zone.test", "autoconfig.delegated.test"}
    assert (
        "_acme-challenge.autodiscover.delegated.test is in no zone of autoconfig_dns_servers"
        in output
    )
    assert LAB["lab_secret"] not in output
    assert "PRIVATE KEY" not in output
    file = "/etc/mail-autoconfig/challenge-servers.json"
    assert run(ORDERS, "stat", "--format", "%a %U", file).strip() == "600 root"
    # Nothing stays in the zones.
    for zone in "zone.test", "challenges.test":
        left = [key for key in KNOT.read(zone) if key[0] != zone and key[1] == "TXT"]
        assert left == []
    assert changes(converged("server", *only, **IN_DNS)) == 0

    converged("server", *only)
    assert certified() == before


def environments(name: str) -> str:
    """What a host has to call APIs with."""
    return run(name, "sh", "-c", "ls -A /usr/local/lib/mail-autoconfig 2>/dev/null || true")


def test_an_api_that_is_not_to_be_called_or_refuses() -> None:
    """No certificate is lost, and no token gets to a web server unasked."""
    only = ("--tags=certificates", f"--limit={container(ORDERS)}")
    before = certified()
    unasked = converge("server", *only, **BY_API | {"autoconfig_certificates_dns_apis": "false"})
    assert unasked.returncode == 2
    assert "or set autoconfig_certificates_dns_apis for the APIs of providers" in unasked.stdout

    (entry,) = BY_API["autoconfig_dns_servers"]
    gandy = BY_API | {"autoconfig_dns_servers": [entry | {"provider": "gandy"}]}
    assert 'no provider "gandy"; use cloudflare, ' in converge("server", *only, **gandy).stdout

    assert changes(converged("server", *only, "--check", **BY_API)) > 0
    assert environments(ORDERS) == ""

    wrong = entry | {"settings": entry["settings"] | {"api_key": WRONG}}
    arguments = BY_API | {"autoconfig_dns_servers": [wrong]}
    refused = converge("server", *only, "-vvv", "--diff", **arguments)
    assert "left out: api.test: zone api.test: powerdns, read: PowerDNS unauthorized" in (
        refused.stdout
    )
    assert WRONG not in refused.stdout
    assert certified() == before


@pytest.mark.parametrize("name", [ORDERS, OTHER])
def test_names_proven_by_an_api(name: str) -> None:
    """octoDNS calls PowerDNS from the host, at a renewal too; with certbot 2.1 and 4.0."""
    only = ("--tags=certificates", f"--limit={container(name)}")
    orders = {"autoconfig_certificates_host": container(name)}
    output = converged("server", *only, "-vvv", "--diff", **BY_API | orders)
    assert certified(name) == {"*.api.test", "api.test"}
    assert LAB["lab_secret"] not in output
    freeze = run(name, "sh", "-c", "/usr/local/lib/mail-autoconfig/*/bin/pip freeze").splitlines()
    pins = (ROOT / "requirements-dns.txt").read_text().splitlines()
    used = re.compile("(dnspython|octodns|octodns-powerdns)==")
    assert set(filter(used.match, freeze)) == set(filter(used.match, pins))
    assert changes(converged("server", *only, **BY_API | orders)) == 0

    link = "/etc/mail-autoconfig/tls/mail-autoconfig/cert.pem"
    ordered = run(name, "sha256sum", link)
    run(name, "mail-autoconfig", "certificates", "--renew", "mail-autoconfig")
    assert run(name, "sha256sum", link) != ordered
    assert [key for key in POWERDNS.read("api.test") if key[1] == "TXT"] == []

    converged("server", *only)
    assert certified(name) == OF_ALL
    assert environments(name) == ""


def test_another_host_orders() -> None:
    """It orders again, the host before it fetches from it, and no request fails."""
    before = serial(ORDERS)
    with load():
        converged("server", autoconfig_certificates_host=container(OTHER))
        eventually(lambda: serial(ORDERS) == serial(OTHER) != before)
    for name, timer in (ORDERS, "fetch"), (OTHER, "certificates"):
        timers = run(name, "systemctl", "list-timers", "mail-autoconfig-*")
        assert re.findall(r"mail-autoconfig-(\w+)\.timer", timers) == [timer]
    converged("server")
    assert serial(ORDERS) == serial(OTHER)


SOURCED: dict[str, Any] = {
    "autoconfig_generic_host": "auto.fe.test",
    "autoconfig_sources": [
        {
            "name": "shops",
            "type": "file",
            "domains": {"path": "/srv/domains", "pattern": r"^(?P<domain>\S+)"},
            "domain": {"provider": "corp", "discovery": "certificate"},
            "every": 3600,
        }
    ],
}


def sell(*domains: str, at: tuple[str, ...] = (ORDERS, OTHER)) -> None:
    """Let front ends read these domains, without a play."""
    for name in at:
        listed = "".join(f"{domain}\n" for domain in ("stays.fe.test", *domains))
        run(name, "sh", "-c", f"printf '%s' '{listed}' >/srv/domains")
        run(name, "sh", "-c", "systemctl start mail-autoconfig-sources 2>/dev/null || true")


def answers(name: str, domain: str) -> bool:
    """Whether a host answers by https for the domain's own name, with a certificate of Pebble's."""
    context = ssl.create_default_context(cafile=str(CA))
    connection = TLSConnection(f"autoconfig.{domain}", port(name, 443), context)
    try:
        path = f"/mail/config-v1.1.xml?emailaddress=user%40{domain}"
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except ssl.SSLError:
        return False
    finally:
        connection.close()


def test_domains_of_a_source_are_on_certificates_everywhere() -> None:
    """One host assigns and orders, and the other one serves what it fetched; both let go."""
    sell()
    converged("server", **SOURCED)
    assert all(answers(name, "stays.fe.test") for name in (ORDERS, OTHER))
    assert changes(converged("server", **SOURCED)) == 0

    sell("sold.fe.test", at=(ORDERS,))
    eventually(lambda: answers(ORDERS, "sold.fe.test"), 60)
    # The authority's question is passed on before the domain is read.
    path, host = "/.well-known/acme-challenge/test", {"Host": "autoconfig.sold.fe.test"}
    assert [ask(OTHER, each, host)[0] for each in (path, "/else")] == [404, 301]
    sell("sold.fe.test")
    assert not answers(OTHER, "sold.fe.test")
    # It fetches by itself, 30 s after it has read of it.
    eventually(lambda: answers(OTHER, "sold.fe.test"), 120)
    assert all(answers(BALANCER, "sold.fe.test") for _ in range(10))

    sell()
    eventually(lambda: not any(answers(name, "sold.fe.test") for name in (ORDERS, OTHER)), 60)
    assert all(answers(name, "stays.fe.test") for name in (ORDERS, OTHER))


def test_removal() -> None:
    """Last, since nothing is left: no account, no unit, no key."""
    output = converged("remove")
    assert changes(output) > 0
    assert run(BALANCER, "sh", "-c", "ss -Hltn 'sport = 80 or sport = 443'") == ""
    assert run(BALANCER, "systemctl", "is-active", "haproxy") == "active\n"
    for name in ORDERS, OTHER:
        directories = "/etc /var/lib /etc/systemd/system"
        assert run(name, "sh", "-c", f"find {directories} -maxdepth 1 -name 'mail-auto*'") == ""
        assert run(name, "sh", "-c", "getent passwd mail-autoconfig-share || true") == ""
    assert changes(converged("remove")) == 0
