"""The name servers of molecule/dns, and the role that pushes to them."""

from __future__ import annotations

import subprocess
from typing import Any

import yaml

from mail_autoconfig.zones.changes import Change, Content, Key
from mail_autoconfig.zones.rfc2136 import UpdateServer
from support.deployed import ROOT, play

SCENARIO = ROOT / "molecule/dns"
DOMAINS = yaml.safe_load((SCENARIO / "inventory/group_vars/all/domains.yml").read_text())
LAB = yaml.safe_load((SCENARIO / "inventory/group_vars/all/lab.yml").read_text())
SECRET = LAB["lab_secret"]
WRONG = "d3Jvbmcgc2VjcmV0IG9mIHRoZSBzY2VuYXJpby1rZXk="
KNOT = UpdateServer(LAB["lab_knot"], key="autoconfig", secret=SECRET)
BIND = UpdateServer(LAB["lab_bind"], key="autoconfig", secret=SECRET)
POWERDNS = UpdateServer(LAB["lab_powerdns"], key="autoconfig", secret=SECRET)
KNOT_ENTRY, BIND_ENTRY, _ = DOMAINS["autoconfig_dns_servers"]
GENERIC = "autoconfig.hoster.test."
ONE = {"name": "one.test", "provider": "gandi"}


def push(*arguments: str, **variables: Any) -> subprocess.CompletedProcess[str]:
    return play(
        "mailhost.autoconfig.dns",
        *arguments,
        inventory=SCENARIO / "inventory/hosts.yml",
        **variables,
    )


def pushed(*arguments: str, **variables: Any) -> str:
    result = push(*arguments, **variables)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def zone(name: str, server: UpdateServer = KNOT) -> dict[Key, Content]:
    """A zone without its serial."""
    content = server.read(name)
    content.pop((name, "SOA"))
    return content


def edit(name: str, type_: str, *values: str) -> None:
    """Change one.test behind the role's back."""
    before = KNOT.read("one.test").get((name, type_))
    after = Content(values, 600) if values else None
    KNOT.change("one.test", [Change("one.test", name, type_, before, after)])


def foreign(name: str) -> dict[Key, Content]:
    """What tests/lab/images/knot/start puts into a zone."""
    return {
        (name, "NS"): Content((f"ns1.{name}.", f"ns2.{name}."), 600),
        (f"ns1.{name}", "A"): Content((LAB["lab_knot"],), 600),
        (f"ns2.{name}", "A"): Content((LAB["lab_bind"],), 600),
        (name, "MX"): Content((f"10 mx.{name}.",), 600),
        (f"*.{name}", "A"): Content(("192.0.2.80",), 600),
        (f"www.{name}", "A"): Content(("192.0.2.81",), 600),
        (name, "TXT"): Content(('"v=spf1 mx -all"',), 600),
    }
