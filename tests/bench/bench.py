"""The project's figures: ``make bench``. Ratios in one run on one machine; nothing is asserted.

It makes a lab of its own (two fresh Debian 13 containers) and removes it at the end. All load stays
inside a container, at 127.0.0.1.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import time
from pathlib import Path
from typing import Any

import docker
from docker.models.containers import Container

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "roles/nginx/templates"
INVENTORY = str(Path(__file__).parent / "hosts.yml")
ROUNDS = 5
SECONDS = 4
PACKAGES = (
    "nginx openssl python3-certbot python3-defusedxml python3-httptools python3-jinja2 "
    "python3-uvicorn python3-uvloop"
)
# The least that an application can do.
EMPTY = """
import uvicorn

async def empty(scope, receive, send):
    headers = [(b"content-length", b"0"), (b"content-type", b"text/xml; charset=utf-8")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b""})

uvicorn.run(empty, port=9001, loop="uvloop", http="httptools", lifespan="off", access_log=False,
            log_config=None)
"""
POST = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "text/xml"
wrk.headers["Host"] = "autodiscover.example.test"
wrk.body = [[<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/\
requestschema/2006"><Request><EMailAddress>user@example.test</EMailAddress>\
<AcceptableResponseSchema>http://schemas.microsoft.com/exchange/autodiscover/outlook/\
responseschema/2006a</AcceptableResponseSchema></Request></Autodiscover>]]
"""
# What certbot would take most of an hour for: a certificate for each server block of nginx.
CERTIFY = """
import json, subprocess
from pathlib import Path

NEW = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 9 -batch"

def openssl(*arguments):
    subprocess.run(["openssl", *NEW.split(), *arguments], check=True, capture_output=True)

openssl("-subj", "/CN=root", "-addext", "keyUsage=critical,keyCertSign",
        "-keyout", "/tmp/ca.key", "-out", "/tmp/ca.pem")
assigned = json.loads(Path("/etc/mail-autoconfig/certificates.json").read_text())
for name, members in assigned.items():
    directory = Path("/etc/mail-autoconfig/openssl", name)
    directory.mkdir(parents=True, exist_ok=True)
    names = ",".join(f"DNS:{each}" for listed in members.values() for each in listed)
    openssl("-CA", "/tmp/ca.pem", "-CAkey", "/tmp/ca.key", "-subj", "/CN=leaf",
            "-addext", f"subjectAltName={names}", "-addext", "basicConstraints=critical,CA:FALSE",
            "-keyout", f"{directory}/privkey.pem", "-out", f"{directory}/fullchain.pem")
    link = Path("/etc/mail-autoconfig/tls", name)
    link.unlink()
    link.symlink_to(directory)
"""


def play(playbook: str, *arguments: str, **variables: Any) -> float:
    """Run a playbook on the lab; return its time in seconds."""
    start = time.monotonic()
    subprocess.run(
        ["ansible-playbook", "-i", INVENTORY, "-e", json.dumps(variables), *arguments, playbook],
        cwd=ROOT,
        env=os.environ | {"ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.minimal"},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return time.monotonic() - start


def run(container: Container, command: str) -> str:
    """Run a shell command in a container; CalledProcessError if it fails."""
    code, output = container.exec_run(["sh", "-c", command])
    assert isinstance(output, bytes)
    if code:
        raise subprocess.CalledProcessError(code, command, output)
    return output.decode()


def put(container: Container, path: str, text: str) -> None:
    """Write a file in a container."""
    run(container, f"cat > {path} <<'END OF FILE'\n{text}\nEND OF FILE")


def rate(container: Container, arguments: str) -> float:
    """Requests a second that wrk counts; an answer that is no success fails the run."""
    output = run(container, f"wrk -t1 -c16 -d{SECONDS}s {arguments}")
    if "Non-2xx" in output:
        raise SystemExit(output)
    found = re.search(r"Requests/sec: +([0-9.]+)", output)
    assert found, output
    return float(found[1])


def compare(container: Container, what: str, one: str, other: str) -> None:
    """Print the median ratio of two loads that take turns."""
    pairs = [(rate(container, one), rate(container, other)) for _ in range(ROUNDS)]
    ratios = sorted(a / b for a, b in pairs)
    print(
        f"{what}: ratio {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}), "
        f"{statistics.median(a for a, _ in pairs):,.0f} against "
        f"{statistics.median(b for _, b in pairs):,.0f} requests/s",
        flush=True,
    )


def resident(container: Container, pid: str) -> float:
    """Resident memory of a process in MB."""
    status = run(container, f"grep VmRSS /proc/{pid}/status")
    return int(status.split()[1]) / 1000


def certificates() -> None:
    """Print what a run costs that finds 1,000 domains' certificates right, against one domain's."""
    server = "mailhost.autoconfig.server"
    one = statistics.median(play(server) for _ in range(3))
    many = [{"name": f"d{number}.example.test", "provider": "gandi"} for number in range(1000)]
    first = play(server, autoconfig_domains=many)
    again = statistics.median(play(server, autoconfig_domains=many) for _ in range(3))
    play(server)
    print(
        f"server.yml, 1,000 domains on 40 certificates: ordered in {first:.0f} s; all up to date "
        f"{again:.0f} s, ratio to one domain {again / one:.2f}",
        flush=True,
    )


def verify(server: Container) -> None:
    """Print how long the proof takes with 10,000 domains, whose certificates openssl makes."""
    many = [{"name": f"d{number}.example.test", "provider": "gandi"} for number in range(10000)]
    root = ROOT / ".cache/lab/bench/openssl.pem"
    play("mailhost.autoconfig.server", "--tags=responder,nginx", autoconfig_domains=many)
    put(server, "/tmp/certify.py", CERTIFY)
    root.write_text(run(server, "python3 /tmp/certify.py && nginx -s reload && cat /tmp/ca.pem"))
    trust = "--connect 127.0.0.1:443 --connect-http 127.0.0.1:80 --ca /tmp/ca.pem"
    asked = f"mail-autoconfig verify {trust} --socket /run/mail-autoconfig/socket"
    start = time.monotonic()
    said = run(server, f"{asked} /etc/mail-autoconfig/config.json")
    took = time.monotonic() - start
    print(f"mail-autoconfig verify: {took:.0f} s; {said.strip()}", flush=True)
    took = play(
        "mailhost.autoconfig.verify",
        autoconfig_domains=many,
        autoconfig_certificates_acme_root_file=str(root),
    )
    print(f"verify.yml, 10,000 domains on 400 certificates: {took:.0f} s", flush=True)
    play("mailhost.autoconfig.server")


def responder(server: Container) -> None:
    """Print what many domains and log-in names cost the responder, and what nginx adds."""
    run(server, "mkdir -p /tmp/bench")
    for name in ("responder.py", "nginx.py"):
        put(server, f"/tmp/bench/{name}", (Path(__file__).parent / name).read_text("utf-8"))
    for name in ("mail-autoconfig.conf.j2", "servers.j2"):
        put(server, f"/tmp/bench/{name}", (TEMPLATES / name).read_text("utf-8"))
    path = "PYTHONPATH=/usr/local/bin/mail-autoconfig:/tmp"
    for command in ("/tmp/bench/responder.py", "-m bench.nginx /tmp/bench/mail-autoconfig.conf.j2"):
        print(run(server, f"cd /tmp && {path} python3 {command}"), end="", flush=True)


def main() -> None:
    """Make the lab, measure, remove the lab."""
    play(str(ROOT / "tests/lab/create.yml"))
    try:
        engine = docker.from_env()
        bare = engine.containers.get("autoconfig-bench-bare")
        server = engine.containers.get("autoconfig-bench-server")

        start = time.monotonic()
        run(bare, f"apt-get update -q && apt-get install -qy --no-install-recommends {PACKAGES}")
        apt = time.monotonic() - start
        site = play("site.yml")
        again = play("site.yml")
        print(f"site.yml: {site:.0f} s, Debian's packages by apt alone {apt:.0f} s", flush=True)
        print(f"site.yml, second run: {again:.0f} s", flush=True)
        certificates()
        verify(server)

        run(server, "apt-get install -qy --no-install-recommends wrk")
        responder(server)
        put(server, "/tmp/post.lua", POST)
        put(server, "/tmp/empty.py", EMPTY)
        server.exec_run("python3 /tmp/empty.py", detach=True)
        serve = "mail-autoconfig serve --port 9000 /etc/mail-autoconfig/config.json"
        server.exec_run(serve, detach=True)
        time.sleep(3)
        compare(
            server,
            "POX by the responder against an empty application, one worker each",
            "-s /tmp/post.lua http://127.0.0.1:9000/autodiscover/autodiscover.xml",
            "-s /tmp/post.lua http://127.0.0.1:9001/",
        )
        pid = run(server, "pgrep -f 'mail-autoconfig serve --port'").split()[0]
        print(f"memory of the responder after that: {resident(server, pid):.0f} MB", flush=True)
    finally:
        play(str(ROOT / "tests/lab/destroy.yml"))


if __name__ == "__main__":
    main()
