"""Markers: TXT records that say which record sets of a zone are ours.

The marker of a domain is at `_mail-autoconfig.<domain>`: who made a record set, its name and type,
and a digest of what was written. A record set is ours only while its values have that digest; one
that somebody else has edited since is theirs.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping

from .changes import Content, Key, Zone, canonical
from .records import quoted, relative, unquoted

MARKER = "_mail-autoconfig"
SPARE = f"{MARKER}-next"
"""Label of a second marker, while the first one changes; see `steps.steps`."""

_TAG = "mail-autoconfig"
_LONGEST_TEXT = 255  # octets of a character string (RFC 1035, section 3.3.14): one is enough
_ENTRY = re.compile(r" ([^ /]+)/([A-Z]+)/([0-9a-f]+)(?= |\Z)")

Marks = Mapping[Key, tuple[str, set[str]]]
"""For each record set that is ours: the domain whose marker says so, and digests of its values.

There are several digests while a change by steps is under way.
"""


def digest(type_: str, values: Iterable[str]) -> str:
    """The same for values that mean the same."""
    same = "\n".join(sorted(canonical(type_, values)))
    return hashlib.sha256(same.encode()).hexdigest()[:12]


def read_marks(content: Zone, owner: str) -> Marks:
    """What the markers of a zone say is the owner's. A text that is no marker is ignored."""
    found: dict[Key, tuple[str, set[str]]] = {}
    for (name, type_), record_set in content.items():
        label, base = name.partition(".")[::2]
        if type_ != "TXT" or label not in (MARKER, SPARE):
            continue
        for value in record_set.values:
            if _owner(value) != owner:
                continue
            for relative_name, marked_type, each in _ENTRY.findall(unquoted(value)):
                marked = base if relative_name == "@" else f"{relative_name}.{base}"
                found.setdefault((marked, marked_type), (base, set()))[1].add(each)
    return found


def marker_values(base: str, marks: Marks, owner: str) -> tuple[str, ...]:
    """The values of the marker of the domain `base`: as few texts as contain its marks."""
    entries = (
        f"{relative(name, base)}/{type_}/{each}"
        for (name, type_), (domain, digests) in marks.items()
        if domain == base
        for each in sorted(digests)
    )
    return tuple(map(quoted, _packed(entries, f"{_TAG} owner={owner}")))


def with_marks(current: Content, owner: str, ours: tuple[str, ...]) -> tuple[str, ...]:
    """A marker's values after `ours` replaced the owner's; those of other owners stay."""
    foreign = tuple(value for value in current.values if _owner(value) != owner)
    return (*foreign, *ours)


def _owner(value: str) -> str | None:
    tag, rest = unquoted(value).partition(" owner=")[::2]
    return rest.partition(" ")[0] if tag == _TAG else None


def _packed(entries: Iterable[str], head: str) -> Iterator[str]:
    text = head
    for entry in entries:
        if len(text) + 1 + len(entry) > _LONGEST_TEXT:
            yield text
            text = head
        text += f" {entry}"
    if text != head:
        yield text
