from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ovh.client
import pytest
import yaml
from octodns_gandi import GandiClient, GandiProvider

from mail_autoconfig.zones.changes import Content
from mail_autoconfig.zones.providers import CLASSES, ProviderServer, package_of
from mail_autoconfig.zones.push import push
from mail_autoconfig.zones.records import RecordSet, Type
from mail_autoconfig.zones.rfc2136 import ZoneError
from support import provider_double
from support.provider_double import TOKEN, ZONE, Double

ROOT = Path(__file__).parents[3]
FOREIGN = {("@", "A", 600, "192.0.2.80"), ("www", "A", 600, "192.0.2.81")}


def record(name: str, type_: Type, *values: str) -> RecordSet:
    return RecordSet(ZONE, f"{name}.{ZONE}", type_, values)


WANTED = (
    record("autoconfig", "CNAME", "host.example."),
    record("_imaps._tcp", "SRV", "0 1 993 mail.gandi.net."),
    record("_imap._tcp", "SRV", "0 0 0 ."),
    record("host", "A", "192.0.2.1", "192.0.2.2"),
    record("host", "AAAA", "2001:db8::1"),
    record("host", "CAA", '0 issue "letsencrypt.org"'),
    record("_caldavs._tcp", "TXT", '"path=/a;b/"'),
)


@pytest.fixture
def double() -> Iterator[Double]:
    with provider_double.running() as running:
        yield running


@pytest.fixture(params=["gandi", "ovh"])
def server(
    request: pytest.FixtureRequest, double: Double, monkeypatch: pytest.MonkeyPatch
) -> ProviderServer:
    return connected(request.param, double, monkeypatch)


def connected(
    provider: str, double: Double, monkeypatch: pytest.MonkeyPatch, token: str = TOKEN
) -> ProviderServer:
    if provider == "gandi":
        new = GandiClient.__init__

        def at_the_double(client: GandiClient, *arguments: Any, **more: Any) -> None:
            new(client, *arguments, **more)
            client.endpoint = double.url

        monkeypatch.setattr(GandiClient, "__init__", at_the_double)
        return ProviderServer("gandi", {"token": token})
    monkeypatch.setitem(ovh.client.ENDPOINTS, "double", double.url)
    keys = ("application_key", "application_secret", "consumer_key")
    return ProviderServer("ovh", {"endpoint": "double", **dict.fromkeys(keys, token)})


def pushed(server: ProviderServer, *wanted: RecordSet, zone: str = ZONE, dry: bool = False) -> str:
    """Push and return the problem, if there is one."""
    (outcome,) = push({zone: server}, {zone: wanted}, owner="main", ttl=3600, dry=dry)
    assert not outcome.plan.conflicts
    return outcome.problem


def test_push_again_and_remove(server: ProviderServer, double: Double) -> None:
    assert not pushed(server, *WANTED, dry=True)
    assert double.writes() == []

    assert not pushed(server, *WANTED)
    made = {row[:3]: row[3] for row in double.content() - FOREIGN if row[0] != "host"}
    assert (
        made.pop(("_mail-autoconfig", "TXT", 3600)).strip('"').startswith("mail-autoconfig owner")
    )
    assert made.pop(("_caldavs._tcp", "TXT", 3600)).strip('"') == "path=/a;b/"
    assert made == {
        ("autoconfig", "CNAME", 3600): "host.example.",
        ("_imaps._tcp", "SRV", 3600): "0 1 993 mail.gandi.net.",
        ("_imap._tcp", "SRV", 3600): "0 0 0 .",
    }
    assert {row[1:] for row in double.content() if row[0] == "host"} == {
        ("A", 3600, "192.0.2.1"),
        ("A", 3600, "192.0.2.2"),
        ("AAAA", 3600, "2001:db8::1"),
        ("CAA", 3600, '0 issue "letsencrypt.org"'),
    }
    assert double.content() >= FOREIGN

    written = len(double.writes())
    assert not pushed(server, *WANTED)
    assert len(double.writes()) == written

    assert not pushed(server)
    assert double.content() == FOREIGN


def test_only_what_changes_is_written(server: ProviderServer, double: Double) -> None:
    assert not pushed(server, *WANTED)
    written = len(double.writes())
    assert not pushed(server, *WANTED[1:], record("autoconfig", "CNAME", "new.example."))
    calls = [call for call in double.writes()[written:] if not call.endswith("/refresh")]
    assert ("autoconfig", "CNAME", 3600, "new.example.") in double.content()
    # The alias, the marker and its spare; an update is a deletion and a creation.
    assert len(calls) <= 10
    assert not [call for call in calls if "www" in call]


def test_run_that_is_cut_off_anywhere_is_gone_on_with(
    server: ProviderServer, double: Double
) -> None:
    assert not pushed(server, *WANTED)
    wanted = *WANTED[2:], record("autoconfig", "CNAME", "new.example.")
    for writes in range(20):
        double.writes_left = writes
        problem = pushed(server, *wanted)
        assert TOKEN not in problem
        double.writes_left = 1000
        if not problem:
            break
        assert not pushed(server, *wanted)
        assert not pushed(server, *WANTED)
    assert 5 < writes < 19
    assert not pushed(server)
    assert double.content() == FOREIGN


def test_zone_that_is_not_there_is_not_made(server: ProviderServer, double: Double) -> None:
    problem = pushed(server, *WANTED, zone="other.example")
    assert "has no such zone in this account" in problem
    assert double.writes() == []


@pytest.mark.parametrize("there", [True, False])
def test_single_values(server: ProviderServer, double: Double, there: bool) -> None:
    """As a proof and its wildcard's: what else is at the name stays, with its TTL."""
    name, label = f"_acme-challenge.{ZONE}", "_acme-challenge"
    if there:
        double.add(label, "TXT", 7200, '"foreign"')
    before, ttl = double.content(), 7200 if there else 300
    for value in "one", "two":
        server.add(ZONE, name, "TXT", Content((f'"{value}"',), 60))
    added = {(*row[:3], row[3].strip('"')) for row in double.content() - FOREIGN}
    assert added >= {(label, "TXT", ttl, "one"), (label, "TXT", ttl, "two")}
    assert len(added) == 2 + there

    written = len(double.writes())
    server.add(ZONE, name, "TXT", Content(('"two"',), 60))
    server.remove(ZONE, name, "TXT", Content(('"three"',), 60))
    server.remove(ZONE, f"other.{ZONE}", "TXT", Content(('"one"',), 60))
    assert len(double.writes()) == written

    for value in "one", "two":
        server.remove(ZONE, name, "TXT", Content((f'"{value}"',), 60))
    assert {(*row[:3], row[3].strip('"')) for row in double.content()} == {
        (*row[:3], row[3].strip('"')) for row in before
    }


def test_single_values_at_a_provider_that_keeps_what_it_has_read(
    double: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Route 53's does; else a record would stay, since it seems not to be there."""
    server = connected("gandi", double, monkeypatch)
    apply = GandiProvider._apply

    def kept(provider: GandiProvider, plan: Any) -> None:
        read = dict(provider._zone_records)
        apply(provider, plan)
        provider._zone_records.update(read)

    monkeypatch.setattr(GandiProvider, "_apply", kept)
    for step in server.add, server.remove:
        step(ZONE, f"_acme-challenge.{ZONE}", "TXT", Content(('"one"',), 60))
    assert double.content() == FOREIGN


def test_single_value_that_fails_halfway_leaves_the_others(
    server: ProviderServer, double: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the deletion with which an update begins."""
    double.add("_acme-challenge", "TXT", 7200, '"foreign"')
    before = double.content()
    answer, writes = double.answer, iter(range(100))

    def failing_once(method: str, *arguments: Any) -> Any:
        if method != "GET" and next(writes) == 1:
            return 500, {"message": "the double's power is out"}
        return answer(method, *arguments)

    monkeypatch.setattr(double, "answer", failing_once)
    with pytest.raises(ZoneError, match=", change: "):
        server.add(ZONE, f"_acme-challenge.{ZONE}", "TXT", Content(('"one"',), 60))
    assert {(*row[:3], row[3].strip('"')) for row in double.content()} == {
        (*row[:3], row[3].strip('"')) for row in before
    }


def test_single_value_that_is_refused(server: ProviderServer, double: Double) -> None:
    double.writes_left = 0
    with pytest.raises(ZoneError, match=", change: "):
        server.add(ZONE, f"_acme-challenge.{ZONE}", "TXT", Content(('"one"',), 60))
    assert double.content() == FOREIGN


def test_wrong_token(double: Double, monkeypatch: pytest.MonkeyPatch) -> None:
    server = connected("gandi", double, monkeypatch, token="wrong-token")
    problem = pushed(server, *WANTED)
    assert problem.startswith("zone example.com: gandi, read: ")
    assert "could not verify" in problem
    assert double.writes() == []


@pytest.mark.parametrize(
    ("provider", "settings", "said"),
    [
        ("octodns_none.NoneProvider", {}, "no octodns-none; pip install it where ansible runs"),
        ("octodns_gandi.NoneProvider", {}, "no octodns-gandi; pip install it where ansible runs"),
        ("gandi", {}, "provider gandi, settings: .*'token'"),
        ("gandi", {"token": "x", "nonsense": 1}, "provider gandi, settings: .*'nonsense'"),
    ],
)
def test_wrong_settings(provider: str, settings: dict[str, str], said: str) -> None:
    with pytest.raises(ZoneError, match=said):
        ProviderServer(provider, settings)


def test_providers_that_are_named() -> None:
    """In the packages that are installed, in the role's specification and in the documentation."""
    pins = (ROOT / "requirements-dns.txt").read_text()
    packages = re.findall(r"^(octodns-.+)==", pins, re.MULTILINE)
    assert packages == [package_of(name) for name in CLASSES]
    # roles/certificates makes the names from the packages'.
    assert packages == [f"octodns-{name}" for name in CLASSES]

    specs = yaml.safe_load((ROOT / "roles/preflight/meta/argument_specs.yml").read_text())
    servers = specs["argument_specs"]["check"]["options"]["autoconfig_dns_servers"]
    description = " ".join(servers["options"]["provider"]["description"])
    assert f"One of {', '.join(CLASSES)}, or a class of octoDNS." in description

    _, _, page = (ROOT / "docs/dns.md").read_text().partition("| `provider` | `settings` |")
    table = page.partition("\n\n")[0]
    assert sorted(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == sorted(CLASSES)
