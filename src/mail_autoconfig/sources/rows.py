"""What a source gives: kinds of rows and their columns, and the error of a source."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, TypeAlias

Kind = Literal["domains", "alias_domains", "logins", "aliases"]
Row: TypeAlias = tuple[Any, ...]
"""Values in the order of :data:`COLUMNS`, as the source has them; None where there is none."""
Query: TypeAlias = str | Mapping[str, Any]
"""A text of SQL; for the other types a mapping, as `keys.QUERIES` says."""
Ask: TypeAlias = Callable[[Kind, Query], Iterator[Row]]
"""What a reader gives while it is connected: the rows of a query, as they come."""
Secret: TypeAlias = Mapping[str, str]
"""What belongs to one source in the file of secrets."""

EXTRAS = "provider", "display_name", "discovery"
"""Keys of a domain that a source may give for each domain."""
COLUMNS: Mapping[Kind, tuple[str, ...]] = {
    "domains": ("domain", *EXTRAS),
    "alias_domains": ("alias_domain", "target"),
    "logins": ("address", "login"),
    "aliases": ("address", "target"),
}
REQUIRED: Mapping[Kind, tuple[str, ...]] = {**COLUMNS, "domains": ("domain",)}
"""The columns that each query of a kind has to say."""


class SourceError(Exception):
    """A source that can't be read; the text says why in one line."""
