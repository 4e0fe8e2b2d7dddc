"""Which names nginx gets for the sources' domains: pure.

The store is written by an account without rights, and what stands here gets into a file that root's
nginx reads. So each name is checked again, whoever has checked it before.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Container, Iterator
from dataclasses import dataclass, field

from ..inventory.model import Configuration
from ..inventory.names import normalise, served_by_domain

_FILE = re.compile(r"^# configuration file (/.*):$", re.MULTILINE)
_COMMENT = re.compile(r"(?:^|\s)#[^\n]*")
_SERVER_NAME = re.compile(r"(?:^|[\s;{}])server_name\s+([^;{}]+)(?=;)")

ELSEWHERE = "another site of this nginx serves it"
"""Why a name is left out, until that site gives it away."""


@dataclass(frozen=True, slots=True)
class Others:
    """The names that are not ours to serve: of the role's own file, and of nginx's other sites."""

    inventory: Container[str] = frozenset()
    sites: Container[str] = frozenset()


@dataclass(slots=True)
class Wanted:
    """`units`: domain -> its names; `left_out`: name -> why it is not among them."""

    units: dict[str, tuple[str, ...]] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)


def wanted(
    configuration: Configuration,
    domains: Container[str],
    others: Others,
    longest: int,
    most: int,
) -> Wanted:
    """The names of those of a configuration's domains that are among `domains`.

    A name of `longest` octets fits nginx's hash of names, and `most` names in all.
    """
    found = Wanted()
    count = 0
    for domain, names in served_by_domain(configuration).items():
        if domain not in domains:
            continue
        kept = []
        for name in names:
            if name in others.inventory:
                continue
            why = _refusal(name, others, longest)
            if not why and count >= most:
                why = f"nginx has {most} names of sources already"
            if why:
                found.left_out[name] = why
            else:
                kept.append(name)
                count += 1
        if kept:
            found.units[domain] = tuple(kept)
    return found


def _refusal(name: str, others: Others, longest: int) -> str:
    try:
        is_host_name = normalise(name) == name
    except ValueError:
        is_host_name = False
    if not is_host_name:
        return "not a host name"
    if len(name) > longest:
        return f"longer than {longest} octets; raise nginx's server_names_hash_bucket_size"
    return ELSEWHERE if name in others.sites else ""


def names_in(text: str) -> frozenset[str]:
    """The names of all servers in a configuration of nginx."""
    return frozenset(
        name.strip("\"'").lower()
        for names in _SERVER_NAME.findall(_COMMENT.sub("", text))
        for name in names.split()
    )


def names_elsewhere(dump: str, ours: Collection[str]) -> frozenset[str]:
    """The names of all servers in what `nginx -T` prints, but for those of files of `ours`.

    `ours` are names of files, or their whole paths.
    """
    return frozenset().union(
        *(
            names_in(text)
            for path, text in _files(dump)
            if path not in ours and path.rpartition("/")[2] not in ours
        )
    )


def _files(dump: str) -> Iterator[tuple[str, str]]:
    _before, *parts = _FILE.split(dump)
    return zip(parts[::2], parts[1::2], strict=True)
