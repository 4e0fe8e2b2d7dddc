"""What root takes of the service that reads the sources, if somebody has taken that over."""

from __future__ import annotations

import pytest

from support.deployed import Server
from support.sources_lab import SERVICE

METRICS = "/var/lib/prometheus/node-exporter/mail-autoconfig-sources.prom"
DROP_IN = f"/run/systemd/system/{SERVICE}.d/hostile.conf"


@pytest.mark.parametrize(
    ("leave", "why"),
    [
        ("mkfifo $RUNTIME_DIRECTORY/{name}", "not a regular file"),
        ("ln -s /etc/shadow $RUNTIME_DIRECTORY/{name}", "Too many levels of symbolic links"),
        ("truncate -s 1T $RUNTIME_DIRECTORY/{name}", "over 67108864 octets"),
    ],
    ids=["pipe", "link", "huge"],
)
def test_metrics_of_a_hostile_service_are_not_taken(server: Server, leave: str, why: str) -> None:
    script = leave.format(name=METRICS.rpartition("/")[2]).replace("$", "$$")
    unit = f"[Service]\nExecStart=\nExecStart=/bin/sh -c '{script}'\n"
    server.run("mkdir --parents %s", DROP_IN.rpartition("/")[0])
    server.run("systemctl stop mail-autoconfig-sources.timer %s", SERVICE)
    try:
        before = server.run("cat %s", METRICS)
        server.run('sh -c \'printf %%s "$0" > "$1"\' %s %s', unit, DROP_IN)
        server.run("systemctl daemon-reload")
        server.run("timeout 20 systemctl restart %s", SERVICE)
        run = server.run("systemctl show --value -p InvocationID %s", SERVICE).strip()
        after = server.run("cat %s", METRICS)
    finally:
        server.run("rm %s", DROP_IN)
        server.run("systemctl daemon-reload")
        server.run("systemctl start mail-autoconfig-sources.timer")
    assert after == before
    assert why in server.run("journalctl _SYSTEMD_INVOCATION_ID=%s --output cat", run)
