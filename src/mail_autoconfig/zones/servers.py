"""The servers of zones, from `autoconfig_dns_servers`.

Needs dnspython; octoDNS for zones at a provider.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import dns.exception
import dns.name

from ..inventory import names
from ..inventory.read import ConfigurationError
from .changes import Change, Content, Key
from .providers import CLASSES, ProviderServer
from .rfc2136 import UpdateServer, ZoneError
from .samba import DirectoryServer

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


def parse_servers(raw: Any) -> dict[str, Server]:
    """Check `autoconfig_dns_servers` and return the server of each zone.

    Each entry lists `zones`, and either `address` (RFC 2136; `port`, `key_name`, `key_secret`,
    `key_algorithm`, or for an Active Directory `kerberos_account`, `kerberos_password`) or
    `provider` and its `settings`. Raises ConfigurationError with all problems, which show no
    secret.
    """
    if not isinstance(raw, list):
        raise ConfigurationError(["autoconfig_dns_servers: not a list of servers"])
    problems: list[str] = []
    servers: dict[str, Server] = {}
    for index, entry in enumerate(raw):
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
        for zone in _zones(entry.get("zones"), f"{where}, zones", problems):
            if zone in servers:
                problems.append(f"{where}, zones: {zone} is listed twice; remove one")
            servers[zone] = server
    if problems:
        raise ConfigurationError(problems)
    return servers


def _zones(listed: Any, where: str, problems: list[str]) -> Iterator[str]:
    """The names of an entry's zones; what is wrong with them goes to the problems."""
    if not isinstance(listed, list) or not listed:
        problems.append(f"{where}: no zone; list the zones of this server")
        return
    for written in listed:
        try:
            yield names.normalise(str(written))
        except ValueError:
            problems.append(f'{where}: "{written}" is not a zone such as example.com')


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
        raise ValueError("no address and no provider; give one of them")
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
        raise ValueError("key_name is not a name, or key_secret is not base64") from None
    return UpdateServer(address, port, key, secret, algorithm)


def _directory(entry: Mapping[str, Any]) -> DirectoryServer:
    address, account = entry.get("address"), str(entry.get("kerberos_account", ""))
    password = str(entry.get("kerberos_password", ""))
    try:
        host = names.normalise(str(address))
    except ValueError:
        raise ValueError(
            f"address: {address!r} is not a host name; give the domain controller's name"
        ) from None
    if not _ACCOUNT.fullmatch(account):
        raise ValueError(f'kerberos_account: "{account}" is not like name@example.com')
    if not password or "\n" in password:
        raise ValueError("kerberos_password: not one line; give the account's password")
    name, _at, realm = account.partition("@")
    return DirectoryServer(host, f"{name}@{realm.upper()}", password)


_KINDS: Mapping[str, tuple[tuple[str, ...], Callable[[Mapping[str, Any]], Server]]] = {
    "provider": (_PROVIDER_KEYS, _provider),
    "directory": (_DIRECTORY_KEYS, _directory),
    "update": (_UPDATE_KEYS, _update_server),
}
