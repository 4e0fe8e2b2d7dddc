"""What files, commands and APIs give: JSON by a path of keys, or lines by a pattern."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from ..inventory import fields
from .rows import COLUMNS, Kind, Query, Row, SourceError

LARGEST = 256 * 1024 * 1024
"""Octets that a query may read."""
_KEY = "@key"  # of an item of a mapping
_COMMENT = "#"
_TRUTH = {"true": "1", "false": "0"}


def rows(kind: Kind, query: Query, content: bytes) -> Iterator[Row]:
    """The rows in what a query read. Raises SourceError."""
    assert isinstance(query, Mapping)  # noqa: S101 (the settings are checked)
    if "pattern" in query:
        return _lines(kind, query, _text(kind, content))
    return _items(kind, query, _json(kind, content))


def next_page(kind: Kind, query: Mapping[str, Any], content: bytes) -> str | None:
    """The address of the next page of an API, where an answer has it. Raises SourceError."""
    if "next" not in query:
        return None
    found = _at(_json(kind, content), query["next"])
    if found and not isinstance(found, str):
        raise SourceError(f"{kind}: no address at next {query['next']!r} of the answer")
    return found or None


def _text(kind: Kind, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{kind}: not UTF-8 at octet {error.start}; let the source give UTF-8"
        ) from None


def _json(kind: Kind, content: bytes) -> Any:
    try:
        return json.loads(_text(kind, content))
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{kind}: not JSON: {error}") from None


def _lines(kind: Kind, query: Mapping[str, Any], text: str) -> Iterator[Row]:
    """A row of each line that the pattern is found in; the named groups are the columns.

    With a separator, a group may be several values, and there is a row of each.
    """
    compiled, separator = re.compile(query["pattern"]), query.get("separator")
    places = [compiled.groupindex.get(column) for column in COLUMNS[kind]]
    for line in text.splitlines():
        if (found := compiled.search(line)) and not line.lstrip().startswith(_COMMENT):
            row = tuple(found[place] if place else None for place in places)
            if separator:
                yield from product(*(cell.split(separator) if cell else [cell] for cell in row))
            else:
                yield row


def _items(kind: Kind, query: Mapping[str, Any], whole: Any) -> Iterator[Row]:
    path = query.get("items", "")
    items = _at(whole, path)
    if isinstance(items, Mapping) and _are_items(kind, query, items):
        items = [
            {_KEY: key, **(item if isinstance(item, Mapping) else {})}
            for key, item in items.items()
        ]
    if not isinstance(items, list):
        raise SourceError(f"{kind}: no list at items {path!r} of the answer")
    where = query.get("where", {})
    for item in items:
        if all(_is(_at(item, key), wanted) for key, wanted in where.items()):
            yield from product(*(_cell(item, query, column) for column in COLUMNS[kind]))


def _are_items(kind: Kind, query: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    """Whether a mapping has items by their keys: `{"error": "no such user"}` has none."""
    asked = [query[column] for column in COLUMNS[kind] if column in query]
    if asked and all(each == _KEY for each in asked):
        return True
    return not found or (bool(asked) and all(isinstance(each, Mapping) for each in found.values()))


def _cell(item: Any, query: Mapping[str, Any], column: str) -> list[Any]:
    """All values of a column; of the first one, without a key, the item itself."""
    if column not in query:
        return [item if column == "domain" else None]
    keys = query[column]
    found: list[Any] = []
    for key in keys if fields.is_list(keys) else [keys]:
        value = _at(item, key)
        found += value if isinstance(value, list) else [value]
    return found


def _at(value: Any, path: str) -> Any:
    """What is at the end of some keys with dots between them; None if there is nothing."""
    for key in path.split(".") if path else ():
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _is(value: Any, wanted: Any) -> bool:
    """Whether they are the same as text: APIs give 1, "1" and true for one thing."""
    choices = wanted if isinstance(wanted, list) else [wanted]
    return _plain(value) in map(_plain, choices)


def _plain(value: Any) -> str:
    text = str(value).lower()
    return _TRUTH.get(text, text)
