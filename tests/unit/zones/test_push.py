from __future__ import annotations

from collections.abc import Sequence

import pytest

from mail_autoconfig.inventory.read import ConfigurationError
from mail_autoconfig.zones.changes import Change, Content, Key
from mail_autoconfig.zones.plan import Plan
from mail_autoconfig.zones.propagation import NameServer
from mail_autoconfig.zones.push import Outcome, check, push
from mail_autoconfig.zones.records import RecordSet
from mail_autoconfig.zones.rfc2136 import UpdateServer, ZoneError
from mail_autoconfig.zones.samba import DirectoryServer
from mail_autoconfig.zones.servers import Server


class Fake:
    """A server that holds each zone but `broken`."""

    def __init__(self) -> None:
        self.zones: dict[str, dict[Key, Content]] = {}

    def read(self, zone: str) -> dict[Key, Content]:
        if zone == "broken.example":
            raise ZoneError("is broken")
        return dict(self.zones.get(zone, {}))

    def change(self, zone: str, changes: Sequence[Change]) -> None:
        content = self.zones.setdefault(zone, {})
        for change in changes:
            content.pop((change.name, change.type), None)
            if change.after:
                content[change.name, change.type] = change.after


def wanted(*zones: str) -> dict[str, list[RecordSet]]:
    return {zone: [RecordSet(zone, f"autoconfig.{zone}", "A", ("192.0.2.1",))] for zone in zones}


def test_zone_that_fails_does_not_stop_the_others() -> None:
    fake = Fake()
    zones = ["a.example", "broken.example", "c.example"]
    servers: dict[str, Server] = dict.fromkeys(zones, fake)
    first = push(servers, wanted(*zones), owner="main", ttl=60)
    assert [outcome.problem for outcome in first] == ["", "zone broken.example: is broken", ""]
    assert [len(outcome.plan.changes) for outcome in first] == [2, 0, 2]
    again = push(servers, wanted(*zones), owner="main", ttl=60)
    assert not any(outcome.plan.changes for outcome in again)
    push(servers, wanted("a.example"), owner="main", ttl=60)
    assert fake.zones["c.example"] == {}
    assert fake.zones["a.example"]


def test_dry_run_changes_nothing() -> None:
    fake = Fake()
    (outcome,) = push({"a.example": fake}, wanted("a.example"), owner="main", ttl=60, dry=True)
    assert outcome.plan.changes
    assert fake.zones == {}


class Directory(DirectoryServer):
    """A domain controller whose zones are empty."""

    def read(self, zone: str) -> dict[Key, Content]:
        return {(zone, "SOA"): Content((". . 1 1 1 1 1",), 60)}


def test_what_an_active_directory_does_not_take_is_left_out_and_said() -> None:
    zone = "ad.example"
    services = [
        RecordSet(zone, f"_{name}._tcp.{zone}", "SRV", ("0 0 0 .",)) for name in ("a", "b", "c")
    ]
    caa = RecordSet(zone, zone, "CAA", ('0 issue "x"',))
    server = Directory("dc.ad.example", "a@AD.EXAMPLE", "x")
    given = {zone: [*wanted(zone)[zone], *services, caa]}
    (outcome,) = push({zone: server}, given, owner="main", ttl=60, dry=True)
    changed = {(change.name, change.type) for change in outcome.plan.changes}
    assert changed == {("autoconfig.ad.example", "A"), ("_mail-autoconfig.ad.example", "TXT")}
    assert outcome.plan.left == (
        "zone ad.example: without _a._tcp.ad.example SRV, _b._tcp.ad.example SRV, "
        "_c._tcp.ad.example SRV and 1 more, which Samba's name server refuses",
    )


@pytest.mark.parametrize("owner", ["", "a b", "a=b", "é", "a" * 61])
def test_owner_is_a_word(owner: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^autoconfig_dns_owner: "):
        push({}, {}, owner=owner, ttl=60)


def test_primary_may_be_given_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[NameServer] = []
    monkeypatch.setattr(
        "mail_autoconfig.zones.push.serial_of", lambda _, server: asked.append(server)
    )
    monkeypatch.setattr("mail_autoconfig.zones.push.wait_for_all", lambda *_: ())
    outcome = Outcome("a.example", {("a.example", "NS"): Content((), 60)}, Plan((), (), ()))
    check({"a.example": UpdateServer("localhost")}, [outcome], {}, 1)
    assert [server.name for server in asked] == ["localhost"]
    assert asked[0].addresses[0] in ("127.0.0.1", "::1")


def test_zone_keeps_what_is_ours_where_not_all_that_is_wanted_is_known() -> None:
    server = Fake()
    servers: dict[str, Server] = {"example.com": server}
    push(servers, wanted("example.com"), owner="main", ttl=300)
    before = dict(server.zones["example.com"])
    push(servers, {}, owner="main", ttl=300, complete=False)
    assert server.zones["example.com"] == before
    push(servers, {}, owner="main", ttl=300)
    assert server.zones["example.com"] == {}
