"""A zone and what is planned for it, for the tests of plans, markers and steps."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mail_autoconfig.zones.changes import Change, Content, Key, Zone
from mail_autoconfig.zones.plan import Plan, plan
from mail_autoconfig.zones.records import RecordSet, Type

ZONE = "example.com"
NAME = "autoconfig.example.com"
MARKER = ("_mail-autoconfig.example.com", "TXT")
SOA = {
    (ZONE, "SOA"): Content(("ns.example.com. x.example.com. 1 2 3 4 5",), 60),
    ("www.example.com", "A"): Content(("192.0.2.9",), 60),
}


def record(
    *values: str, name: str = NAME, type_: Type = "A", domain: str = "example.com"
) -> RecordSet:
    return RecordSet(domain, name, type_, values)


def planned(zone: Zone, *wanted: RecordSet, **options: Any) -> Plan:
    defaults: dict[str, Any] = {"owner": "main", "ttl": 300}
    return plan(ZONE, zone, wanted, **defaults | options)


def applied(zone: Zone, changes: Iterable[Change]) -> dict[Key, Content]:
    result = dict(zone)
    for change in changes:
        key = change.name, change.type
        assert result.pop(key, None) == change.before
        if change.after:
            result[key] = change.after
    return result


def after(zone: Zone, *wanted: RecordSet, **options: Any) -> dict[Key, Content]:
    """The zone after a push, which must be without conflicts, and stay as it is at the next one."""
    first = planned(zone, *wanted, **options)
    assert not first.conflicts
    result = applied(zone, first.changes)
    assert planned(result, *wanted, **options).changes == ()
    return result
