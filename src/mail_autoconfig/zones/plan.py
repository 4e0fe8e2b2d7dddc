"""What to change in a zone so that it holds the records wanted: pure, and never a foreign one.

Ownership stands in the zone itself, in TXT records at `_mail-autoconfig.<domain>`: who made the
record set, and a digest of what was written. A record set is ours only while its content is what
the marker says; one that somebody else has edited since is theirs.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from .records import RecordSet, quoted, relative, unquoted

MARKER = "_mail-autoconfig"
_SPARE = f"{MARKER}-next"  # stands in for the marker while that is changed; see `steps`
_TAG = "mail-autoconfig"
_LONGEST_TEXT = 255  # octets of a character string (RFC 1035, section 3.3.14): one is enough
# What DNSSEC and the zone itself need beside any record (RFC 4034, section 2.4 and RFC 2181, 10.1).
_BESIDE_CNAME = frozenset(("RRSIG", "NSEC", "NSEC3", "KEY"))
_ENTRY = re.compile(r" ([^ /]+)/([A-Z]+)/([0-9a-f]+)(?= |\Z)")

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
    """One record set that changes; `before` or `after` is None where there is none."""

    domain: str
    name: str
    type: str
    before: Content | None
    after: Content | None


@dataclass(frozen=True, slots=True)
class Plan:
    """The changes of one zone, and a line for each record that is not ours to change.

    `conflicts` are in the way of what is wanted; `left` are ours no longer, and not wanted.
    """

    changes: tuple[Change, ...]
    conflicts: tuple[str, ...]
    left: tuple[str, ...]


def plan(
    zone: str,
    content: Zone,
    wanted: Iterable[RecordSet],
    *,
    owner: str,
    ttl: int,
    replace: Collection[str] = (),
) -> Plan:
    """Compare a zone with the record sets wanted in it.

    `owner` is what the marker says of us; `ttl`, in seconds, is for all that is written; `replace`
    are names whose foreign records may be replaced, with `*` all of them.
    """
    planner = _Planner(zone, content, owner, ttl, replace)
    return planner.plan({(record.name, record.type): record for record in wanted})


class _Planner:
    def __init__(
        self, zone: str, content: Zone, owner: str, ttl: int, replace: Collection[str]
    ) -> None:
        self.zone = zone
        self.content = content
        self.owner = owner
        self.ttl = ttl
        self.replace = replace
        self.by_name: dict[str, list[Key]] = {}
        for key in content:
            self.by_name.setdefault(key[0], []).append(key)
        self.changes: dict[Key, Change] = {}
        self.conflicts: list[str] = []
        self.left: list[str] = []

    def plan(self, wanted: Mapping[Key, RecordSet]) -> Plan:
        marked: dict[Key, tuple[str, set[str]]] = {}
        for key, base, digest in _marks(self.content, self.owner):
            marked.setdefault(key, (base, set()))[1].add(digest)
        marks: dict[Key, tuple[str, set[str]]] = {}
        for key in marked.keys() - wanted.keys():
            self.remove(key, *marked[key])
        for key, record in wanted.items():
            base = record.domain if _within(record.domain, self.zone) else self.zone
            digests = self.keep(key, record, marked.get(key, (base, set()))[1])
            if digests:
                marks[key] = base, digests
        self.mark(marked, marks)
        changes = sorted(self.changes.values(), key=lambda change: change.domain)
        return Plan(tuple(changes), tuple(self.conflicts), tuple(sorted(self.left)))

    def may_replace(self, name: str) -> bool:
        return name in self.replace or "*" in self.replace

    def remove(self, key: Key, base: str, digests: set[str]) -> None:
        current = self.content.get(key)
        if current is None:
            return
        if _digest(key[1], current.values) in digests:
            self.change(base, key, None)
        else:
            self.left.append(f"{_shown(key, current.values)}: edited since it was made; left as is")

    def keep(self, key: Key, record: RecordSet, digests: set[str]) -> set[str]:
        """Plan one record set; return its digest if it is ours then, the old ones if it is not."""
        current, wanted = self.content.get(key), Content(record.values, self.ttl)
        new_digest = _digest(record.type, record.values)
        ours = current is not None and _digest(record.type, current.values) in digests
        # Without transactions, a run that was cut off has written some of the values.
        ours = ours or (
            current is not None
            and new_digest in digests
            and canonical(record.type, current.values) < canonical(record.type, record.values)
        )
        ours = ours or self.may_replace(record.name)
        if current is None:
            if not self.clear(record):
                return digests
        elif not ours:
            if _digest(record.type, current.values) != new_digest:
                self.conflict(key, current, record)
            return digests
        elif _digest(record.type, current.values) == new_digest and current.ttl == self.ttl:
            return {new_digest}
        self.change(record.domain, key, wanted)
        return {new_digest}

    def clear(self, record: RecordSet) -> bool:
        """Make room for a new record set: a CNAME has no other record beside it."""
        in_the_way = [
            other
            for other in self.by_name.get(record.name, ())
            if other not in self.changes
            and other[1] not in _BESIDE_CNAME
            and "CNAME" in (record.type, other[1])
        ]
        replaceable = ("A", "AAAA", "CNAME") if self.may_replace(record.name) else ()
        kept = [other for other in in_the_way if other[1] not in replaceable]
        for other in kept:
            self.conflict(other, self.content[other], record)
        if not kept:
            for other in in_the_way:
                self.change(record.domain, other, None)
        return not kept

    def conflict(self, key: Key, current: Content, record: RecordSet) -> None:
        self.conflicts.append(
            f"{_shown(key, current.values)}: not ours, or edited since; should be "
            f"{record.type} {', '.join(record.values)}; remove it, or name {record.name} in "
            "autoconfig_dns_replace or autoconfig_dns_keep"
        )

    def change(self, domain: str, key: Key, after: Content | None) -> None:
        before = self.content.get(key)
        self.changes[key] = Change(domain, *key, before, after)

    def mark(
        self,
        before: Mapping[Key, tuple[str, set[str]]],
        after: Mapping[Key, tuple[str, set[str]]],
    ) -> None:
        """Plan the markers: one record set a domain; what other owners wrote there stays."""
        bases = {mark[0] for mark in [*before.values(), *after.values()]}
        entries: dict[str, list[str]] = {base: [] for base in sorted(bases)}
        for (name, type_), (base, digests) in after.items():
            label = relative(name, base)
            entries[base] += (f"{label}/{type_}/{digest}" for digest in sorted(digests))
        for base, listed in entries.items():
            texts = map(quoted, _packed(listed, f"{_TAG} owner={self.owner}"))
            self.mark_one(base, f"{MARKER}.{base}", tuple(texts))
            self.mark_one(base, f"{_SPARE}.{base}", ())

    def mark_one(self, base: str, name: str, ours: tuple[str, ...]) -> None:
        current = self.content.get((name, "TXT"), Content((), self.ttl))
        foreign = tuple(value for value in current.values if _owner(value) != self.owner)
        if set(current.values) != {*foreign, *ours}:
            values = (*foreign, *ours)
            self.change(base, (name, "TXT"), Content(values, self.ttl) if values else None)


def _marks(content: Zone, owner: str) -> Iterator[tuple[Key, str, str]]:
    """What the markers say is ours: name and type, the marker's domain, a digest.

    One record set has several digests while a change by steps is under way.
    """
    for (name, type_), found in content.items():
        label, base = name.partition(".")[::2]
        if type_ != "TXT" or label not in (MARKER, _SPARE):
            continue
        for value in found.values:
            if _owner(value) == owner:
                for relative_name, marked_type, digest in _ENTRY.findall(unquoted(value)):
                    marked = base if relative_name == "@" else f"{relative_name}.{base}"
                    yield (marked, marked_type), base, digest


def _owner(value: str) -> str | None:
    tag, rest = unquoted(value).partition(" owner=")[::2]
    return rest.partition(" ")[0] if tag == _TAG else None


def _packed(entries: Iterable[str], head: str) -> Iterator[str]:
    """The entries in as few texts as hold them."""
    text = head
    for entry in entries:
        if len(text) + 1 + len(entry) > _LONGEST_TEXT:
            yield text
            text = head
        text += f" {entry}"
    if text != head:
        yield text


def canonical(type_: str, values: Iterable[str]) -> frozenset[str]:
    """The same for values that mean the same: their order, the case of host names, split texts."""
    if type_ == "TXT":
        return frozenset(map(unquoted, values))
    return frozenset(value if type_ == "CAA" else value.lower() for value in values)


def _digest(type_: str, values: Iterable[str]) -> str:
    same = "\n".join(sorted(canonical(type_, values)))
    return hashlib.sha256(same.encode()).hexdigest()[:12]


def _within(name: str, zone: str) -> bool:
    return name == zone or name.endswith(f".{zone}")


def _shown(key: Key, values: Iterable[str]) -> str:
    return f"{key[0]} {key[1]} {', '.join(values)}"


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


def steps(changes: Iterable[Change]) -> Iterator[tuple[Change, ...]]:
    """The changes in the order for servers without transactions, and where to change is to remove.

    Before a record changes, a marker says what was and what is to be; before the marker itself
    changes, a spare one beside it does. So a run that is cut off anywhere leaves no record without
    its owner, and the next one goes on.
    """
    markers: dict[str, Change] = {}
    spares: dict[str, Change] = {}
    records = []
    for change in changes:
        label, base = change.name.partition(".")[::2]
        if label == MARKER:
            markers[base] = change
        elif label == _SPARE:
            spares[base] = change
        else:
            records.append(change)
    first, second, last, end = [], [], [], []
    for base in dict.fromkeys((*markers, *spares)):
        marker, spare = markers.get(base), spares.get(base)
        if marker is None:
            end += [spare] if spare else []
        elif spare is None and marker.before is None:
            first.append(marker)
        elif spare is None and marker.after is None:
            last.append(marker)
        else:
            old = spare.before if spare else None
            known = _merged(marker.before, old)
            known_and_new = _merged(known, marker.after)
            name = f"{_SPARE}.{base}"
            if spare:
                first.append(dataclasses.replace(marker, after=known))
            second.append(Change(marker.domain, name, "TXT", old, known_and_new))
            last.append(dataclasses.replace(marker, before=known))
            left = spare.after if spare else None
            end.append(Change(marker.domain, name, "TXT", known_and_new, left))
    yield from (tuple(step) for step in (first, second, records, last, end) if step)


def _merged(*contents: Content | None) -> Content:
    found = [content for content in contents if content]
    values = dict.fromkeys(value for content in found for value in content.values)
    return Content(tuple(values), found[-1].ttl)
