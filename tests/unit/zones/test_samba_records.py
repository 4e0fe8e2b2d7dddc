from __future__ import annotations

import base64
import struct

import pytest

from mail_autoconfig.zones.changes import Content
from mail_autoconfig.zones.rfc2136 import ZoneError
from mail_autoconfig.zones.samba_records import parse_ldif, parse_record
from support.stored_zone import LDIF, RECORDS, SOA, ZONE, A


@pytest.mark.parametrize(("stored", "expected"), RECORDS.items())
def test_stored_records(stored: str, expected: tuple[str, str, int]) -> None:
    assert parse_record(base64.b64decode(stored)) == expected


def test_srv_mx_and_unknown_types() -> None:
    name = b"\x0b\x02\x04mail\x04test\x00"

    def record(number: int, data: bytes) -> bytes:
        return (
            struct.pack("<HHIIxxxx", len(data), number, 0xF005, 1)[:12]
            + struct.pack(">I8x", 900)
            + data
        )

    assert parse_record(record(33, bytes.fromhex("0000000103e1") + name)) == (
        "SRV",
        "0 1 993 mail.test.",
        900,
    )
    assert parse_record(record(15, b"\x00\x0a" + name)) == ("MX", "10 mail.test.", 900)
    assert parse_record(record(65281, b"\x01\x02")) == ("TYPE65281", r"\# 2 0102", 900)


def test_zone_from_its_nodes() -> None:
    assert parse_ldif(LDIF, ZONE) == {
        (ZONE, "SOA"): Content((RECORDS[SOA][1],), 3600),
        ("www.sub.one.test", "A"): Content(("192.0.2.5", "192.0.2.9"), 300),
        ("ü.one.test", "A"): Content(("192.0.2.5",), 300),
    }


@pytest.mark.parametrize("stored", [b"\x04\x00", base64.b64decode(A)[:-1]])
def test_record_that_is_none(stored: bytes) -> None:
    text = f"dc: x\ndnsRecord:: {base64.b64encode(stored).decode()}\n"
    with pytest.raises(ZoneError, match=r"^x.one.test has a record that can't be read: 0400"):
        parse_ldif(text, ZONE)
