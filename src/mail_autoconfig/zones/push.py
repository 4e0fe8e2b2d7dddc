"""Push records to the servers of their zones.

Needs dnspython; octoDNS for zones at a provider.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

import dns.exception
import dns.name

from ..inventory import names
from ..inventory.read import ConfigurationError
from .plan import Change, Content, Key, Plan, Zone, plan
from .propagation import NameServer, name_servers, serial_of, wait_for_all
from .providers import CLASSES, ProviderServer
from .records import RecordSet
from .rfc2136 import UpdateServer, ZoneError
from .samba import DirectoryServer, takes

_THREADS = 16
_OWNER = re.compile(r"[A-Za-z0-9._-]{1,60}")
_UPDATE_KEYS = "zones", "address", "port", "key_name", "key_secret", "key_algorithm"
_DIRECTORY_KEYS = "zones", "address", "kerberos_account", "kerberos_password"
_ACCOUNT = re.compile(r"[^\s@/-][^\s@/]*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_PROVIDER_KEYS = "zones", "provider", "settings"
_ALGORITHMS = "hmac-sha256", "hmac-sha384", "hmac-sha512", "hmac-sha224", "hmac-sha1", "hmac-md5"


class Server(Protocol):
    """Where zones are read and changed."""

    def read(self, zone: str) -> dict[Key, Content]:
        """All record sets of the zone. Raises ZoneError."""

    def change(self, zone: str, changes: Sequence[Change]) -> None:
        """Apply the changes to the zone as it was read. Raises ZoneError."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one zone: its content before and the plan, or the problem."""

    zone: str
    content: Zone
    plan: Plan
    problem: str = ""


def parse_servers(raw: Any) -> dict[str, Server]:
    """Check `autoconfig_dns_servers` and return the server of each zone.

    Each entry lists `zones`, and either `address` (RFC 2136; `port`, `key_name`, `key_secret`,
    `key_algorithm`, or for an Active Directory `kerberos_account`, `kerberos_password`) or
    `provider` and its `settings`. Raises ConfigurationError with all problems,
    which show no secret.
    """
    problems: list[str] = []
    servers: dict[str, Server] = {}
    for index, entry in enumerate(raw if isinstance(raw, list) else []):
        where = f"autoconfig_dns_servers[{index}]"
        if not isinstance(entry, Mapping):
            problems.append(f"{where}: not a mapping")
            continue
        allowed, make = _KINDS[_kind(entry)]
        problems += (
            f'{where}: unknown key "{key}"; use {", ".join(allowed)}'
            for key in entry
            if key not in allowed
        )
        try:
            server = make(entry)
        except (ZoneError, ValueError) as error:
            problems.append(f"{where}: {error}")
            continue
        zones = entry.get("zones")
        if not isinstance(zones, list) or not zones:
            problems.append(f"{where}, zones: no zone; list those that this server holds")
            continue
        for written in zones:
            try:
                zone = names.normalise(str(written))
            except ValueError:
                problems.append(f'{where}, zones: "{written}" is not a zone such as example.com')
                continue
            if zone in servers:
                problems.append(f"{where}, zones: {written} is listed twice; remove one")
            servers[zone] = server
    if not isinstance(raw, list):
        problems.append("autoconfig_dns_servers: not a list of servers")
    if problems:
        raise ConfigurationError(problems)
    return servers


def _kind(entry: Mapping[str, Any]) -> str:
    if "provider" in entry:
        return "provider"
    return "directory" if any(key in entry for key in _DIRECTORY_KEYS[2:]) else "update"


def _provider(entry: Mapping[str, Any]) -> ProviderServer:
    provider, settings = entry["provider"], entry.get("settings", {})
    if not isinstance(provider, str) or (provider not in CLASSES and "." not in provider):
        known = ", ".join(CLASSES)
        raise ValueError(f'no provider "{provider}"; use {known}, or a class of octoDNS')
    if not isinstance(settings, Mapping):
        raise ValueError("settings: not a mapping")
    return ProviderServer(provider, settings)


def _update_server(entry: Mapping[str, Any]) -> UpdateServer:
    address, port = entry.get("address"), entry.get("port", 53)
    if not isinstance(address, str) or not address:
        raise ValueError("neither address nor provider; give one of them")
    if isinstance(port, bool) or not isinstance(port, int) or not 1 <= port <= 65535:
        raise ValueError(f"port: {port!r} is not a port; use 1 to 65535")
    key, secret = str(entry.get("key_name", "")), str(entry.get("key_secret", ""))
    algorithm = str(entry.get("key_algorithm", _ALGORITHMS[0]))
    if algorithm not in _ALGORITHMS:
        raise ValueError(f'key_algorithm: no "{algorithm}"; use one of {", ".join(_ALGORITHMS)}')
    if bool(key) != bool(secret):
        raise ValueError("key_name and key_secret belong together; give both")
    try:
        dns.name.from_text(key)
        base64.b64decode(secret, validate=True)
    except (dns.exception.DNSException, binascii.Error):
        raise ValueError("key_name is no name, or key_secret no base64") from None
    return UpdateServer(address, port, key, secret, algorithm)


def _directory(entry: Mapping[str, Any]) -> DirectoryServer:
    address, account = entry.get("address"), str(entry.get("kerberos_account", ""))
    password = str(entry.get("kerberos_password", ""))
    try:
        host = names.normalise(str(address))
    except ValueError:
        raise ValueError(
            f"address: {address!r} is no host name; give the domain controller's, no IP address"
        ) from None
    if not _ACCOUNT.fullmatch(account):
        raise ValueError(f'kerberos_account: "{account}" is not like name@example.com')
    if not password or "\n" in password:
        raise ValueError("kerberos_password: none, or more than a line; give the account's")
    name, _at, realm = account.partition("@")
    return DirectoryServer(host, f"{name}@{realm.upper()}", password)


_KINDS: Mapping[str, tuple[tuple[str, ...], Callable[[Mapping[str, Any]], Server]]] = {
    "provider": (_PROVIDER_KEYS, _provider),
    "directory": (_DIRECTORY_KEYS, _directory),
    "update": (_UPDATE_KEYS, _update_server),
}


def push(
    servers: Mapping[str, Server],
    wanted: Mapping[str, Sequence[RecordSet]],
    *,
    owner: str,
    ttl: int,
    replace: Collection[str] = (),
    dry: bool = False,
) -> tuple[Outcome, ...]:
    """Bring each zone of `servers` to what is wanted in it; `dry` plans only.

    What fails in one zone is said in its outcome; the others go on. A zone in which nothing is
    wanted loses what is ours. The other arguments are those of `zone_plan.plan`.
    """
    if not _OWNER.fullmatch(owner):
        raise ConfigurationError(
            [f'autoconfig_dns_owner: "{owner}" is no word of letters, digits, ".-_"']
        )

    def one(zone: str) -> Outcome:
        content: Zone = {}
        planned = Plan((), (), ())
        try:
            content = servers[zone].read(zone)
            records, left = _split(servers[zone], zone, wanted.get(zone, ()))
            planned = plan(zone, content, records, owner=owner, ttl=ttl, replace=replace)
            planned = dataclasses.replace(planned, left=(*planned.left, *left))
            if planned.changes and not dry:
                servers[zone].change(zone, planned.changes)
        except ZoneError as error:
            return Outcome(zone, content, planned, f"zone {zone}: {error}")
        return Outcome(zone, content, planned)

    # A provider's session is one connection, and its rate limit is one too.
    providers = [zone for zone in servers if isinstance(servers[zone], ProviderServer)]
    others = [zone for zone in servers if zone not in frozenset(providers)]
    with ThreadPoolExecutor(_THREADS) as pool:
        found = {outcome.zone: outcome for outcome in pool.map(one, others)}
    found |= {zone: one(zone) for zone in providers}
    return tuple(found[zone] for zone in servers)


def _split(
    server: Server, zone: str, records: Sequence[RecordSet]
) -> tuple[Sequence[RecordSet], tuple[str, ...]]:
    """The records that the server takes, and a line about the others."""
    if not isinstance(server, DirectoryServer):
        return records, ()
    others = [f"{each.name} {each.type}" for each in records if not takes(each)]
    if not others:
        return records, ()
    more = f" and {len(others) - 3} more" if len(others) > 3 else ""
    line = f"zone {zone}: without {', '.join(others[:3])}{more}, which Samba's name server refuses"
    return [each for each in records if takes(each)], (line,)


def check(
    servers: Mapping[str, Server],
    outcomes: Sequence[Outcome],
    wanted: Mapping[str, Sequence[RecordSet]],
    patience: float,
) -> tuple[str, ...]:
    """Wait, `patience` seconds at most, until the zones' name servers have what was pushed.

    Returns a line for each that has not.
    """
    asked = {}
    for outcome in outcomes:
        zone, server = outcome.zone, servers[outcome.zone]
        serial = None
        if isinstance(server, UpdateServer):
            primary = NameServer(server.address, (server.ip(),), server.port)
            serial = serial_of(zone, primary)
        asked[zone] = name_servers(zone, outcome.content), wanted.get(zone, ()), serial
    return wait_for_all(asked, patience)
