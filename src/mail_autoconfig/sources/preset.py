"""The queries that come with the package: a TOML file for each system that has domains."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from .rows import COLUMNS, Kind, Query


@dataclass(frozen=True, slots=True)
class Preset:
    """A system: which `version` of its schema was read, and where (`source`).

    `queries` has those of each type of source; `settings` are keys of a source beside them.
    """

    title: str
    version: str
    source: str
    queries: Mapping[str, Mapping[Kind, tuple[Query, ...]]]
    settings: Mapping[str, Mapping[str, Any]]


@cache
def presets() -> Mapping[str, Preset]:
    """All of them, by name."""
    directory = files(__package__).joinpath("presets")
    return {
        entry.name.removesuffix(".toml"): _read(tomllib.loads(entry.read_text("utf-8")))
        for entry in sorted(directory.iterdir(), key=lambda each: each.name)
        if entry.name.endswith(".toml")
    }


def _read(raw: Mapping[str, Any]) -> Preset:
    types = {name: value for name, value in raw.items() if isinstance(value, Mapping)}
    return Preset(
        title=raw["title"],
        version=raw["version"],
        source=raw["source"],
        queries={
            name: {kind: as_list(value[kind]) for kind in COLUMNS if kind in value}
            for name, value in types.items()
        },
        settings={
            name: {key: each for key, each in value.items() if key not in COLUMNS}
            for name, value in types.items()
        },
    )


def as_list(query: Any) -> tuple[Query, ...]:
    """One query or a list of them, as the latter."""
    return tuple(query) if isinstance(query, list) else (query,)
