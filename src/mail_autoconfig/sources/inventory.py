"""What the sources need of the inventory: its own names and providers, and its generic host.

Not more: an inventory without a domain is right where sources give them, and one with very many is
read in no time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..inventory.fields import ConfigurationError
from ..inventory.model import Settings
from ..inventory.names import normalise
from ..inventory.single import parse_providers


@dataclass(frozen=True, slots=True)
class Inventory:
    """`raw_providers` are the inventory's own, `providers` with the built-in ones.

    `digest` is that of the file.
    """

    names: frozenset[str]
    raw_providers: Mapping[str, Any]
    providers: Mapping[str, Settings]
    generic_host: str | None
    digest: str


def load(path: Path) -> Inventory:
    """Read the configuration (JSON). Raises ConfigurationError."""
    try:
        content = path.read_bytes()
        raw = json.loads(content)
    except OSError as error:
        raise ConfigurationError([f"{path.name}: can't be read: {error.strerror}"]) from None
    except (ValueError, RecursionError) as error:
        raise ConfigurationError([f"{path.name}: not JSON in UTF-8: {error}"]) from None
    if not isinstance(raw, Mapping):
        raise ConfigurationError([f"{path.name}: not a configuration"])
    return of(raw, hashlib.sha256(content).hexdigest())


def of(raw: Mapping[str, Any], digest: str = "") -> Inventory:
    """Take it from a raw configuration. Raises ConfigurationError."""
    own = raw.get("providers") or {}
    return Inventory(
        names=frozenset(_names(raw.get("domains") or [])),
        raw_providers=own,
        providers=parse_providers(own),
        generic_host=raw.get("generic_host") or None,
        digest=digest,
    )


def _names(domains: Any) -> set[str]:
    """The names that can be read; `check` has said what is wrong before the file was put there."""
    found: set[str] = set()
    for each in domains:
        with suppress(TypeError, KeyError, ValueError, AttributeError):
            found.add(normalise(each["name"]))
    return found
