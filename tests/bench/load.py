"""Are others served while one client does what it can? ``make load``, on the lab of the figures.

Others must get all their answers, 99 of 100 within a second. Each case prints a line; the run fails
at its end if one did not hold. All load stays inside a container, at 127.0.0.1.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from threading import Thread

import docker
from docker.models.containers import Container

from bench.bench import ROOT, play, put, run

TOOL = "/tmp/strangers.py"
# What docs/server.md advises the owner of nginx.conf to set.
ADVISED = (
    "sed -i 's/worker_connections .*/worker_connections 8192;/' /etc/nginx/nginx.conf && "
    "(grep -q worker_rlimit /etc/nginx/nginx.conf || sed -i '1i worker_rlimit_nofile 16384;' "
    "/etc/nginx/nginx.conf) && nginx -t -q && systemctl restart nginx"
)
SECONDS = 15


def observe(server: Container, name: str, *commands: str) -> bool:
    """Run commands, one after the other, while others ask; say whether those were served."""
    seen: list[str] = []
    probe = Thread(target=lambda: seen.append(run(server, f"python3 {TOOL} probe {SECONDS}")))
    probe.start()
    time.sleep(1)
    said = [run(server, command).strip() for command in commands]
    probe.join()
    others = json.loads(seen[0])
    served = bool(others["failed"] == 0 and others["p99"] < 1)
    print(
        f"{'served' if served else 'NOT SERVED'}: {name}: others asked {others['asked']}, failed "
        f"{others['failed']} {others['why'] or ''}, p99 {others['p99']:.3f} s, longest "
        f"{others['most']:.3f} s; the client: {' '.join(filter(None, said))}",
        flush=True,
    )
    return served


def main() -> int:
    """Make the lab, load it, remove it; with ``--kept``, use the one that is there."""
    kept = "--kept" in sys.argv
    if not kept:
        play(str(ROOT / "tests/lab/create.yml"))
    try:
        if not kept:
            play("site.yml")
        server = docker.from_env().containers.get("autoconfig-bench-server")
        put(server, TOOL, (Path(__file__).parent / "strangers.py").read_text("utf-8"))
        run(server, ADVISED)
        unit = "mail-autoconfig.service"
        up = f"until systemctl is-active -q {unit}; do sleep .05; done"
        kill = f"systemctl kill -s KILL {unit}; sleep .2; {up}; sleep 1"
        results = [
            observe(server, "nobody"),
            observe(server, "600 forms with a long address", f"python3 {TOOL} form"),
            observe(server, "600 forms with the largest QR code", f"python3 {TOOL} longest"),
            observe(server, "600 profiles", f"python3 {TOOL} profiles"),
            observe(server, "600 XML documents of 64 KiB", f"python3 {TOOL} xml"),
            observe(server, "1,700 connections with unfinished headers", f"python3 {TOOL} headers"),
            observe(server, "the responder killed six times", *[kill] * 6),
            observe(server, "an address of no domain", f"python3 {TOOL} hyphen"),
        ]
    finally:
        if not kept:
            play(str(ROOT / "tests/lab/destroy.yml"))
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
