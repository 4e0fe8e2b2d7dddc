"""Print domains' service records as options of dnsmasq, without their dashes.

``records.py ADDRESS DOMAIN…``: the records are those that `mail-autoconfig dns` shows for the
demo's inventory and this address of the server. Needs PYTHONPATH=src.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator
from ipaddress import ip_address
from pathlib import Path

from mail_autoconfig.inventory.file import load
from mail_autoconfig.inventory.model import Configuration
from mail_autoconfig.zones.records import records

INVENTORY = Path(__file__).with_name("group_vars") / "all/domains.yml"


def options(configuration: Configuration, address: str, domains: Collection[str]) -> Iterator[str]:
    """Yield an option for each SRV and TXT record of the domains; `address` is the server's."""
    for record in records(configuration, [ip_address(address)]):
        if record.domain not in domains:
            continue
        for value in record.values:
            if record.type == "TXT":
                yield f"txt-record={record.name},{value.strip(chr(34))}"
            elif record.type == "SRV":
                priority, weight, port, target = value.split()
                # Without a target dnsmasq says that the service is not offered.
                offered = f",{target.rstrip('.')},{port},{priority},{weight}"
                yield f"srv-host={record.name}{offered if target != '.' else ''}"


if __name__ == "__main__":
    print("\n".join(options(load(INVENTORY), sys.argv[1], sys.argv[2:])))
