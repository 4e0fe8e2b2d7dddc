"""Where records for proofs go; what name servers make of them is molecule/frontends's part."""

from __future__ import annotations

import io
import json
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any

import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.resolver
import dns.rrset
import dns.update
import pytest

from mail_autoconfig.certificates.dns01 import ChallengeError, Challenges, hook, load
from mail_autoconfig.cli import main
from mail_autoconfig.zones.changes import Change, Content, Key
from mail_autoconfig.zones.propagation import NameServer
from mail_autoconfig.zones.providers import ProviderServer
from mail_autoconfig.zones.records import RecordSet
from mail_autoconfig.zones.rfc2136 import UpdateServer, ZoneError

ALIASES = {
    "_acme-challenge.alias.example.net.": "a.proofs.example.com.",
    "_acme-challenge.lost.example.net.": "b.example.org.",
}


class Resolving:
    """A resolver on a port of this machine, that knows aliases and no other record."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))

    def run(self) -> None:
        while True:
            wire, peer = self.socket.recvfrom(4096)
            if not wire:
                return
            answer = dns.message.make_response(dns.message.from_wire(wire))
            name = answer.question[0].name
            target = ALIASES.get(name.to_text())
            if target:
                answer.answer.append(dns.rrset.from_text(name, 60, "IN", "CNAME", target))
            elif name.to_text().endswith("broken.example.com."):
                answer.set_rcode(dns.rcode.REFUSED)
            # Elsewhere the names have records of other types.
            if name.to_text().endswith("example.com."):
                answer.set_rcode(answer.rcode() or dns.rcode.NXDOMAIN)
            self.socket.sendto(answer.to_wire(), peer)


@pytest.fixture(scope="module")
def resolver() -> Iterator[dns.resolver.Resolver]:
    server = Resolving()
    thread = Thread(target=server.run)
    thread.start()
    found = dns.resolver.Resolver(configure=False)
    found.nameservers = ["127.0.0.1"]
    found.port = server.socket.getsockname()[1]
    found.lifetime = 2
    yield found
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
        end.sendto(b"", ("127.0.0.1", found.port))
    thread.join()
    server.socket.close()


@dataclass(frozen=True)
class Recording(UpdateServer):
    """Takes updates, or refuses them."""

    refusal: str = ""
    taken: list[Any] = field(default_factory=list)

    def add(self, zone: str, name: str, type_: str, content: Content) -> None:
        self.note("add", zone, name, type_, content)

    def remove(self, zone: str, name: str, type_: str, content: Content) -> None:
        self.note("remove", zone, name, type_, content)

    def note(self, *update: Any) -> None:
        if self.refusal:
            raise ZoneError(self.refusal)
        self.taken.append(update)


@pytest.fixture
def server() -> Recording:
    return Recording("192.0.2.53")


@pytest.fixture
def challenges(server: Recording, resolver: dns.resolver.Resolver) -> Challenges:
    zones = {"example.com": server, "proofs.example.com": server}
    return Challenges(zones, 0, resolver)


@pytest.mark.parametrize(
    ("name", "place", "zone"),
    [
        ("example.com", "_acme-challenge.example.com", "example.com"),
        ("*.example.com", "_acme-challenge.example.com", "example.com"),
        ("a.example.com", "_acme-challenge.a.example.com", "example.com"),
        # The longest zone that contains it.
        ("x.proofs.example.com", "_acme-challenge.x.proofs.example.com", "proofs.example.com"),
        ("alias.example.net", "a.proofs.example.com", "proofs.example.com"),
        ("*.alias.example.net", "a.proofs.example.com", "proofs.example.com"),
    ],
)
def test_place(challenges: Challenges, name: str, place: str, zone: str) -> None:
    found = challenges.place(name)
    assert (found.name, found.zone) == (place, zone)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "example.org",
            "_acme-challenge.example.org is in no zone of autoconfig_dns_servers that this host "
            "may change",
        ),
        ("badexample.com", "_acme-challenge.badexample.com is in no zone"),
        (
            "lost.example.net",
            "_acme-challenge.lost.example.net, an alias of b.example.org, is in no zone",
        ),
        ("broken.example.com", "its name servers do not answer"),
    ],
)
def test_no_place(challenges: Challenges, name: str, said: str) -> None:
    with pytest.raises(ChallengeError, match=said):
        challenges.place(name)


def test_hook(challenges: Challenges, server: Recording) -> None:
    environment = {
        "CERTBOT_DOMAIN": "alias.example.net",
        "CERTBOT_VALIDATION": "abc_-1",
        "CERTBOT_REMAINING_CHALLENGES": "1",
        "CERTBOT_ALL_DOMAINS": "alias.example.net,example.com",
    }
    hook("present", challenges, environment)
    hook("remove", challenges, environment)
    record = ("proofs.example.com", "a.proofs.example.com", "TXT", Content(('"abc_-1"',), 60))
    assert server.taken == [("add", *record), ("remove", *record)]


def test_last_name_waits_for_the_name_servers_of_all(
    challenges: Challenges, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited = []

    def lagging(zone: str, servers: Any, wanted: Any, serial: Any, patience: float) -> list[str]:
        waited.append((zone, servers, tuple(wanted), serial, patience))
        return ["ns2 has serial 1"] if zone == "proofs.example.com" else []

    monkeypatch.setattr("mail_autoconfig.certificates.dns01.serial_of", lambda *_: 7)
    monkeypatch.setattr(
        "mail_autoconfig.certificates.dns01.name_servers", lambda zone, _content: (zone,)
    )
    monkeypatch.setattr("mail_autoconfig.certificates.dns01.wait", lagging)
    environment = {
        "CERTBOT_DOMAIN": "example.com",
        "CERTBOT_VALIDATION": "x",
        "CERTBOT_REMAINING_CHALLENGES": "0",
        "CERTBOT_ALL_DOMAINS": "a.example.com,alias.example.net,example.com",
    }
    with pytest.raises(ChallengeError, match="ns2 has serial 1"):
        hook("present", challenges, environment)
    zones = "example.com", "proofs.example.com"
    assert waited == [(zone, (zone,), (), 7, 0) for zone in zones]


PROOF = "A-z_" + "0" * 39


class Holding(ProviderServer):
    """A provider's account that contains a zone."""

    def __init__(self, zone: dict[Key, Content]) -> None:
        self.address = "holding"
        self.zone = zone

    def read(self, zone: str) -> dict[Key, Content]:
        return self.zone | {(f"_acme-challenge.other.{zone}", "TXT"): Content(('"y"',), 300)}

    def change(self, zone: str, changes: Sequence[Change]) -> None:
        assert zone == "example.com"
        self.zone |= {(each.name, each.type): each.after for each in changes if each.after}


def test_zone_at_a_provider_has_no_primary(
    resolver: dns.resolver.Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its name servers are asked for the proofs of the order, as the provider has them."""
    waited: list[Any] = []
    monkeypatch.setattr("mail_autoconfig.certificates.dns01.name_servers", lambda *_: ())
    monkeypatch.setattr(
        "mail_autoconfig.certificates.dns01.wait", lambda *asked: waited.append(asked)
    )
    name = "_acme-challenge.example.com"
    first = Holding({(name, "A"): Content(("192.0.2.1",), 300)})
    challenges = Challenges({"example.com": first}, 7, resolver)
    challenges.present("example.com", PROOF, ["*.example.com", "example.com"])
    proof = RecordSet("example.com", name, "TXT", (f'"{PROOF}"',))
    assert waited == [("example.com", (), (proof,), None, 7)]

    with pytest.raises(
        ChallengeError, match=r"does not have _acme-challenge\.a\.example\.com after"
    ):
        challenges.present("example.com", PROOF, ["a.example.com", "example.com"])


def test_server_that_never_answers(
    resolver: dns.resolver.Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line, not a run that blocks all others for good."""

    class Silent(UpdateServer):
        def add(self, *_arguments: object) -> None:
            time.sleep(20)

    monkeypatch.setattr("mail_autoconfig.certificates.dns01._LONGEST", 1)
    challenges = Challenges({"example.com": Silent("192.0.2.53")}, 0, resolver)
    with pytest.raises(ChallengeError, match=r"example\.com: no answer in 1 seconds"):
        challenges.present("example.com", "x")
    assert challenges.check(["example.com"], dry=False) == {
        "example.com": "zone example.com: no answer in 1 seconds"
    }


def test_primary_by_its_name(
    resolver: dns.resolver.Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def serial_of(_zone: str, server: NameServer) -> int:
        asked.append(server.addresses)
        return 7

    monkeypatch.setattr("mail_autoconfig.certificates.dns01.serial_of", serial_of)
    monkeypatch.setattr("mail_autoconfig.certificates.dns01.name_servers", lambda *_: ())
    monkeypatch.setattr("mail_autoconfig.certificates.dns01.wait", lambda *_: ())
    challenges = Challenges({"example.com": Recording("localhost")}, 0, resolver)
    challenges.present("example.com", "x", ["example.com"])
    assert asked[0] in (("127.0.0.1",), ("::1",))
    challenges = Challenges({"example.com": Recording("none.invalid")}, 0, resolver)
    with pytest.raises(ChallengeError, match=r"no such server none\.invalid"):
        challenges.present("example.com", "x", ["example.com"])


def test_hook_without_certbot(challenges: Challenges) -> None:
    with pytest.raises(ChallengeError, match="CERTBOT_DOMAIN is not set; certbot runs this"):
        hook("present", challenges, {})


def test_check_tries_each_zone_once(challenges: Challenges, server: Recording) -> None:
    names = ["example.com", "a.example.com", "alias.example.net", "example.org"]
    assert list(challenges.check(names, dry=True)) == ["example.org"]
    assert server.taken == []
    assert list(challenges.check(names, dry=False)) == ["example.org"]
    assert [(update[0], update[2]) for update in server.taken] == [
        ("add", "_acme-challenge.example.com"),
        ("remove", "_acme-challenge.example.com"),
        ("add", "a.proofs.example.com"),
        ("remove", "a.proofs.example.com"),
    ]


def test_a_key_that_is_refused(resolver: dns.resolver.Resolver) -> None:
    zones = {"example.com": Recording("192.0.2.53", refusal="the secret of key k is wrong")}
    challenges = Challenges(zones, 0, resolver)
    why = "zone example.com: the secret of key k is wrong"
    assert challenges.check(["example.com", "a.example.com"], dry=False) == {
        "example.com": why,
        "a.example.com": why,
    }
    for step in challenges.present, challenges.remove:
        with pytest.raises(ChallengeError, match=r"^_acme-challenge\.example\.com: the secret of"):
            step("example.com", "x")


def write(directory: Path, content: Any) -> Path:
    path = directory / "servers.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return path


def test_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # octoDNS has an environment of its own, whatever Debian it is.
    monkeypatch.setattr("mail_autoconfig.zones.servers.ProviderServer", lambda *_: Holding({}))
    entry = {
        "address": "192.0.2.53",
        "zones": ["Example.com"],
        "key_name": "k",
        "key_secret": "AA==",
    }
    api = {"provider": "gandi", "settings": {"token": "t"}, "zones": ["example.net"]}
    challenges = load(write(tmp_path, {"servers": [entry, api], "wait": 5}))
    servers = dict(challenges._servers)
    assert isinstance(servers.pop("example.net"), Holding)
    assert servers == {"example.com": UpdateServer("192.0.2.53", key="k", secret="AA==")}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "Expecting value"),
        ({"servers": []}, "'wait'"),
        ({"servers": [{"zones": ["x.example"]}], "wait": 1}, r"autoconfig_dns_servers\[0\]"),
    ],
)
def test_load_says_what_is_wrong(tmp_path: Path, content: Any, said: str) -> None:
    with pytest.raises(ChallengeError, match=f"servers.json: .*{said}"):
        load(write(tmp_path, content))


def test_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["challenge", "present", str(tmp_path / "none.json")]) == 1
    assert "none.json" in capsys.readouterr().err


@pytest.mark.parametrize("dry", [True, False])
def test_command_line_checks(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    challenges: Challenges,
    server: Recording,
    dry: bool,
) -> None:
    monkeypatch.setattr("mail_autoconfig.certificates.dns01.load", lambda _path: challenges)
    monkeypatch.setattr("sys.stdin", io.StringIO('["example.com", "example.org"]'))
    command = [
        "challenge",
        "check",
        str(tmp_path / "servers.json"),
        *(["--dry-run"] if dry else []),
    ]
    assert main(command) == 0
    assert list(json.loads(capsys.readouterr().out)) == ["example.org"]
    assert len(server.taken) == (0 if dry else 2)


def test_updates_touch_one_value(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []

    def tcp(update: dns.update.UpdateMessage, *_rest: Any) -> dns.message.Message:
        sent.extend(rrset.to_text() for rrset in [*update.prerequisite, *update.update])
        return dns.message.make_response(update)

    monkeypatch.setattr("dns.query.tcp", tcp)
    one = UpdateServer("127.0.0.1")
    for step in one.add, one.remove:
        step("example.com", "_acme-challenge.example.com", "TXT", Content(('"v"',), 60))
    assert sent == [
        '_acme-challenge.example.com. 60 IN TXT "v"',
        '_acme-challenge.example.com. 0 NONE TXT "v"',
    ]
