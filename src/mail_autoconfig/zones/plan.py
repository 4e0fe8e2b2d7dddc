"""What to change in a zone so that it has the records wanted: pure, and never a foreign one.

`markers` says which record sets are ours.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from .changes import Change, Content, Key, Zone, canonical
from .markers import MARKER, SPARE, Marks, digest, marker_values, read_marks, with_marks
from .records import RecordSet

# What DNSSEC and the zone itself need beside any record (RFC 4034, section 2.4 and RFC 2181, 10.1).
_BESIDE_CNAME = frozenset(("RRSIG", "NSEC", "NSEC3", "KEY"))


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
    complete: bool = True,
) -> Plan:
    """Compare a zone with the record sets wanted in it.

    `owner` is what the marker says of us; `ttl`, in seconds, is for all that is written; `replace`
    are names whose foreign records may be replaced, with `*` all of them. Not `complete`: more is
    wanted that is not known now, so what is ours stays.
    """
    planner = _Planner(zone, content, owner, ttl, replace)
    return planner.plan({(record.name, record.type): record for record in wanted}, complete)


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

    def plan(self, wanted: Mapping[Key, RecordSet], complete: bool) -> Plan:
        before = read_marks(self.content, self.owner)
        after: dict[Key, tuple[str, set[str]]] = {}
        for key in before.keys() - wanted.keys():
            if complete:
                self.remove(key, *before[key])
            else:
                after[key] = before[key]
        for key, record in wanted.items():
            base = record.domain if _within(record.domain, self.zone) else self.zone
            digests = self.keep(key, record, before.get(key, (base, set()))[1])
            if digests:
                after[key] = base, digests
        self.mark(before, after)
        changes = sorted(self.changes.values(), key=lambda change: change.domain)
        return Plan(tuple(changes), tuple(self.conflicts), tuple(sorted(self.left)))

    def may_replace(self, name: str) -> bool:
        return name in self.replace or "*" in self.replace

    def remove(self, key: Key, base: str, digests: set[str]) -> None:
        current = self.content.get(key)
        if current is None:
            return
        if digest(key[1], current.values) in digests:
            self.change(base, key, None)
        else:
            self.left.append(f"{_shown(key, current.values)}: edited since it was made; left as is")

    def keep(self, key: Key, record: RecordSet, digests: set[str]) -> set[str]:
        """Plan one record set; return its digest if it is ours then, the old ones if it is not."""
        current, wanted = self.content.get(key), Content(record.values, self.ttl)
        new_digest = digest(record.type, record.values)
        if current is None:
            if not self.clear(record):
                return digests
        elif not (_is_ours(current, record, digests) or self.may_replace(record.name)):
            if digest(record.type, current.values) != new_digest:
                self.conflict(key, current, record)
            return digests
        elif digest(record.type, current.values) == new_digest and current.ttl == self.ttl:
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

    def mark(self, before: Marks, after: Marks) -> None:
        """Plan the markers: one record set a domain."""
        for base in sorted({domain for domain, _digest in [*before.values(), *after.values()]}):
            self.mark_one(base, f"{MARKER}.{base}", marker_values(base, after, self.owner))
            self.mark_one(base, f"{SPARE}.{base}", ())

    def mark_one(self, base: str, name: str, ours: tuple[str, ...]) -> None:
        current = self.content.get((name, "TXT"), Content((), self.ttl))
        values = with_marks(current, self.owner, ours)
        if set(current.values) != set(values):
            self.change(base, (name, "TXT"), Content(values, self.ttl) if values else None)


def _is_ours(current: Content, wanted: RecordSet, digests: set[str]) -> bool:
    """Whether the values are those that a marker names, or some of those that were being written.

    Without transactions, a run that was cut off has written some of the values.
    """
    if digest(wanted.type, current.values) in digests:
        return True
    some = canonical(wanted.type, current.values) < canonical(wanted.type, wanted.values)
    return some and digest(wanted.type, wanted.values) in digests


def _within(name: str, zone: str) -> bool:
    return name == zone or name.endswith(f".{zone}")


def _shown(key: Key, values: Iterable[str]) -> str:
    return f"{key[0]} {key[1]} {', '.join(values)}"
