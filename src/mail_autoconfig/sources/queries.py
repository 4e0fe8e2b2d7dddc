"""The own queries of a source, checked: SQL as text, the others as mappings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..inventory import fields
from ..inventory.fields import Place
from . import keys, urls
from .rows import COLUMNS, REQUIRED, Kind, Query

_FLAGS = "true", "yes", "on", "false", "no", "off"
SCOPES = "sub", "one", "base"


def is_flag(value: Any) -> bool:
    """Whether this is true or false, also as text, and no query."""
    return value is None or isinstance(value, bool) or str(value).lower() in _FLAGS


def read(place: Place, raw: Mapping[str, Any], source: str) -> dict[Kind, tuple[Query, ...]]:
    """The queries that a source of a type has itself."""
    found: dict[Kind, tuple[Query, ...]] = {}
    for kind in COLUMNS:
        value = raw.get(kind)
        if value is None or (kind == "logins" and is_flag(value)):
            continue
        listed = list(value) if fields.is_list(value) else [value]
        for query in listed:
            _check(place[kind], query, source, kind)
        found[kind] = tuple(listed)
    return found


def _check(place: Place, query: Any, source: str, kind: Kind) -> None:
    if source == "sql":
        if not isinstance(query, str) or len(query.split()) < 2:
            example = ", ".join(REQUIRED[kind])
            place.problem(f"{fields.shown(query)} is no SQL; write a SELECT of {example}")
        return
    if not isinstance(query, Mapping):
        what = ", ".join((*keys.QUERIES[source], *COLUMNS[kind]))
        place.problem(f"{fields.shown(query)} is not a mapping; its keys are {what}")
        return
    if "pattern" in query:
        _check_pattern(place, query, kind)
        allowed = tuple(key for key in keys.QUERIES[source] if key not in ("items", "where"))
        fields.check_keys(place, query, allowed)
    else:
        _check_columns(place, query, source, kind)
        allowed = tuple(key for key in keys.QUERIES[source] if key != "separator")
        fields.check_keys(place, query, (*allowed, *COLUMNS[kind]))
    _check_origin(place, query, source)


def _check_pattern(place: Place, query: Mapping[str, Any], kind: Kind) -> None:
    """A regular expression, whose named groups are the columns."""
    try:
        groups = re.compile(query["pattern"]).groupindex
    except (TypeError, re.error) as error:
        place["pattern"].problem(f"{fields.shown(query['pattern'])} is none: {error}")
        return
    missing = [column for column in REQUIRED[kind] if column not in groups]
    if missing:
        place["pattern"].problem(f"no group {', '.join(f'(?P<{each}>…)' for each in missing)}")
    separator = query.get("separator")
    if separator is not None and (not isinstance(separator, str) or not separator):
        place["separator"].problem(f'{fields.shown(separator)} is not a text such as ","')
    unknown = [name for name in groups if name not in COLUMNS[kind]]
    if unknown:
        place["pattern"].problem(
            f"unknown group {', '.join(unknown)}; use {', '.join(COLUMNS[kind])}"
        )


def _check_columns(place: Place, query: Mapping[str, Any], source: str, kind: Kind) -> None:
    """Names of attributes or of keys; a list without `domain` is one of the domains themselves."""
    for column in REQUIRED[kind]:
        if column not in query and (source == "ldap" or kind != "domains"):
            place.problem(f"no {column}; name what it is in")
    for column in COLUMNS[kind]:
        value = query.get(column)
        names = list(value) if value and fields.is_list(value) else [value]
        if column in query and not all(isinstance(name, str) and name for name in names):
            place[column].problem(f"{fields.shown(value)} is not a name, nor a list of names")


def _check_origin(place: Place, query: Mapping[str, Any], source: str) -> None:
    if source == "command":
        program = query.get("command")
        if not fields.is_list(program) or not program or not all(map(_is_word, program)):
            place["command"].problem(
                f"{fields.shown(program)} is not a list of a program and its arguments; no shell "
                "reads it"
            )
    elif source == "ldap":
        _check_search(place, query)
    elif not _is_word(query.get("path")):
        place["path"].problem(f"{fields.shown(query.get('path'))} is not a path")
    elif source == "http" and urls.has_password(query["path"]):
        # Not shown: it is one.
        place["path"].problem("a password in it; it belongs in autoconfig_sources_secrets alone")
    for key in ("optional", "named"):
        fields.flag(place, query, key, default=False)
    for key in ("items", "next"):
        if not isinstance(query.get(key, ""), str):
            place[key].problem(f"{fields.shown(query[key])} is no text such as data.list")
    where = query.get("where", {})
    if not isinstance(where, Mapping) or not all(isinstance(key, str) for key in where):
        place["where"].problem(f"{fields.shown(where)} is not a mapping of keys to values")


def _check_search(place: Place, query: Mapping[str, Any]) -> None:
    """The filter, the scope and the base of a directory's query."""
    given = query.get("filter") or ""
    # A parenthesis in a value is written as \28 or \29 (RFC 4515), so these are in pairs.
    if not _is_word(given) or given[0] != "(" or given.count("(") != given.count(")"):
        shown = fields.shown(query.get("filter"))
        place["filter"].problem(f"{shown} is not a filter such as (mail=*)")
    if query.get("scope", "sub") not in SCOPES:
        place["scope"].problem(
            f"no scope {fields.shown(query['scope'])}; use one of {', '.join(SCOPES)}"
        )
    if not isinstance(query.get("base", ""), str):
        place["base"].problem(f"{fields.shown(query['base'])} is no DN")


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and bool(value) and "\0" not in value
