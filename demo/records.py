"""Print the demo's service records as options of dnsmasq, without their dashes.

They are those that `mail-autoconfig dns` shows for the demo's inventory. Needs PYTHONPATH=src.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

from mail_autoconfig.doctor.command import read_inventory
from mail_autoconfig.inventory.model import Configuration
from mail_autoconfig.zones.records import records

INVENTORY = Path(__file__).with_name("group_vars") / "all/domains.yml"


def options(configuration: Configuration, address: str) -> Iterator[str]:
    """Yield an option for each SRV and TXT record; `address` is the server's."""
    for record in records(configuration, [ip_address(address)]):
        for value in record.values:
            if record.type == "TXT":
                yield f"txt-record={record.name},{value.strip(chr(34))}"
            elif record.type == "SRV":
                priority, weight, port, target = value.split()
                # Without a target dnsmasq says that the service is not offered.
                offered = f",{target.rstrip('.')},{port},{priority},{weight}"
                yield f"srv-host={record.name}{offered if target != '.' else ''}"


if __name__ == "__main__":
    print("\n".join(options(read_inventory(INVENTORY), sys.argv[1])))
