"""The order of changes for servers without transactions, where to change is to remove and to add.

Before a record changes, a marker says what was and what is to be; before the marker itself changes,
a spare one beside it does. So a run that is cut off anywhere leaves no record without its owner,
and the next run continues.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from .changes import Change, Content
from .markers import MARKER, SPARE


@dataclass(slots=True)
class _Markers:
    """Changes of markers by step: `first` and `second` before the records, the others after."""

    first: list[Change] = field(default_factory=list)
    second: list[Change] = field(default_factory=list)
    last: list[Change] = field(default_factory=list)
    end: list[Change] = field(default_factory=list)


def steps(changes: Iterable[Change]) -> Iterator[tuple[Change, ...]]:
    """Group the changes of a plan into steps, each to be complete before the next begins."""
    by_label: dict[str, dict[str, Change]] = {MARKER: {}, SPARE: {}}
    records = []
    for change in changes:
        label, base = change.name.partition(".")[::2]
        if label in by_label:
            by_label[label][base] = change
        else:
            records.append(change)
    found = _Markers()
    for base in dict.fromkeys((*by_label[MARKER], *by_label[SPARE])):
        _sort(base, by_label[MARKER].get(base), by_label[SPARE].get(base), found)
    for step in found.first, found.second, records, found.last, found.end:
        if step:
            yield tuple(step)


def _sort(base: str, marker: Change | None, spare: Change | None, found: _Markers) -> None:
    """Put the changes of a domain's two markers, either of which may be none, into the steps."""
    if marker is None:
        found.end += [spare] if spare else []
    elif spare is None and marker.before is None:
        found.first.append(marker)
    elif spare is None and marker.after is None:
        found.last.append(marker)
    else:
        old = spare.before if spare else None
        known = _merged(marker.before, old)
        known_and_new = _merged(known, marker.after)
        name = f"{SPARE}.{base}"
        if spare:
            found.first.append(replace(marker, after=known))
        found.second.append(Change(marker.domain, name, "TXT", old, known_and_new))
        found.last.append(replace(marker, before=known))
        left = spare.after if spare else None
        found.end.append(Change(marker.domain, name, "TXT", known_and_new, left))


def _merged(*contents: Content | None) -> Content:
    found = [content for content in contents if content]
    values = dict.fromkeys(value for content in found for value in content.values)
    return Content(tuple(values), found[-1].ttl)
