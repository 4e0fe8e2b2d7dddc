"""automx2: its SQLite database, and the JSON that such a database is filled from.

Source: automx2's schema and documentation ("Database configuration").
"""

from __future__ import annotations

import configparser
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from ..formats.client_config import AUTHENTICATION, SECURITY
from .draft import Draft, Raw, Source, SourceError
from .mozilla import pattern

_TYPES = {"imap": "imap", "pop": "pop3", "pop3": "pop3", "smtp": "smtp"}
_DAV = "caldav", "carddav"
_PORTS = {"imap": 993, "pop3": 995, "smtp": 465}  # where the JSON says none
_TLS_PORTS = 465, 993, 995
_UNREAD = "user_name", "socket_type", "authentication"  # it chooses them (automx2 2026.2)
_SERVERS = """
    SELECT d.name AS domain, s.* FROM server s
    JOIN server_domain sd ON sd.server_id = s.id JOIN domain d ON d.id = sd.domain_id
    ORDER BY s.prio, s.id"""
_DAV_SERVERS = """
    SELECT d.name AS domain, s.* FROM davserver s
    JOIN davserver_domain sd ON sd.davserver_id = s.id JOIN domain d ON d.id = sd.domain_id
    ORDER BY s.id"""
_DOMAINS = """
    SELECT d.name, p.name AS display_name, p.short_name, d.ldapserver_id
    FROM domain d LEFT JOIN provider p ON p.id = d.provider_id ORDER BY d.id"""


def database_of(text: str) -> Path:
    """The database that an automx2.conf names. Raises SourceError."""
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(text)
        uri = parser.get("automx2", "db_uri")
    except configparser.Error as error:
        raise SourceError(f"no db_uri in [automx2]: {str(error).splitlines()[0]}") from None
    if not uri.startswith("sqlite:///"):
        scheme = uri.partition(":")[0]
        raise SourceError(f"db_uri is of {scheme}; import the JSON that you filled it from")
    return Path(uri.removeprefix("sqlite:///"))


def read_database(path: Path) -> Source:
    """What a database says; it is only read. Raises SourceError."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as opened:
            opened.row_factory = sqlite3.Row
            domains = [dict(row) for row in opened.execute(_DOMAINS)]
            servers = [dict(row) for row in opened.execute(_SERVERS)]
            if opened.execute("SELECT 1 FROM sqlite_master WHERE name = 'davserver'").fetchone():
                servers += [dict(row) for row in opened.execute(_DAV_SERVERS)]
    except sqlite3.Error as error:
        raise SourceError(f"no database of automx2: {error}") from None
    left: list[str] = []
    drafts: dict[str, list[Raw]] = {row["name"]: [] for row in domains}
    for row in servers:
        if raw := _server(row, left):
            drafts[row["domain"]].append(raw)
    for row in domains:
        if row["ldapserver_id"] is not None:
            left.append(f"{row['name']}: log-in names from LDAP; taken is the pattern beside it")
        if not drafts[row["name"]]:
            left.append(f"{row['name']}: no server, so the domain is left out")
    return Source(tuple(_grouped(domains, drafts)), tuple(left))


def _grouped(domains: list[dict[str, Any]], drafts: Mapping[str, list[Raw]]) -> Iterator[Draft]:
    """A draft for the domains that have the same servers and provider."""
    groups: dict[str, tuple[list[str], list[Raw], Raw]] = {}
    for row in domains:
        extras = {key: row[key] for key in ("display_name", "short_name") if row[key]}
        key = repr((drafts[row["name"]], extras))
        groups.setdefault(key, ([], drafts[row["name"]], extras))[0].append(row["name"])
    for names, servers, extras in groups.values():
        if servers:
            yield Draft(tuple(names), tuple(servers), extras)


def read_json(raw: Mapping[str, Any]) -> Source:
    """What the JSON for `/initdb/` says. Raises SourceError."""
    servers, domains = raw.get("servers"), raw.get("domains")
    if not isinstance(servers, list) or not isinstance(domains, list):
        raise SourceError("no lists `domains` and `servers`, as automx2's JSON has them")
    if not domains:
        raise SourceError("its list `domains` is empty; name the domains there")
    left: list[str] = []
    names = [each.get("name") if isinstance(each, Mapping) else each for each in domains]
    if any(isinstance(each, Mapping) and each.get("ldapserver_id") for each in domains):
        left.append("log-in names from LDAP; taken is the pattern beside them")
    rows = sorted((each for each in servers if isinstance(each, Mapping)), key=_prio)
    left += [
        f"{key} of a server: automx2 does not read it in this JSON"
        for key in _UNREAD
        if any(key in row for row in rows)
    ]
    read = [{"name": "", **{k: v for k, v in row.items() if k not in _UNREAD}} for row in rows]
    found = [server for row in read if (server := _server(row, left))]
    provider = str(raw.get("provider") or "")
    extras = {"display_name": provider, "short_name": provider.partition(" ")[0]}
    kept = {key: text for key, text in extras.items() if text}
    return Source((Draft(tuple(map(str, names)), tuple(found), kept),), tuple(left))


def _prio(row: Mapping[str, Any]) -> tuple[bool, int]:
    """The order of automx2's answers: mail servers by their number, then the others."""
    prio = row.get("prio", 10)
    return row.get("type") in _DAV, prio if isinstance(prio, int) else 10


def _server(row: Mapping[str, Any], left: list[str]) -> Raw:
    type_ = str(row.get("type"))
    user = pattern(str(row.get("user_name") or "{email}"))
    if type_ in _DAV:
        return {"type": type_, "url": _url(row, left), "username": user}
    kind = _TYPES.get(type_)
    if kind is None:
        left.append(f"server of type {type_}: no such service here")
        return {}
    name = f"{kind} {row['name']}"
    port = row.get("port") or _PORTS[kind]
    word = str(row.get("socket_type") or ("SSL" if port in _TLS_PORTS else "STARTTLS"))
    raw: Raw = {"type": kind, "host": pattern(str(row["name"])), "port": port, "username": user}
    if word in SECURITY:
        raw["security"] = SECURITY[word]
    else:
        left.append(f"{name}: socket_type {word}: no such word; its port decides")
    method = str(row.get("authentication") or "plain")
    if method in AUTHENTICATION:
        raw["authentication"] = AUTHENTICATION[method]
    else:
        left.append(f"{name}: authentication {method}: no such method here")
    return raw


def _url(row: Mapping[str, Any], left: list[str]) -> str:
    """The URL of a calendar or an address book, by https, at its port."""
    url = pattern(str(row.get("url") or ""))
    if url.startswith("http://"):
        left.append(f"{row['type']} {url}: without TLS; taken as https")
        url = url.replace("http://", "https://", 1)
    scheme, _slashes, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    port = row.get("port")
    if port and port not in (80, 443) and ":" not in host:
        host = f"{host}:{port}"
    return f"{scheme}://{host}{slash}{path}"
