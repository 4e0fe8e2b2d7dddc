"""What a source gave, made into names, targets and log-in names; what is none of these is counted.

Nothing here says an address: no address is in a log.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from typing import Any
from uuid import UUID

from ..inventory.addresses import FORBIDDEN
from ..inventory.addresses import LONGEST as LONGEST_ADDRESS
from ..inventory.fields import printable, shown
from ..inventory.keys import LONGEST as LONGEST_TEXT
from ..inventory.names import LONGEST, LabelError, normalise
from .rows import EXTRAS, Ask, Row, SourceError
from .settings import Source

NAMED = 1000
"""Names that are kept of those left out; of more there is the number."""
_SEPARATOR = "\t"  # in no domain, local part or log-in name: it is a control character
_HOPS = 10  # of an alias that leads to an alias


@dataclass(slots=True)
class Collected:
    """`domains`: name -> what the source says of it; `alias_of`: an alias domain's target.

    `logins` has a text for each, sorted: domain, local part, log-in name. `left_out`: what was
    given as a domain -> why it is none; `count` is of all of them.
    """

    domains: dict[str, Mapping[str, str]] = field(default_factory=dict)
    alias_of: dict[str, str] = field(default_factory=dict)
    logins: list[str] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    count: int = 0
    lines: list[str] = field(default_factory=list)

    def leave_out(self, given: str | None, why: str) -> None:
        """Remember what was given and why it is not taken."""
        self.count += 1
        if len(self.left_out) < NAMED:
            text = shown(given).strip('"')
            self.left_out[printable(text)] = why


def collect(source: Source, ask: Ask) -> Collected:
    """Read all queries of a source. Raises SourceError."""
    found = Collected()
    rows = _Rows(source, ask)
    _domains(found, rows)
    _alias_domains(found, rows)
    if source.logins:
        _logins(found, rows)
    return found


@dataclass(slots=True)
class _Rows:
    """The rows of a source, up to its limit."""

    source: Source
    ask: Ask
    count: int = 0

    def of(self, kind: Any) -> Iterator[Row]:
        for query in self.source.queries.get(kind, ()):
            left = self.source.limit - self.count
            for row in islice(self.ask(kind, query), left + 1):
                self.count += 1
                yield row
            if self.count > self.source.limit:
                raise SourceError(
                    f"over {self.source.limit} rows; set limit to more, if that is right"
                )


def _domains(found: Collected, rows: _Rows) -> None:
    seen: dict[Row, None] = {}  # a list of addresses has each domain many times
    for domain, *extras in rows.of("domains"):
        seen[(_domain_part(domain), *map(_text, extras))] = None
    for domain, *extras in seen:
        name = _name(found, domain)
        if name is None:
            continue
        given = {key: text for key, text in zip(EXTRAS, extras, strict=True) if text}
        if found.domains.setdefault(name, given) != given:
            found.leave_out(domain, "given twice, with other values; the first are taken")


def _alias_domains(found: Collected, rows: _Rows) -> None:
    targets: dict[str, str] = {}
    for alias, target in rows.of("alias_domains"):
        name, of = _name(found, _domain_part(alias)), _name(found, _domain_part(target))
        if name and of and name != of:
            targets.setdefault(name, of)
    for name in targets:
        of = _end(targets, name, found.domains)
        if of in found.domains:
            found.alias_of[name] = of
        elif name not in found.domains:
            found.leave_out(name, f"an alias of {of}, which this source does not have")
    for name, of in found.alias_of.items():
        found.domains.setdefault(name, found.domains[of])


def _logins(found: Collected, rows: _Rows) -> None:
    """All log-in names, those of alias addresses by the mailboxes that they lead to."""
    wrong: Counter[str] = Counter()
    needed = "aliases" in rows.source.queries
    mailboxes: dict[str, str] = {}
    logins: set[str] = set()
    for address, login in rows.of("logins"):
        entry = _entry(wrong, found, address, login)
        if entry:
            logins.add(entry)
            if needed:
                domain, local, name = entry.split(_SEPARATOR)
                mailboxes[f"{local}@{domain}"] = name
    for address, name in _resolved(rows.of("aliases"), mailboxes):
        entry = _entry(wrong, found, address, name)
        if entry:
            logins.add(entry)
    found.logins = _one_each(wrong, sorted(logins))
    found.lines += [f"{count} log-in names left out: {why}" for why, count in wrong.items()]


def _resolved(rows: Iterable[Row], mailboxes: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Alias addresses that lead to one mailbox, and its log-in name; lists lead to none."""
    targets: dict[str, str] = {}
    for given, target in rows:
        address, to = _address(given), _address(target)
        # Many tables have a list as a row for each of its targets.
        targets[address] = to if targets.get(address, to) == to else ""
    for address in targets:
        at = _end(targets, address, mailboxes)
        if at in mailboxes and address not in mailboxes:
            yield address, mailboxes[at]


def _end(targets: Mapping[str, str], start: str, known: Container[str]) -> str:
    """Where an alias leads, also by other aliases: to what is known, or goes no further."""
    at = targets[start]
    for _hop in range(_HOPS):
        if at in known or at not in targets:
            break
        at = targets[at]
    return at


def _entry(wrong: Counter[str], found: Collected, address: Any, login: Any) -> str | None:
    """The text of a log-in name; None if there is none, or its domain is none of the source's."""
    address, login = _text(address), _text(login)
    if not address or not login:
        wrong["nothing there, or no text"] += 1
        return None
    plain = address.isprintable() and login.isprintable()  # tells faster that all is well
    if not plain and (FORBIDDEN.search(address) or FORBIDDEN.search(login)):
        wrong["control characters"] += 1
        return None
    if len(address) > LONGEST_ADDRESS or len(login) > LONGEST_TEXT:
        wrong["too long for an address or a log-in name"] += 1
        return None
    local, at, domain = address.rpartition("@")
    name = domain if domain in found.domains else _cached(domain)
    if not at or name is None:
        wrong["not an address"] += 1
        return None
    if not local or name not in found.domains:  # a catch-all; a domain that is not served
        return None
    return f"{name}{_SEPARATOR}{local.lower()}{_SEPARATOR}{login}"


def _one_each(wrong: Counter[str], logins: list[str]) -> list[str]:
    """The first log-in name of each address."""
    kept: list[str] = []
    last = ""
    for entry in logins:
        address = entry[: entry.rindex(_SEPARATOR)]
        if address == last:
            wrong["a second one of an address; the first in order is taken"] += 1
        else:
            kept.append(entry)
            last = address
    return kept


def lines(found: Collected) -> Iterator[tuple[str, Mapping[str, str], str, dict[str, str]]]:
    """Domain by domain, in order: name, what is said of it, its target, its log-in names."""
    spans: dict[str, tuple[int, int]] = {}
    start = 0
    for index, entry in enumerate((*found.logins, _SEPARATOR)):
        name = entry.partition(_SEPARATOR)[0]
        if index and name != (last := found.logins[start].partition(_SEPARATOR)[0]):
            spans[last] = start, index
            start = index
    for name in sorted(found.domains):
        target = found.alias_of.get(name, "")
        logins: dict[str, str] = {}
        for domain in (target, name):
            first, end = spans.get(domain, (0, 0))
            for entry in found.logins[first:end]:
                _domain, local, login = entry.split(_SEPARATOR)
                logins[local] = login
        yield name, found.domains[name], target, logins


def _name(found: Collected, given: str | None) -> str | None:
    name = _cached(given) if given else None
    if name is None:
        found.leave_out(given, _why(given))
    return name


def _why(text: str | None) -> str:
    if not text:
        return "nothing there (NULL), or no text"
    if FORBIDDEN.search(text):
        return "control characters; correct it at its source"
    try:
        long = len(normalise(text)) > LONGEST
    except LabelError as error:
        return f"label {error.label}: there is no such A-label; write the name in its own letters"
    except ValueError:
        long = False
    if long:
        return f"longer than {LONGEST} octets: no room for autodiscover. before it"
    return "not a domain such as example.com"


@lru_cache(maxsize=4096)
def _cached(text: str) -> str | None:
    """A domain in lower-case A-label form, that has room for names below it; else None."""
    try:
        name = normalise(text.strip())
    except ValueError:
        return None
    return name if len(name) <= LONGEST else None


def _text(value: Any) -> str | None:
    """A value as text, without the spaces that fill a column. SourceError: it is not UTF-8."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, bytes | bytearray | memoryview):
        try:
            return bytes(value).decode("utf-8").strip() or None
        except UnicodeDecodeError:
            raise SourceError("text that is not UTF-8; let the source give UTF-8") from None
    if isinstance(value, int | Decimal | UUID) and not isinstance(value, bool):
        return str(value)
    return None


def _address(value: Any) -> str:
    """An address as it is compared; empty if there is none."""
    local, at, domain = (_text(value) or "").lower().rpartition("@")
    return f"{local}{at}{_cached(domain) or domain}"


def _domain_part(value: Any) -> str | None:
    text = _text(value)
    return text.rpartition("@")[2] if text else None
