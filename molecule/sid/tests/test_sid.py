"""The table of answers, a renewal, and a profile, on Debian sid."""

from __future__ import annotations

import json
import subprocess

import pytest

from support.answers import Case, cases, run
from support.deployed import Server
from support.pem import names_on

SERVER = Server("sid", "sid")
LIVE = "/etc/mail-autoconfig/certbot/live/mail-autoconfig"


@pytest.mark.parametrize("case", cases(SERVER.suffix), ids=lambda case: str(case.name))
def test_table(case: Case) -> None:
    run(case, SERVER.ask)


def test_renewal_by_the_timers_service() -> None:
    before = SERVER.certificate()["serialNumber"]
    SERVER.run("systemctl start mail-autoconfig-certificates.service")
    assert SERVER.certificate()["serialNumber"] == before
    said = SERVER.run("mail-autoconfig certificates --renew mail-autoconfig")
    assert "mail-autoconfig: ordered, " in said


def write(path: str, content: str) -> None:
    SERVER.run("sh -c %s", f"cat > {path} <<'END'\n{content}\nEND")


def test_profile_of_an_authority_that_has_it() -> None:
    """Sid's Pebble, on the server itself: the lab's, of Debian 13, has no profiles yet."""
    SERVER.run("apt-get install -qy --no-install-recommends pebble")
    for file in "acme.pem", "acme.key":
        of_lab = ["docker", "exec", "autoconfig-sid-pebble", "cat", f"/etc/lab/{file}"]
        content = subprocess.run(of_lab, capture_output=True, text=True, check=True).stdout
        write(f"/root/{file}", content)
    profiles = {
        "default": {"description": "the usual one", "validityPeriod": 90 * 24 * 3600},
        "shortlived": {"description": "a short life", "validityPeriod": 160 * 3600},
    }
    settings = {
        "listenAddress": "127.0.0.1:14001",
        "managementListenAddress": "127.0.0.1:15001",
        "certificate": "/root/acme.pem",
        "privateKey": "/root/acme.key",
        "httpPort": 80,
        "tlsPort": 443,
        "profiles": profiles,
    }
    write("/root/pebble.json", json.dumps({"pebble": settings}))
    SERVER.run("sh -c %s", "echo 127.0.0.1 acme.test >> /etc/hosts")
    quick = "--setenv=PEBBLE_VA_NOSLEEP=1 --setenv=PEBBLE_WFE_NONCEREJECT=0"
    SERVER.run(f"systemd-run --unit pebble {quick} pebble -config /root/pebble.json")
    SERVER.run("sh -c %s", "until ss -ltn | grep -q :14001; do sleep 0.1; done")
    authority = json.loads(SERVER.run("cat /etc/mail-autoconfig/authority.json"))
    authority |= {"directory_url": "https://acme.test:14001/dir", "root": ""}
    write("/root/authority.json", json.dumps(authority | {"profile": "shortlived"}))
    said = SERVER.run("mail-autoconfig certificates /root/authority.json")
    assert "mail-autoconfig: ordered, " in said
    assert "profile" not in said
    hours = 160 * 3600
    for ahead, valid in (hours - 3600, True), (hours + 3600, False):
        checked = SERVER.host.run(f"openssl x509 -noout -checkend {ahead} -in {LIVE}/cert.pem")
        assert (checked.rc == 0) == valid
    assert f"autoconfig.corp.{SERVER.suffix}" in names_on(SERVER.run(f"cat {LIVE}/cert.pem"))
    # The authority's window is within the second half of so short a life.
    assert "ordered" not in SERVER.run("mail-autoconfig certificates /root/authority.json")
