"""The DNS records that the domains need. Pure: from a configuration to record sets."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Literal
from urllib.parse import urlsplit

from ..answers import pacc
from ..formats.words import CONFIG_PATH
from ..inventory.hosts import host_of, record_of
from ..inventory.model import Configuration, Domain, WebServer
from ..inventory.names import normalise

Type = Literal["A", "AAAA", "CNAME", "SRV", "TXT", "CAA"]
Address = IPv4Address | IPv6Address

_ABSENT = "0 0 0 ."  # RFC 2782: the domain says that it does not offer the service
MAIL_SERVICES: dict[tuple[str, str], str] = {
    ("imap", "tls"): "_imaps._tcp",
    ("imap", "starttls"): "_imap._tcp",
    ("pop3", "tls"): "_pop3s._tcp",
    ("pop3", "starttls"): "_pop3._tcp",
    ("smtp", "tls"): "_submissions._tcp",
    ("smtp", "starttls"): "_submission._tcp",
    ("managesieve", "starttls"): "_sieve._tcp",
}
"""Names of SRV records by type and security, in the order shown.

RFC 6186, section 3, and RFC 8314, section 5.1; RFC 5804, section 1.8.
"""
_WEB_SERVICES = {
    "caldav": "_caldavs._tcp",  # RFC 6764, section 3
    "carddav": "_carddavs._tcp",
    "jmap": "_jmap._tcp",  # RFC 8620, section 2.2
}

_STRINGS = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPED = re.compile(r"\\(\d{3}|.)")


class AddressError(ValueError):
    """Names that need an address, and none was given."""


@dataclass(frozen=True, slots=True)
class RecordSet:
    """All records of one name and type.

    `domain` is the mail domain that needs it, for the generic host the domain above it; `name` is
    absolute, in A-label form without a final dot; `values` are in the form of a zone file (RFC
    1035, section 5.1), host names with their final dot; `purpose` says in a few words who asks.
    `by_hand`: others have records of the same name and type, so this one is shown and not pushed.
    """

    domain: str
    name: str
    type: Type
    values: tuple[str, ...]
    purpose: str = ""
    by_hand: bool = False


def records(
    configuration: Configuration,
    addresses: Sequence[Address] = (),
    authorities: Sequence[str] = (),
) -> tuple[RecordSet, ...]:
    """The record sets that the domains need, in the order of the inventory, each once.

    `addresses` are those of the server. Where the configuration has a generic host, the domains'
    names are aliases of it, so that addresses are written in one place. `authorities` may certify
    the names, such as `letsencrypt.org` (CAA, RFC 8659); none: no CAA record. Raises AddressError
    if a name needs an address and there is none.
    """
    maker = _Maker(configuration, tuple(addresses), tuple(authorities))
    found: dict[tuple[str, str], RecordSet] = {}
    for record in maker.all():
        found.setdefault((record.name, record.type), record)
    if maker.homeless:
        names = ", ".join(dict.fromkeys(maker.homeless))
        raise AddressError(f"no address for {names}; give the server's addresses")
    return tuple(found.values())


class _Maker:
    def __init__(
        self,
        configuration: Configuration,
        addresses: tuple[Address, ...],
        authorities: tuple[str, ...],
    ) -> None:
        self.configuration = configuration
        self.addresses = addresses
        self.authorities = authorities
        self.homeless: list[str] = []

    def all(self) -> Iterator[RecordSet]:
        host = self.configuration.generic_host
        if host:
            above = zone_of(host, self.configuration.domains) or host.partition(".")[2]
            yield from self.address(above, host, "all domains' answers")
        for domain in self.configuration.domains.values():
            yield from self.discovery(domain)
            yield from _mail_services(domain)
            yield from _web_services(domain)

    def discovery(self, domain: Domain) -> Iterator[RecordSet]:
        """Where clients find the server.

        A domain found by SRV has no autodiscover name: Outlook would meet a certificate there that
        does not contain it, before it asks for the SRV record.
        """
        name, generic_host = domain.name, self.configuration.generic_host
        own_host = host_of("autodiscover", name)
        if domain.discovery == "certificate":
            yield from self.alias(name, own_host, "Outlook")
        yield from self.alias(name, host_of("autoconfig", name), "Thunderbird")
        if domain.apex:
            yield from self.addresses_of(name, name, "Outlook, Thunderbird")
        if domain.pacc:
            yield from self.alias(name, host_of("ua-auto-config", name), "PACC clients")
            values = (quoted(pacc.txt_record(domain)),)
            yield RecordSet(name, record_of("_ua-auto-config", name), "TXT", values, "PACC clients")
        if domain.mailconf:
            url = f"https://{host_of('autoconfig', name)}{CONFIG_PATH}"
            values = (quoted(f"mailconf={url}"),)
            yield RecordSet(name, name, "TXT", values, "clients that read mailconf", by_hand=True)
        if domain.settings.autodiscover:
            # RFC 2782: the target is no alias, so not the autodiscover name where that is one.
            target = generic_host or own_host
            values = (f"0 0 443 {target}.",)
            yield RecordSet(name, record_of("_autodiscover._tcp", name), "SRV", values, "Outlook")

    def alias(self, domain: str, name: str, purpose: str) -> Iterator[RecordSet]:
        """A CNAME of the generic host; addresses where the name has other records.

        RFC 1034, section 3.6.2: a name with a CNAME has no other record; a mail domain has.
        """
        host = self.configuration.generic_host
        if host and name != host and name not in self.configuration.domains:
            yield RecordSet(domain, name, "CNAME", (f"{host}.",), purpose)
        else:
            yield from self.address(domain, name, purpose)

    def address(self, domain: str, name: str, purpose: str) -> Iterator[RecordSet]:
        """A and AAAA, and who may certify the name; aliases of it inherit that (RFC 8659, 3)."""
        yield from self.addresses_of(domain, name, purpose)
        if self.authorities:
            values = tuple(f'0 issue "{authority}"' for authority in self.authorities)
            yield RecordSet(domain, name, "CAA", values, "certificate authorities")

    def addresses_of(self, domain: str, name: str, purpose: str) -> Iterator[RecordSet]:
        """A and AAAA alone: a CAA record at the domain itself would bind all its other names."""
        if not self.addresses:
            self.homeless.append(name)
        kinds: tuple[tuple[Type, type[Address]], ...] = ("A", IPv4Address), ("AAAA", IPv6Address)
        for type_, kind in kinds:
            values = tuple(str(each) for each in self.addresses if isinstance(each, kind))
            if values:
                yield RecordSet(domain, name, type_, values, purpose)


def _mail_services(domain: Domain) -> Iterator[RecordSet]:
    """SRV records of the mail servers.

    The priority is the place in the inventory's order, across services: RFC 6186, section 3.4, lets
    it choose between IMAP and POP3. A service that is not offered says so; ManageSieve is left out
    then, which RFC 5804 does not ask about.
    """
    for (protocol, security), label in MAIL_SERVICES.items():
        values = tuple(
            f"{place} 1 {server.port} {server.host_for(domain.name)}."
            for place, server in enumerate(domain.settings.servers)
            if (server.type, server.security) == (protocol, security)
        )
        if values or protocol != "managesieve":
            name = f"{label}.{domain.name}"
            yield RecordSet(domain.name, name, "SRV", values or (_ABSENT,), f"{protocol} clients")


def _web_services(domain: Domain) -> Iterator[RecordSet]:
    for type_, label in _WEB_SERVICES.items():
        name = f"{label}.{domain.name}"
        servers = [each for each in domain.settings.web_servers if each.type == type_]
        if not servers:
            continue
        values = tuple(
            "{} 1 {} {}.".format(place, *_endpoint(server, domain.name))
            for place, server in enumerate(servers)
        )
        yield RecordSet(domain.name, name, "SRV", values, f"{type_} clients")
        path = urlsplit(servers[0].url).path
        # RFC 6764, section 4. A path that differs from user to user can't be told in DNS.
        if type_ != "jmap" and path not in ("", "/") and not re.search(r"[{}]", path):
            yield RecordSet(domain.name, name, "TXT", (quoted(f"path={path}"),), f"{type_} clients")


def _endpoint(server: WebServer, domain: str) -> tuple[int, str]:
    parts = urlsplit(server.url.replace("{domain}", domain))
    return parts.port or 443, normalise(parts.hostname or "")


def quoted(text: str) -> str:
    """Text in the form of a TXT record: strings of up to 255 octets (RFC 1035, section 3.3.14)."""
    escaped = [
        f"\\{chr(octet)}"
        if octet in b'"\\'
        else chr(octet)
        if 32 <= octet < 127
        else f"\\{octet:03}"
        for octet in text.encode()
    ]
    strings = ["".join(escaped[i : i + 255]) for i in range(0, len(escaped), 255)] or [""]
    return " ".join(f'"{string}"' for string in strings)


def unquoted(value: str) -> str:
    """The text of a TXT record in the form of a zone file, its strings joined."""
    text = "".join(_STRINGS.findall(value)) if '"' in value else value
    octets = _ESCAPED.sub(lambda found: _unescaped(found[1]), text).encode("latin-1", "replace")
    return octets.decode("utf-8", "replace")


def _unescaped(escaped: str) -> str:
    return chr(int(escaped) & 0xFF) if len(escaped) == 3 else escaped


def zone_of(name: str, zones: Container[str]) -> str | None:
    """The zone of a name: the longest that is the name or ends it; None if there is none."""
    while name:
        if name in zones:
            return name
        name = name.partition(".")[2]
    return None


def by_zone(found: Iterable[RecordSet], zones: Iterable[str] = ()) -> dict[str, list[RecordSet]]:
    """Record sets by zone: the longest of `zones` that contains the name, else the mail domain."""
    listed = frozenset(zones)
    sorted_: dict[str, list[RecordSet]] = {}
    for record in found:
        sorted_.setdefault(zone_of(record.name, listed) or record.domain, []).append(record)
    return sorted_


def relative(name: str, zone: str) -> str:
    """A name as its zone's own web form wants it: without the zone, `@` for the zone itself."""
    return "@" if name == zone else name.removesuffix(f".{zone}")
