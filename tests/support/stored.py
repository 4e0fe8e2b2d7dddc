"""The domains of an inventory, in a store in its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mail_autoconfig.inventory.names import normalise
from mail_autoconfig.store.entry import Entry
from mail_autoconfig.store.write import write


def move_to_store(path: Path, raw: dict[str, Any]) -> dict[str, Any]:
    """Write the domains of a raw configuration into a store; return the rest of it."""
    entries = [
        Entry(
            normalise(each["name"]),
            "customers",
            {key: value for key, value in each.items() if key != "name"},
        )
        for each in raw["domains"]
    ]
    write(path, raw.get("providers") or {}, entries)
    return raw | {"domains": []}
