"""Which certificate has which domain's names: pure, and stable from run to run.

A unit is what is never split: a domain with all its names, or the generic host.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

Units = Mapping[str, Sequence[str]]
"""Unit -> its names."""
Assignment = dict[str, dict[str, tuple[str, ...]]]
"""Certificate -> unit -> names, in the order in which the certificates were begun."""

NAME = "mail-autoconfig"
"""The first certificate of the inventory; the others have a number behind it, from 2."""
SOURCED = f"{NAME}-sources"
"""The first certificate of the sources' domains, which are assigned apart from the inventory's."""
PATTERN = f"{NAME}(-sources)?(-([2-9]|[1-9][0-9]+))?"
"""The form of a certificate's name, as Python's and as a POSIX extended regular expression."""
LARGEST = 100
"""Names on a certificate of Let's Encrypt (https://letsencrypt.org/docs/rate-limits/)."""
PROFILES = {"tlsserver": 25, "shortlived": 25}
"""Those of its profiles that have fewer (https://letsencrypt.org/docs/profiles/)."""
SMALLEST = 1
"""A domain with more names than a certificate may have is alone on one: 1 is a domain each."""

_OURS = re.compile(PATTERN)


def is_ours(certificate: str, first: str = "") -> bool:
    """Say whether a certificate's name is one that :func:`assign` gives, with this `first` one."""
    match = _OURS.fullmatch(certificate)
    return match is not None and first in ("", f"{NAME}{match[1] or ''}")


def assign(
    units: Units, before: Mapping[str, Iterable[str]], size: int, first: str = NAME
) -> Assignment:
    """Give each unit a certificate of at most `size` names, or one of its own if it has more.

    `before` is what an earlier run made of it, certificate -> units. A unit stays where it was,
    unless that certificate is too full by now: then its last ones go. The others go to the first
    certificate with room, in the order of `units`. `first` is NAME or SOURCED.
    """
    room: dict[str, int] = {}
    found: dict[str, list[str]] = {}
    placed: set[str] = set()
    for certificate, members in sorted(before.items(), key=lambda item: number(item[0])):
        for unit in members:
            if unit in units and unit not in placed:
                left = room.get(certificate, size) - len(units[unit])
                if left >= 0 or certificate not in room:
                    room[certificate] = left
                    found.setdefault(certificate, []).append(unit)
                    placed.add(unit)
    free = (name for name in _certificate_names(first) if name not in found)
    for unit, names in units.items():
        if unit not in placed:
            certificate = next((each for each in room if room[each] >= len(names)), "")
            if not certificate:
                certificate = next(free)
                room[certificate] = size
            room[certificate] -= len(names)
            found.setdefault(certificate, []).append(unit)
    return {
        certificate: {unit: tuple(units[unit]) for unit in found[certificate]}
        for certificate in sorted(found, key=number)
    }


def number(certificate: str) -> int:
    """The number of a certificate, from 1; 0 if the name is none that :func:`assign` gives."""
    match = _OURS.fullmatch(certificate)
    return int(match[3] or 1) if match else 0


def _certificate_names(first: str) -> Iterator[str]:
    yield first
    following = 2
    while True:
        yield f"{first}-{following}"
        following += 1


def rebuild(
    units: Units, certified: Mapping[str, Iterable[str]], first: str = NAME
) -> dict[str, list[str]]:
    """What :func:`assign` needs to know of before, from the names on the certificates there are."""
    owner = {name: unit for unit, names in units.items() for name in (*names, f"*.{unit}")}
    return {
        certificate: list(dict.fromkeys(owner[name] for name in names if name in owner))
        for certificate, names in certified.items()
        if is_ours(certificate, first)
    }


def moved_from(assignment: Assignment, before: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """New certificate -> the one from which most of its units move, if any does."""
    home = {unit: certificate for certificate, units in before.items() for unit in units}
    found: dict[str, str] = {}
    for certificate in assignment.keys() - before.keys():
        had = [home[unit] for unit in assignment[certificate] if unit in home]
        if had:
            found[certificate] = max(sorted(set(had)), key=had.count)
    return found


def within(assignment: Assignment, units: Units) -> Assignment:
    """Of an assignment, the names that their units have in `units` too."""
    found: Assignment = {}
    for certificate, members in assignment.items():
        for unit, listed in members.items():
            if kept := tuple(name for name in listed if name in units.get(unit, ())):
                found.setdefault(certificate, {})[unit] = kept
    return found


def names(assignment: Mapping[str, Mapping[str, Iterable[str]]]) -> dict[str, tuple[str, ...]]:
    """Certificate -> all names that are assigned to it."""
    return {
        certificate: tuple(name for each in members.values() for name in each)
        for certificate, members in assignment.items()
    }


def certified(names: Iterable[str], wildcards: Collection[str]) -> tuple[str, ...]:
    """The names on a certificate for `names`: a wildcard for all below a domain of `wildcards`."""
    parents = ((name, name.partition(".")[2]) for name in names)
    return tuple(dict.fromkeys(f"*.{up}" if up in wildcards else name for name, up in parents))


def dump(assignment: Assignment) -> str:
    """The assignment as it is kept in a file (JSON)."""
    return json.dumps(assignment, indent=1) + "\n"


def load(text: str) -> Assignment:
    """Read what :func:`dump` wrote. Raises ValueError if it is anything else."""
    return read(json.loads(text))


def read(content: object) -> Assignment:
    """The same, of JSON that was read already."""
    if not isinstance(content, dict) or not all(map(is_ours, content)):
        raise ValueError("no assignment of names to certificates")
    found: Assignment = {}
    for certificate, members in content.items():
        if not isinstance(members, dict):
            raise ValueError(f"{certificate}: not a mapping")
        for unit, listed in members.items():
            if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
                raise ValueError(f"{certificate}, {unit}: not a list of names")
        found[certificate] = {unit: tuple(listed) for unit, listed in members.items()}
    return found
