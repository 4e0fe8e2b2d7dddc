"""What a reader finds in a source: drafts of entries, and what is left behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Raw = dict[str, Any]
"""A server or an entry, with the keys of an inventory."""


class SourceError(Exception):
    """A source that can't be read; the text is one line: what, where, what instead."""


@dataclass(frozen=True, slots=True)
class Draft:
    """Domains that share what one source says of them.

    `servers` have the keys of an inventory, checked by nobody yet; `extras` are other keys of a
    domain. A `provider` is one that is built in, in the place of servers.
    """

    domains: tuple[str, ...]
    servers: tuple[Raw, ...] = ()
    extras: Mapping[str, Any] = field(default_factory=dict)
    provider: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """All that one source says; `left` has a line for each thing that no key takes."""

    drafts: tuple[Draft, ...]
    left: tuple[str, ...] = ()
