"""What the sources need of the inventory: its own names and providers, and its generic host.

Not more: an inventory without a domain is right where sources give them, and one with very many is
read in no time.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..inventory import file
from ..inventory.fields import ConfigurationError
from ..inventory.model import Settings
from ..inventory.names import normalise
from ..inventory.single import parse_providers


@dataclass(frozen=True, slots=True)
class Inventory:
    """`raw_providers` are the inventory's own, `providers` with the built-in ones.

    `digest` is that of the file. `raw_sources` are those that stand in the same file.
    """

    names: frozenset[str]
    raw_providers: Mapping[str, Any]
    providers: Mapping[str, Settings]
    generic_host: str | None
    digest: str
    raw_sources: Any = None


def load(path: Path) -> Inventory:
    """Read the configuration. Raises ConfigurationError, which names the file."""
    try:
        return read(path)
    except ConfigurationError as error:
        problems = [f"{path.name}: {problem}" for problem in error.problems]
        raise ConfigurationError(problems) from None


def read(path: Path) -> Inventory:
    """Read a file, unless it is the same as last time. Raises ConfigurationError."""
    try:
        found = path.stat()
    except OSError as error:
        raise ConfigurationError([f"can't be read: {error.strerror}"]) from None
    return _read(path, (found.st_ino, found.st_mtime_ns, found.st_size))


@lru_cache(maxsize=2)
def _read(path: Path, _mark: tuple[int, ...]) -> Inventory:
    return of(*file.read(path))


def of(raw: Mapping[str, Any], digest: str = "") -> Inventory:
    """Take it from a raw configuration. Raises ConfigurationError."""
    own = raw.get("providers") or {}
    return Inventory(
        names=frozenset(_names(raw.get("domains") or [])),
        raw_providers=own,
        providers=parse_providers(own),
        generic_host=raw.get("generic_host") or None,
        digest=digest,
        raw_sources=raw.get("sources"),
    )


def _names(domains: Any) -> set[str]:
    """The names that can be read; `check` has said what is wrong before the file was put there."""
    found: set[str] = set()
    for each in domains:
        with suppress(TypeError, KeyError, ValueError, AttributeError):
            found.add(normalise(each["name"]))
    return found
