"""Read and change zones through the APIs of DNS providers, by octoDNS.

octoDNS alone would make a zone equal to a file. Here it gets single changes: its providers read and
write, and the plan is the same as for a server of one's own.
Needs octodns and the provider's package, such as octodns-gandi.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

from .changes import Change, Content, Key
from .records import quoted, relative, unquoted
from .rfc2136 import ZoneError
from .steps import steps

CLASSES = {
    "cloudflare": "octodns_cloudflare.CloudflareProvider",
    "digitalocean": "octodns_digitalocean.DigitalOceanProvider",
    "gandi": "octodns_gandi.GandiProvider",
    "hetzner": "octodns_hetzner.HetznerProvider",
    "ovh": "octodns_ovh.OvhProvider",
    "powerdns": "octodns_powerdns.PowerDnsProvider",
    "route53": "octodns_route53.Route53Provider",
}
"""Providers by name; any other of octoDNS is named by its class, `module.Class`.

This is the source of the names: a test compares the others with it. requirements-dns.txt pins the
packages.
"""

_DEFAULTS: dict[str, dict[str, Any]] = {
    "cloudflare": {"pagerules": False},  # else its redirects are read as records
    "hetzner": {"backend": "hcloud"},  # the console with the older API was closed in 2026
}

_LEAST_TTL = 300  # seconds; the least that all of them take


def package_of(provider: str) -> str:
    """The package that has a provider's class; all of octoDNS's are called after their module."""
    return CLASSES.get(provider, provider).partition(".")[0].replace("_", "-")


class ProviderServer:
    """An account with zones at a provider.

    `settings` are the arguments of octoDNS's provider class, such as `token`. Raises ZoneError if
    the class is not installed or does not take them.
    """

    def __init__(self, provider: str, settings: Mapping[str, Any]) -> None:
        self.address = provider
        module, name = CLASSES.get(provider, provider).rpartition(".")[::2]
        try:
            class_ = getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError):
            raise ZoneError(
                f"provider {provider}: no {package_of(provider)}; pip install it where ansible "
                "runs; on a host, run the role certificates again"
            ) from None
        self._new = partial(class_, provider, **_DEFAULTS.get(provider, {}) | dict(settings))
        try:
            self._provider = self._new()
        except Exception as error:
            raise ZoneError(f"provider {provider}, settings: {_said(error)}") from None
        self._zones: dict[str, Any] = {}

    def read(self, zone: str) -> dict[Key, Content]:
        """Read the zone. Raises ZoneError."""
        from octodns.zone import Zone

        found = Zone(f"{zone}.", [])
        try:
            exists = self._provider.populate(found, target=True, lenient=True)
            content = {
                (record.fqdn[:-1].lower(), str(record._type)): Content(_values(record), record.ttl)
                for record in found.records
            }
        except Exception as error:
            raise ZoneError(f"{self.address}, read: {_said(error)}") from None
        if exists is False:  # it would be created
            raise ZoneError(f"{self.address} has no such zone in this account")
        self._zones[zone] = found
        return content

    def change(self, zone: str, changes: Sequence[Change]) -> None:
        """Apply the changes to the zone as it was read, step by step. Raises ZoneError."""
        existing = self._zones.pop(zone)
        try:
            for step in steps(changes):
                existing = self._apply(existing, step)
        except Exception as error:
            raise ZoneError(f"{self.address}, change: {_said(error)}") from None
        finally:
            self._provider = self._new()  # some keep what they have once read

    def _apply(self, existing: Any, step: Sequence[Change]) -> Any:
        """Apply changes to a zone of octoDNS; return it as it is then."""
        from octodns.provider.plan import Plan
        from octodns.record import Create, Delete, Record, Update

        desired = existing.copy()
        zone = existing.name[:-1]
        records = {(r.fqdn[:-1].lower(), r._type): r for r in existing.records}
        listed: list[Any] = []
        for change in step:
            old = records.get((change.name, change.type))
            new = None
            if old:
                desired.remove_record(old)
            if change.after:
                label = "" if change.name == zone else relative(change.name, zone)
                data = _data(change.type, change.after)
                new = Record.new(desired, label, data, lenient=True)
                desired.add_record(new, lenient=True)
            listed.append(Update(old, new) if old and new else Create(new) if new else Delete(old))
        self._provider.apply(Plan(existing, desired, listed, True))
        return desired

    def add(self, zone: str, name: str, type_: str, content: Content) -> None:
        """Add values to a record set, whatever else it has. Raises ZoneError.

        The TTL is that of the record set that is there, else at least what all providers take.
        """
        before = self.read(zone).get((name, type_))
        old = before.values if before else ()
        values = tuple(dict.fromkeys((*old, *content.values)))
        if values != old:
            ttl = before.ttl if before else max(content.ttl, _LEAST_TTL)
            self._replace(Change(zone, name, type_, before, Content(values, ttl)))

    def remove(self, zone: str, name: str, type_: str, content: Content) -> None:
        """Remove values from a record set, and nothing else of it. Raises ZoneError."""
        before = self.read(zone).get((name, type_))
        if before is None:
            return
        values = tuple(value for value in before.values if value not in content.values)
        if values != before.values:
            after = Content(values, before.ttl) if values else None
            self._replace(Change(zone, name, type_, before, after))

    def _replace(self, change: Change) -> None:
        """Change one record set of the zone that is its domain, or leave it as it was.

        Most providers delete before they create, and can fail between the two.
        """
        try:
            self.change(change.domain, [change])
        except ZoneError:
            with suppress(ZoneError):
                left = self.read(change.domain).get((change.name, change.type))
                if change.before and left != change.before:
                    self.change(change.domain, [replace(change, before=left, after=change.before)])
            raise


def _values(record: Any) -> tuple[str, ...]:
    """A record set's values in the form of a zone file."""
    values = getattr(record, "values", None) or [record.value]
    match record._type:
        case "TXT":
            return tuple(quoted(str(value).replace("\\;", ";")) for value in values)
        case "SRV":
            return tuple(f"{v.priority} {v.weight} {v.port} {v.target}" for v in values)
        case "CAA":
            return tuple(f'{v.flags} {v.tag} "{v.value}"' for v in values)
    return tuple(map(str, values))


def _data(type_: str, content: Content) -> dict[str, Any]:
    """A record set as octoDNS's files have it."""
    data: dict[str, Any] = {"type": type_, "ttl": content.ttl}
    values: list[Any]
    match type_:
        case "TXT":
            values = [unquoted(value).replace(";", "\\;") for value in content.values]
        case "SRV":
            keys = "priority", "weight", "port", "target"
            values = [dict(zip(keys, value.split(), strict=True)) for value in content.values]
        case "CAA":
            parts = [value.split(None, 2) for value in content.values]
            values = [{"flags": f, "tag": t, "value": v.strip('"')} for f, t, v in parts]
        case "CNAME":
            return data | {"value": content.values[0]}
        case _:
            values = list(content.values)
    return data | {"values": values}


def _said(error: Exception) -> str:
    """The first line of what an error says."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]
