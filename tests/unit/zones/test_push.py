from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from mail_autoconfig.inventory.read import ConfigurationError
from mail_autoconfig.zones.plan import Change, Content, Key, Plan
from mail_autoconfig.zones.propagation import NameServer
from mail_autoconfig.zones.push import Outcome, Server, check, parse_servers, push
from mail_autoconfig.zones.records import RecordSet
from mail_autoconfig.zones.rfc2136 import UpdateServer, ZoneError
from mail_autoconfig.zones.samba import DirectoryServer

SECRET = "c2VjcmV0LW9mLXRoZS10ZXN0"
ACCOUNT = {
    "address": "DC.ad.example",
    "kerberos_account": "autoconfig@ad.example",
    "kerberos_password": SECRET,
    "zones": ["ad.example"],
}
GOOD = {"address": "ns.example", "key_name": "k", "key_secret": SECRET, "zones": ["example.com"]}


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
    issuer = RecordSet(zone, zone, "CAA", ('0 issue "x"',))
    server = Directory("dc.ad.example", "a@AD.EXAMPLE", "x")
    given = {zone: [*wanted(zone)[zone], *services, issuer]}
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


def test_servers() -> None:
    servers = parse_servers(
        [
            GOOD | {"zones": ["Example.com", "bücher.example."]},
            {"provider": "gandi", "settings": {"token": "t"}, "zones": ["example.org"]},
            {"address": "2001:db8::1", "port": 5353, "zones": ["example.net"]},
            ACCOUNT,
        ]
    )
    assert list(servers) == [
        "example.com",
        "xn--bcher-kva.example",
        "example.org",
        "example.net",
        "ad.example",
    ]
    assert servers["ad.example"] == DirectoryServer(
        "dc.ad.example", "autoconfig@AD.EXAMPLE", SECRET
    )
    assert servers["example.com"] == UpdateServer("ns.example", 53, "k", SECRET, "hmac-sha256")
    assert servers["example.net"] == UpdateServer("2001:db8::1", 5353)


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ({}, "autoconfig_dns_servers: not a list of servers"),
        (["x"], "autoconfig_dns_servers[0]: not a mapping"),
        (
            [GOOD | {"key": 1}],
            'autoconfig_dns_servers[0]: unknown key "key"; use zones, address, port, key_n',
        ),
        (
            [GOOD | {"zones": []}],
            "autoconfig_dns_servers[0], zones: no zone; list those that this server holds",
        ),
        (
            [GOOD | {"zones": ["a b"]}],
            'autoconfig_dns_servers[0], zones: "a b" is not a zone such as example.co',
        ),
        ([GOOD, GOOD], "autoconfig_dns_servers[1], zones: example.com is listed twice; remove one"),
        (
            [GOOD | {"address": ""}],
            "autoconfig_dns_servers[0]: neither address nor provider; give one of them",
        ),
        ([GOOD | {"port": 0}], "autoconfig_dns_servers[0]: port: 0 is not a port; use 1 to 65535"),
        (
            [GOOD | {"key_algorithm": "x"}],
            'autoconfig_dns_servers[0]: key_algorithm: no "x"; use one of hmac-',
        ),
        (
            [GOOD | {"key_secret": ""}],
            "autoconfig_dns_servers[0]: key_name and key_secret belong together; give",
        ),
        (
            [GOOD | {"key_secret": f"{SECRET}!"}],
            "autoconfig_dns_servers[0]: key_name is no name, or key_secret",
        ),
        (
            [{"provider": "x", "zones": ["example.com"]}],
            'autoconfig_dns_servers[0]: no provider "x"; use cloudf',
        ),
        (
            [{"provider": "gandi", "settings": 1}],
            "autoconfig_dns_servers[0]: settings: not a mapping",
        ),
        (
            [{"provider": "gandi", "zones": ["d.d"]}],
            "autoconfig_dns_servers[0]: provider gandi, settings: ",
        ),
        (
            [{"provider": "gandi", "token": "x"}],
            'autoconfig_dns_servers[0]: unknown key "token"; use zones, pro',
        ),
        (
            [ACCOUNT | {"address": "192.0.2.1"}],
            "autoconfig_dns_servers[0]: address: '192.0.2.1' is no host name; give the domain controller's",
        ),
        (
            [ACCOUNT | {"kerberos_account": "autoconfig"}],
            'autoconfig_dns_servers[0]: kerberos_account: "autoconfig" is not like name@example.com',
        ),
        (
            [ACCOUNT | {"kerberos_account": "-k@example.com"}],  # kinit would take it for an option
            'autoconfig_dns_servers[0]: kerberos_account: "-k@example.com" is not like name@example.com',
        ),
        (
            [ACCOUNT | {"kerberos_password": ""}],
            "autoconfig_dns_servers[0]: kerberos_password: none, or more than a line; give the account's",
        ),
        (
            [ACCOUNT | {"key_name": "x"}],
            'autoconfig_dns_servers[0]: unknown key "key_name"; use zones, address, kerberos_account, ',
        ),
    ],
)
def test_wrong_servers(raw: Any, problem: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_servers(raw)
    assert caught.value.problems[0].startswith(problem)
    assert SECRET not in str(caught.value)


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
