"""`autoconfig_sources`, typed, or every problem at once.

The standard library alone: it runs on the controller, before a host changes, and on the host.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from ..inventory import fields
from ..inventory.fields import ConfigurationError, Place
from . import inventory, keys, queries, urls
from .preset import Preset, presets
from .rows import Kind, Query

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_CERTIFICATE = "certificate"
_SAYS_DISCOVERY = re.compile(r"\bdiscovery\b", re.IGNORECASE)  # a column of SQL, a named group
_HEADER = re.compile(r"[A-Za-z0-9-]+")


@dataclass(frozen=True, slots=True)
class Source:
    """One source, as `keys.SOURCE` says; `queries` are its own or its preset's."""

    name: str
    type: str
    queries: Mapping[Kind, tuple[Query, ...]]
    url: str = ""
    user: str = ""
    path: str = ""
    every: int = 60
    timeout: int = 60
    limit: int = 2_000_000
    shrink: float = 0.33
    tls: bool = True
    tls_ca: str = ""
    token_header: str = ""
    domain: Mapping[str, Any] = field(default_factory=dict)
    logins: bool = False

    @property
    def certified(self) -> bool:
        """Whether its domains may have names on certificates: it says so, or each row can."""
        queries = map(str, self.queries.get("domains", ()))
        return self.domain.get("discovery") == _CERTIFICATE or any(
            map(_SAYS_DISCOVERY.search, queries)
        )


def load(path: Path) -> tuple[Source, ...]:
    """Read a file with `sources`, or one of an inventory. Raises ConfigurationError."""
    return parse(inventory.read(path).raw_sources)


def parse(raw: Any) -> tuple[Source, ...]:
    """Check the list of sources. Raises ConfigurationError with all problems."""
    place = Place([], "autoconfig_sources")
    if not fields.is_list(raw):
        raise ConfigurationError(["autoconfig_sources: not a list of sources"])
    found: dict[str, Source] = {}
    for each in raw:
        source = _source(place, each)
        if source and source.name in found:
            place.problem(f"{source.name} is there twice; give each source a name of its own")
        if source:
            found[source.name] = source
    if place.problems:
        raise ConfigurationError(place.problems)
    return tuple(found.values())


def _source(listed: Place, raw: Any) -> Source | None:
    if not isinstance(raw, Mapping):
        # Not shown: it may be a URL with a password.
        listed.problem("an entry is not a mapping; write {name: customers, type: sql, url: …}")
        return None
    name = raw.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        listed.problem(
            f"{fields.shown(name)} is not the name of a source; use up to 40 lower-case letters, "
            "digits, _ and -"
        )
        return None
    return _read(Place(listed.problems, f"source {name}"), name, raw)


def _read(place: Place, name: str, raw: Mapping[str, Any]) -> Source:
    for key in raw.keys() & {"password", "token"}:
        place[key].problem("not here, where many read it; write it to autoconfig_sources_secrets")
    fields.check_keys(place, raw, (*keys.SOURCE, *keys.SECRETS))
    kind = fields.choice(place, raw, "type", keys.TYPES)
    for key, types in keys.FOR.items():
        if key in raw and kind not in types:
            place[key].problem(f"no effect with type {kind}; it is for {', '.join(types)}")
    preset = _preset(place, raw, kind)
    merged = {**(preset.settings.get(kind, {}) if preset else {}), **raw}
    own = queries.read(place, raw, kind)
    found = {**(preset.queries.get(kind, {}) if preset else {}), **own}
    logins = "logins" in own or fields.flag(place, raw, "logins", default=False)
    _check_complete(place, found, own, logins=logins)
    if kind == "file":
        _check_paths(place, merged, found)
    return Source(
        name=name,
        type=kind,
        queries={each: found[each] for each in found if logins or "domain" in each},
        url=urls.read(place, raw, kind) if kind in keys.FOR["url"] else "",
        every=_number(place, raw, "every", 60),
        timeout=_number(place, raw, "timeout", 60),
        limit=_number(place, raw, "limit", 2_000_000),
        shrink=_share(place, raw),
        tls=fields.flag(place, raw, "tls", default=True),
        domain=_defaults(place["domain"], raw.get("domain")),
        logins=logins,
        token_header=_header(place, merged),
        **{key: fields.text(place, merged, key) or "" for key in ("user", "path", "tls_ca")},
    )


def _preset(place: Place, raw: Mapping[str, Any], kind: str) -> Preset | None:
    name = raw.get("preset")
    if name is None:
        return None
    known = presets()
    if not isinstance(name, str) or name not in known:
        place["preset"].problem(
            f"no preset {fields.shown(name)}{fields.did_you_mean(name, known)} There are: "
            f"{', '.join(known)}"
        )
        return None
    if kind not in known[name].queries:
        place["preset"].problem(
            f"{name} is not for type {kind}; use type {' or '.join(known[name].queries)}"
        )
    return known[name]


def _check_complete(
    place: Place, found: Mapping[Kind, Any], own: Collection[Kind], *, logins: bool
) -> None:
    if place.has_problem:
        return
    if not found.get("domains"):
        place.problem("neither preset nor domains; say what the domains are")
    if logins and not found.keys() & {"logins", "aliases"}:
        place["logins"].problem("nothing says what they are; write a query in place of true")
    if "aliases" in own and not logins:
        place["aliases"].problem("no effect without logins; write logins: true or a query")


def _check_paths(place: Place, merged: Mapping[str, Any], found: Mapping[Kind, Any]) -> None:
    """A relative path would be one below wherever the program is started."""
    if place.has_problem:
        return
    directory = Path(str(merged.get("path") or ""))
    for query in chain.from_iterable(found.values()):
        if not (directory / query["path"]).is_absolute():
            what = fields.shown(query["path"])
            place["path"].problem(f"write the directory of {what}, from / on")
            return


def _number(place: Place, raw: Mapping[str, Any], key: str, default: int) -> int:
    declared = keys.SOURCE[key]
    number = fields.number(raw.get(key, default), declared)
    if number is None:
        place[key].problem(
            f"{fields.shown(raw[key])} is not a number from {declared.smallest} to "
            f"{declared.largest}"
        )
    return number or default


def _share(place: Place, raw: Mapping[str, Any]) -> float:
    value = raw.get("shrink", 0.33)
    try:
        share = -1.0 if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        share = -1.0
    if not 0 <= share <= 1:
        place["shrink"].problem(f"{fields.shown(value)} is not a share from 0 to 1, such as 0.33")
    return share


def _header(place: Place, merged: Mapping[str, Any]) -> str:
    header = merged.get("token_header", "Authorization")
    if not isinstance(header, str) or not _HEADER.fullmatch(header):
        place["token_header"].problem(f"{fields.shown(header)} is not the name of a header")
    return str(header)


def _defaults(place: Place, raw: Any) -> Mapping[str, Any]:
    if raw is None:
        return {"discovery": "srv"}
    if not isinstance(raw, Mapping):
        place.problem(f"{fields.shown(raw)} is not a mapping such as {{provider: acme_mail}}")
        return {}
    fields.check_keys(place, raw, keys.DEFAULTS)
    return {"discovery": "srv", **raw}
