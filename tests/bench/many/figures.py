"""What 10,000 domains cost a server and its play: ``make bench-many``; nothing is asserted.

It makes a lab of its own (a fresh Debian 13 container) and removes it at the end; with ``--kept``
it uses the one that is there and leaves it. Names of figures say which to measure; none, all.
"""

from __future__ import annotations

import json
import os
import re
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import docker
from docker.models.containers import Container

from bench.bench import ROOT, put, run

SERVER = "autoconfig-many-server"
HERE = Path(__file__).parent
MANY = 10_000
ROUNDS = 2
DOCTOR_SECONDS = 1200
# The time and the memory of a command on the server, which has no /usr/bin/time.
MEASURE = """
import resource, subprocess, sys, time
begun = time.monotonic()
done = subprocess.run(sys.argv[1:], capture_output=True, text=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(f"{time.monotonic() - begun:.1f} s, computing {used.ru_utime + used.ru_stime:.1f} s, "
      f"{used.ru_maxrss / 1000:.0f} MB, code {done.returncode}:",
      " | ".join((done.stdout + done.stderr).strip().splitlines()[:2]))
"""
# A handshake for each name, with a client that trusts the self-signed certificates alone.
HANDSHAKES = """
import json, socket, ssl, time
from pathlib import Path
trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
for path in Path("/etc/mail-autoconfig/tls/selfsigned").glob("*/fullchain.pem"):
    trusted.load_verify_locations(path)
assigned = json.loads(Path("/etc/mail-autoconfig/certificates.json").read_text())
names = [name for units in assigned.values() for listed in units.values() for name in listed]
begun = time.monotonic()
for name in names:
    with socket.create_connection(("127.0.0.1", 443)) as wire:
        trusted.wrap_socket(wire, server_hostname=name).close()
print(f"{len(names)} handshakes, each right, in {time.monotonic() - begun:.0f} s")
"""


def domains(count: int, **changed: Any) -> list[dict[str, Any]]:
    """So many domains; `changed` is of the one in the middle."""
    found = [{"name": f"d{n}.example.test", "provider": "acme"} for n in range(count)]
    found[count // 2] |= changed
    return found


class Took(NamedTuple):
    """Seconds that a play took, and that it computed: on the controller, and on the server."""

    seconds: float
    controller: float
    server: float

    def __str__(self) -> str:
        """For people."""
        computing = (
            f"{self.controller:.0f} s on the controller and {self.server:.0f} s on the server"
        )
        return f"{self.seconds:.0f} s, computing {computing}"


def computed() -> tuple[float, float]:
    """Seconds that the plays so far have computed, and that the server has."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    server = docker.from_env().containers.get(SERVER).stats(stream=False)
    assert isinstance(server, dict)
    return used.ru_utime + used.ru_stime, server["cpu_stats"]["cpu_usage"]["total_usage"] / 1e9


def play(playbook: str, *arguments: str, **variables: Any) -> tuple[Took, str]:
    """Run a playbook on the lab; what it took, and what it printed."""
    (ROOT / ".cache/lab/many").mkdir(parents=True, exist_ok=True)
    written = ROOT / ".cache/lab/many/variables.json"
    written.write_text(json.dumps(variables))
    begun, before = time.monotonic(), computed()
    done = subprocess.run(
        ["ansible-playbook", "-i", HERE / "hosts.yml", "-e", f"@{written}", *arguments, playbook],
        cwd=ROOT,
        env=os.environ
        | {"ANSIBLE_CALLBACKS_ENABLED": "ansible.posix.profile_tasks", "ANSIBLE_NOCOLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    after = computed()
    took = Took(time.monotonic() - begun, after[0] - before[0], after[1] - before[1])
    return took, done.stdout


def lab(what: str) -> None:
    """Create or destroy the lab."""
    command = ["ansible-playbook", "-i", f"{HERE}/hosts.yml", f"{ROOT}/tests/lab/{what}.yml"]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def site(*arguments: str, listed: list[dict[str, Any]]) -> tuple[Took, str]:
    """Run site.yml for these domains."""
    return play("site.yml", *arguments, autoconfig_domains=listed)


def slowest(printed: str) -> str:
    """The tasks that took the longest."""
    tasks = re.findall(r"^(\S.*?) -{2,} ([0-9.]+)s$", printed, re.MULTILINE)[:8]
    return "\n".join(f"  {seconds} s  {name}" for name, seconds in tasks)


def selfsigned(server: Container) -> None:
    """A certificate for each server block; verify asks for each name with a handshake."""
    took, printed = site(listed=domains(MANY))
    said = re.findall(r"\d+ domains?, [^\"]*right[^\"]*", printed)
    print(f"selfsigned, {MANY} domains: {took}; {' '.join(said)}", flush=True)
    put(server, "/root/handshakes.py", HANDSHAKES)
    print(run(server, "python3 /root/handshakes.py").strip(), flush=True)
    tls = "/etc/mail-autoconfig/tls/selfsigned"
    print(run(server, f"ls {tls} | wc -l; du -bc {tls}/*/fullchain.pem | sort -n | tail -2"))
    print(f"nginx -t: {run(server, 'python3 /root/measure.py nginx -t').strip()}", flush=True)


def diff(_server: Container) -> None:
    """What `site.yml --check --diff` prints."""
    listed = domains(MANY)
    cases = {
        "one added": [*listed, {"name": "new.example.test", "provider": "acme"}],
        "one removed": listed[1:],
        "one changed": domains(MANY, provider="other", display_name="Other"),
    }
    site(listed=listed)
    for name, wanted in cases.items():
        took, printed = site("--check", "--diff", listed=wanted)
        shown = re.findall(r"^(?:[-+]{1,3}|---).*$", printed, re.MULTILINE)
        print(f"--check --diff, {name} of {MANY}: {took}, {len(shown)} lines of differences")
        print("".join(f"    {line}\n" for line in shown[:40]), end="", flush=True)


def unchanged(_server: Container) -> None:
    """site.yml that changes nothing, with 10,000 domains and with one, in turn."""
    found: dict[int, list[Took]] = {1: [], MANY: []}
    last = {}
    for _round in range(ROUNDS):
        for count, all_ in found.items():
            site(listed=domains(count))
            took, last[count] = site(listed=domains(count))
            if not re.search(r"changed=0 .*failed=0", last[count]):
                print(f"{count} domains: not unchanged", flush=True)
            all_.append(took)
            print(f"site.yml unchanged, {count} domains: {took}", flush=True)
            print(slowest(last[count]), flush=True)
    for what in Took._fields:
        one, many = (statistics.median(getattr(t, what) for t in found[n]) for n in (1, MANY))
        print(f"site.yml unchanged, {MANY} domains / one, {what}: {many / one:.2f}", flush=True)


def doctor(server: Container) -> None:
    """The doctor over all domains, twice, so that the second has a report to compare with."""
    site("--skip-tags=verify", listed=domains(MANY))
    run(
        server, "cat /etc/mail-autoconfig/tls/*/fullchain.pem > /root/ca.pem; rm -f /root/last.json"
    )
    asks = "--name-server 198.18.61.2 --allow-private --ca /root/ca.pem"
    files = "--since /root/last.json --keep /root/last.json --prometheus /root/doctor.prom"
    what = f"mail-autoconfig doctor --inventory /etc/mail-autoconfig/config.json {asks} {files}"
    for seconds in (DOCTOR_SECONDS // 10, DOCTOR_SECONDS):
        said = run(server, f"python3 /root/measure.py {what} --within {seconds}")
        print(f"doctor --within {seconds}, {MANY} domains: {said.strip()}", flush=True)
        print(run(server, "grep -E '_(domains|oldest)' /root/doctor.prom | grep -v '#'"), end="")
        print(run(server, "ls -l /root/last.json /root/doctor.prom"), end="", flush=True)


FIGURES: dict[str, Callable[[Container], None]] = {
    each.__name__: each for each in (selfsigned, diff, unchanged, doctor)
}


def main() -> None:
    """Make the lab, measure, remove the lab."""
    kept = "--kept" in sys.argv
    wanted = [name for name in sys.argv[1:] if name in FIGURES] or list(FIGURES)
    if not kept:
        lab("create")
    try:
        server = docker.from_env().containers.get(SERVER)
        site(listed=domains(1))
        put(server, "/root/measure.py", MEASURE)
        for name in wanted:
            FIGURES[name](server)
    finally:
        if not kept:
            lab("destroy")


if __name__ == "__main__":
    main()
