"""What the sources gave, together: the inventory wins, then the first source that has a domain."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from ..inventory.addresses import Address
from ..store.entry import Entry
from . import snapshot
from .collect import NAMED
from .definitions import Definition, Definitions
from .inventory import Inventory
from .settings import Source
from .snapshot import Given


@dataclass(slots=True)
class Merged:
    """What became of the domains of each source: how many are in the store, and which are not.

    `refused` and `twice`: source -> name -> why; `refusals` has their numbers.
    """

    taken: Counter[str] = field(default_factory=Counter)
    logins: Counter[str] = field(default_factory=Counter)
    inventory: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    refused: dict[str, dict[str, str]] = field(default_factory=dict)
    doubles: Counter[str] = field(default_factory=Counter)
    twice: dict[str, dict[str, str]] = field(default_factory=dict)


def merge(
    sources: Sequence[Source], inventory: Inventory, state: Path, merged: Merged
) -> Iterator[Entry]:
    """The entries of the store, in the order of their names. Raises ValueError, OSError."""
    definitions = Definitions(inventory)
    streams = (_numbered(state, source, number) for number, source in enumerate(sources))
    for name, same in groupby(heapq.merge(*streams, key=_order), key=lambda each: each[0]):
        (_name, number, given), *others = same
        source = sources[number]
        for _other, later, _given in others:
            _add(merged.doubles, merged.twice, sources[later].name, name, f"{source.name} has it")
        if name in inventory.names:
            merged.inventory[source.name] += 1
            continue
        definition = definitions.of(source.domain, given.extras, certified=source.certified)
        if why := definition.refuses(name):
            _add(merged.refusals, merged.refused, source.name, name, why)
            continue
        entry = _entry(source, definition, given)
        merged.taken[source.name] += 1
        merged.logins[source.name] += len(entry.logins)
        yield entry


def _numbered(state: Path, source: Source, number: int) -> Iterator[tuple[str, int, Given]]:
    return ((given.name, number, given) for given in snapshot.read(state, source.name))


def _order(each: tuple[str, int, Given]) -> tuple[str, int]:
    return each[:2]


def _add(
    counts: Counter[str], names: dict[str, dict[str, str]], source: str, name: str, why: str
) -> None:
    counts[source] += 1
    kept = names.setdefault(source, {})
    if len(kept) < NAMED:
        kept[name] = why


def _entry(source: Source, definition: Definition, given: Given) -> Entry:
    raw, pattern = definition.raw, definition.pattern
    if given.target:
        raw = definition.for_alias(given.target)
        pattern = str(raw.get("username", pattern))
    logins = _differing(pattern, given) if source.logins and given.logins else {}
    return Entry(given.name, source.name, raw, logins)


def _differing(pattern: str, given: Given) -> Mapping[str, str]:
    """The log-in names that are not what the pattern gives."""
    name = given.name
    if pattern == "{email}":
        return {local: login for local, login in given.logins.items() if login != f"{local}@{name}"}
    return {
        local: login
        for local, login in given.logins.items()
        if login != Address(f"{local}@{name}", local, name).fill(pattern)
    }


def summary(merged: Merged, source: str) -> dict[str, Any]:
    """What became of the domains of a source, for the report."""
    return {
        "served": merged.taken[source],
        "served_logins": merged.logins[source],
        "in_inventory": merged.inventory[source],
        "refused_count": merged.refusals[source],
        "refused": merged.refused.get(source, {}),
        "twice_count": merged.doubles[source],
        "twice": merged.twice.get(source, {}),
    }
