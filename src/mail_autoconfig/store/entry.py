"""What the store has of one domain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Entry:
    """A domain of a source.

    `name` is in lower-case A-label form; `source` gave it. `definition` has the keys of a domain of
    the inventory, without `name`. `logins` maps local parts in lower case to log-in names, only
    where these differ from the pattern.
    """

    name: str
    source: str
    definition: Mapping[str, Any]
    logins: Mapping[str, str] = field(default_factory=dict)
