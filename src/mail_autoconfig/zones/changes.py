"""The content of zones, and changes of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .records import unquoted

Key = tuple[str, str]
"""Absolute name in lower case without a final dot, and type."""


@dataclass(frozen=True, slots=True)
class Content:
    """The content of one record set: values in the form of a zone file, TTL in seconds."""

    values: tuple[str, ...]
    ttl: int


Zone = Mapping[Key, Content]


@dataclass(frozen=True, slots=True)
class Change:
    """One record set that changes; `before` or `after` is None where there is none.

    `domain` is the mail domain that needs it; changes of one domain are applied together.
    """

    domain: str
    name: str
    type: str
    before: Content | None
    after: Content | None


def canonical(type_: str, values: Iterable[str]) -> frozenset[str]:
    """The same for values that mean the same: their order, the case of host names, split texts."""
    if type_ == "TXT":
        return frozenset(map(unquoted, values))
    return frozenset(value if type_ == "CAA" else value.lower() for value in values)


def difference(changes: Iterable[Change]) -> tuple[str, str]:
    """The changed record sets before and after, as lines of a zone file."""
    sides: tuple[list[str], list[str]] = ([], [])
    for change in changes:
        for side, content in zip(sides, (change.before, change.after), strict=True):
            if content:
                head = f"{change.name}. {content.ttl} {change.type}"
                side += (f"{head} {value}\n" for value in content.values)
    before, after = ("".join(sorted(side)) for side in sides)
    return before, after
