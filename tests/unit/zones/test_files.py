from __future__ import annotations

import csv
from ipaddress import ip_address

import dns.zone

from mail_autoconfig.inventory.read import parse
from mail_autoconfig.zones.files import files, is_stale, table, zone_file
from mail_autoconfig.zones.records import by_zone, records

CONFIGURATION = parse(
    {
        "generic_host": "autoconfig.hoster.example",
        "domains": [{"name": "bücher.example", "provider": "gandi"}],
    }
)
FOUND = records(CONFIGURATION, [ip_address("192.0.2.1")], ["letsencrypt.org"])
ZONES = by_zone(FOUND)


def test_table() -> None:
    lines = table(ZONES, 300).splitlines()
    assert lines[0].split() == ["zone", "name", "type", "TTL", "value", "for"]
    assert lines[1].split()[:5] == ["hoster.example", "autoconfig", "A", "300", "192.0.2.1"]
    assert lines[3].split()[:3] == ["xn--bcher-kva.example", "autodiscover", "CNAME"]
    assert len(lines) == 1 + sum(len(record.values) for record in FOUND)


def test_files_hold_the_same_records() -> None:
    found = files(ZONES, 300)
    assert list(found) == [
        "records.md",
        "records.csv",
        "hoster.example.zone",
        "xn--bcher-kva.example.zone",
    ]
    rows = list(csv.reader(found["records.csv"].splitlines()))[1:]
    for _, name, type_, ttl, value, purpose in rows:
        assert f"| `{name}` | {type_} | {ttl} | `{value}` | {purpose} |\n" in found["records.md"]
    assert len(rows) == found["records.md"].count("| 300 |")


def test_zone_file_is_read_back() -> None:
    read = {}
    for zone, expected in ZONES.items():
        content = dns.zone.from_text(
            zone_file(zone, expected, 300), relativize=False, check_origin=False
        )
        for name, found in content.iterate_rdatasets():
            assert found.ttl == 300
            key = name.to_text(omit_final_dot=True), found.rdtype.name
            read[key] = tuple(rdata.to_text() for rdata in found)
    assert read == {(record.name, record.type): record.values for record in FOUND}


def test_stale_is_what_was_made_for_a_zone_that_has_gone() -> None:
    wanted = files(ZONES, 300)
    made = wanted["hoster.example.zone"]
    assert is_stale("gone.example.zone", made, wanted)
    assert not is_stale("hoster.example.zone", made, wanted)
    assert not is_stale("gone.example.txt", made, wanted)
    assert not is_stale("mine.example.zone", "$ORIGIN mine.example.\n", wanted)
