"""The records of a zone as an Active Directory stores them (MS-DNSP). Needs dnspython."""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterator

import dns.exception
import dns.rdata
import dns.rdataclass
import dns.rdatatype

from .changes import Content, Key
from .rfc2136 import ZoneError

_HEADER = 24  # octets before the data of a record
_TOMBSTONE = 0  # type of what replaces a removed record
# How many octets precede the name in the data of these types (MS-DNSP 2.2.2.2.4).
_BEFORE_NAME = {
    dns.rdatatype.NS: 0,
    dns.rdatatype.CNAME: 0,
    dns.rdatatype.PTR: 0,
    dns.rdatatype.DNAME: 0,
    dns.rdatatype.MX: 2,
    dns.rdatatype.SRV: 6,
}


def parse_ldif(text: str, zone: str) -> dict[Key, Content]:
    """Record sets of a zone from its nodes, by the attributes `dc` and `dnsRecord`.

    The lines are not wrapped. Raises ZoneError if a record can't be read.
    """
    found: dict[Key, dict[str, int]] = {}
    for entry in text.split("\n\n"):
        labels = list(_values(entry, "dc"))
        if not labels:
            continue
        label = labels[0].decode().lower()
        name = zone if label == "@" else f"{label}.{zone}"
        for record in _values(entry, "dnsRecord"):
            try:
                parsed = parse_record(record)
            except (struct.error, dns.exception.DNSException):
                raise ZoneError(f"{name} has a record that can't be read: {record.hex()}") from None
            if parsed:
                type_, value, ttl = parsed
                found.setdefault((name, type_), {})[value] = ttl
    return {
        key: Content(tuple(sorted(values)), min(values.values())) for key, values in found.items()
    }


def _values(entry: str, attribute: str) -> Iterator[bytes]:
    """RFC 2849: after two colons a value is in base64."""
    for line in entry.splitlines():
        name, _colon, value = line.partition(":")
        if name == attribute:
            text = value.removeprefix(":").strip()
            yield base64.b64decode(text) if value.startswith(":") else text.encode()


def parse_record(record: bytes) -> tuple[str, str, int] | None:
    """Type, value in the form of a zone file, and TTL of a dnsRecord (MS-DNSP 2.3.2.2).

    None for the tombstone of a removed record. Raises struct.error or DNSException if it can't be
    read.
    """
    length, number = struct.unpack_from("<HH", record)
    (ttl,) = struct.unpack_from(">I", record, 12)
    if number == _TOMBSTONE:
        return None
    type_ = dns.rdatatype.RdataType.make(number)
    data = record[_HEADER : _HEADER + length]
    if type_ == dns.rdatatype.SOA:
        primary, mailbox = _names(data[20:])
        wire = primary + mailbox + data[:20]
    elif type_ in _BEFORE_NAME:
        size = _BEFORE_NAME[type_]
        wire = data[:size] + b"".join(_names(data[size:]))
    else:
        wire = data
    rdata = dns.rdata.from_wire(dns.rdataclass.IN, type_, wire, 0, len(wire))
    return dns.rdatatype.to_text(type_), rdata.to_text(), ttl


def _names(data: bytes) -> Iterator[bytes]:
    """MS-DNSP 2.2.2.2.2: its length and the number of its labels precede each name."""
    while data:
        end = 2 + data[0]
        yield data[2:end]
        data = data[end:]
