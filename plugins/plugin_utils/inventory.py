# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From what Ansible passes to what the program's validator reads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def plain(value: Any) -> Any:
    """Turn Ansible's tagged and lazy values into plain ones."""
    return json.loads(json.dumps(value, default=str))


def raw_configuration(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Take from a task's arguments what ``mail_autoconfig.inventory.read.parse`` reads.

    :arg arguments: with ``domains``, ``providers`` and ``generic_host`` (none: an empty string)
    """
    raw = {key: plain(arguments[key]) for key in ("domains", "providers")}
    if arguments["generic_host"]:
        raw["generic_host"] = str(arguments["generic_host"])
    return raw
