"""The doctor on the controller, for domains that no inventory has."""

from __future__ import annotations

import re

from support import deployed
from support.deployed import ROOT, changes
from support.sources_lab import INVENTORY

ADDRESSES = ["--allow-private", "--name-server", "198.18.49.2"]


def test_doctor_asks_for_the_domains_of_sources() -> None:
    """Those of the first server; it finds faults, since the lab has no records for most of them."""
    arguments = [*ADDRESSES, "--ca", str(ROOT / ".cache/lab/sources/ca.pem")]
    shown = deployed.play(
        "mailhost.autoconfig.verify",
        *("--tags", "doctor"),
        inventory=INVENTORY,
        autoconfig_generic_host="auto.customers.test",  # one for both
        autoconfig_verify_doctor=True,
        autoconfig_verify_doctor_arguments=arguments,
    )
    assert changes(shown.stdout) == 0, shown.stdout + shown.stderr
    for domain in "first.customers.test", "staff.customers.test", "local.deb12.test":
        assert re.search(rf"\b{re.escape(domain)}: \d", shown.stdout), shown.stdout + shown.stderr
