"""Record sets to paste or to include: a table, Markdown, CSV, zone files. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence

from .records import RecordSet, relative

_COLUMNS = "zone", "name", "type", "TTL", "value", "for"
_MADE = "; Made by mail-autoconfig; its next run replaces this file.\n"

TTL = 3600
"""Seconds that a record may be kept, unless something else is asked for."""

Zones = Mapping[str, Sequence[RecordSet]]


def rows(zones: Zones, ttl: int) -> Iterator[tuple[str, ...]]:
    """One row a record: zone, relative name, type, TTL in seconds, value, purpose."""
    for zone, found in zones.items():
        for record in found:
            name = relative(record.name, zone)
            for value in record.values:
                yield zone, name, record.type, str(ttl), value, record.purpose


def table(zones: Zones, ttl: int) -> str:
    """Aligned columns, for a terminal."""
    lines = [_COLUMNS, *rows(zones, ttl)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "".join("  ".join(map(str.ljust, line, widths)).rstrip() + "\n" for line in lines)


def markdown(zones: Zones, ttl: int) -> str:
    """A table for each zone, with the values to copy as code."""
    parts = []
    for zone, found in zones.items():
        lines = [f"## {zone}", "", "| name | type | TTL | value | for |", "|---|---|---|---|---|"]
        for row in rows({zone: found}, ttl):
            name, type_, seconds, value, purpose = row[1:]
            lines.append(f"| `{name}` | {type_} | {seconds} | `{value}` | {purpose} |")
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def comma_separated(zones: Zones, ttl: int) -> str:
    """CSV with a head line (RFC 4180, but lines end as on this system)."""
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows([_COLUMNS, *rows(zones, ttl)])
    return written.getvalue()


def zone_file(zone: str, found: Iterable[RecordSet], ttl: int) -> str:
    """Lines to include in the zone's file (RFC 1035, section 5), such as BIND reads."""
    lines = [f"$ORIGIN {zone}.\n"]
    for name, type_, seconds, value in (row[1:5] for row in rows({zone: [*found]}, ttl)):
        lines.append(f"{name}\t{seconds}\tIN\t{type_}\t{value}\n")
    return _MADE + "".join(lines)


def files(zones: Zones, ttl: int) -> dict[str, str]:
    """All of the above by file name, in UTF-8: two tables, and a file a zone."""
    found = {
        "records.md": "# DNS records\n\n" + markdown(zones, ttl),
        "records.csv": comma_separated(zones, ttl),
    }
    for zone, records in zones.items():
        found[f"{zone}.zone"] = zone_file(zone, records, ttl)
    return found


def is_stale(name: str, content: str, wanted: Mapping[str, str]) -> bool:
    """Whether a file is a zone file that was made here, for a zone that is no longer wanted."""
    return name.endswith(".zone") and name not in wanted and content.startswith(_MADE)
