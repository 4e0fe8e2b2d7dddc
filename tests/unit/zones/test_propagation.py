from __future__ import annotations

import socket
from collections.abc import Iterator
from threading import Thread

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from mail_autoconfig.zones.changes import Content
from mail_autoconfig.zones.propagation import (
    NameServer,
    hosts,
    name_servers,
    seen,
    wait,
    wait_for_all,
)
from mail_autoconfig.zones.records import RecordSet

ZONE = "example.com"
WANTED = [
    RecordSet(ZONE, f"autoconfig.{ZONE}", "A", ("192.0.2.1", "192.0.2.2")),
    RecordSet(ZONE, f"_imaps._tcp.{ZONE}", "SRV", ("0 0 0 .",)),
]
HOSTS = hosts(WANTED)


class Answering:
    """A name server on a port of this machine; what it knows may change while it runs."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.server = NameServer("ns.example.com", ("127.0.0.1",), self.port)
        self.known: dict[str, list[str]] = {}
        self.later: dict[str, list[str]] = {}  # known after a question for SOA
        self.serial(5)

    def serial(self, number: int) -> None:
        self.known[f"{ZONE}. SOA"] = [f"ns.example.com. h.example.com. {number} 1 1 1 1"]

    def run(self) -> None:
        while True:
            wire, peer = self.socket.recvfrom(4096)
            if not wire:
                return
            query = dns.message.from_wire(wire)
            (question,) = query.question
            type_ = dns.rdatatype.to_text(question.rdtype)
            key = f"{question.name} {type_}"
            answer = dns.message.make_response(query)
            values = self.known.get(key)
            if values:
                found = dns.rrset.from_text_list(question.name, 60, "IN", question.rdtype, values)
                answer.answer.append(found)
            elif not any(each.startswith(f"{question.name} ") for each in self.known):
                answer.set_rcode(dns.rcode.NXDOMAIN)
            if type_ == "SOA":
                self.known |= self.later
            self.socket.sendto(answer.to_wire(), peer)


@pytest.fixture
def answering() -> Iterator[Answering]:
    server = Answering()
    server.known[f"autoconfig.{ZONE}. A"] = ["192.0.2.2", "192.0.2.1"]
    thread = Thread(target=server.run)
    thread.start()
    yield server
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
        end.sendto(b"", ("127.0.0.1", server.port))
    thread.join()
    server.socket.close()


def test_all_is_there(answering: Answering) -> None:
    assert wait(ZONE, [answering.server], HOSTS, 5, 0) == ()
    assert wait(ZONE, [answering.server], HOSTS, None, 0) == ()
    assert wait_for_all({ZONE: ([answering.server], HOSTS, 5)}, 0) == ()


def test_other_records_are_asked_for_where_they_are_wanted(answering: Answering) -> None:
    proof = RecordSet(ZONE, f"_acme-challenge.{ZONE}", "TXT", ('"One"', '"two"'))
    answering.known[f"{proof.name}. TXT"] = ['"two"']
    said = "zone example.com: ns.example.com does not have _acme-challenge.example.com as wanted"
    assert wait(ZONE, [answering.server], [proof], None, 0) == (said,)
    answering.later[f"{proof.name}. TXT"] = ['"two"', '"One"']
    assert wait(ZONE, [answering.server], [proof], None, 5) == ()
    # The text of somebody else is no lack.
    answering.known[f"{proof.name}. TXT"].append('"three"')
    assert wait(ZONE, [answering.server], [proof], None, 0) == ()


def test_older_serial(answering: Answering) -> None:
    assert wait(ZONE, [answering.server], HOSTS, 6, 0) == (
        "zone example.com: ns.example.com has serial 5, the primary has 6; "
        "does it get the primary's changes?",
    )
    answering.serial(2**32 - 1)
    assert wait(ZONE, [answering.server], HOSTS, 3, 0)  # the serial has wrapped around
    answering.serial(3)
    assert wait(ZONE, [answering.server], HOSTS, 2**32 - 1, 0) == ()


def test_waits_for_the_serial(answering: Answering) -> None:
    answering.later[f"{ZONE}. SOA"] = ["ns.example.com. h.example.com. 6 1 1 1 1"]
    assert wait(ZONE, [answering.server], HOSTS, 6, 5) == ()


@pytest.mark.parametrize("values", [[], ["192.0.2.1"], ["192.0.2.9"]])
def test_host_name_without_its_record(answering: Answering, values: list[str]) -> None:
    answering.known[f"autoconfig.{ZONE}. A"] = values
    line = "zone example.com: ns.example.com does not have autoconfig.example.com as wanted"
    assert wait(ZONE, [answering.server], HOSTS, 5, 0) == (line,)


def test_no_name_server() -> None:
    assert wait(ZONE, [], HOSTS, 5, 0) == (
        "zone example.com: no name server is known; delegate the zone",
    )
    nowhere = NameServer("ns.example.com", ())
    assert wait(ZONE, [nowhere], HOSTS, 5, 0) == (
        "zone example.com: ns.example.com has no address",
    )


def test_zone_that_is_not_served(answering: Answering) -> None:
    said = wait("example.org", [answering.server], HOSTS, 5, 0)
    assert said == ("zone example.org: ns.example.com does not answer for the zone",)


def test_name_servers_are_those_of_the_zone() -> None:
    content = {
        (ZONE, "NS"): Content(("NS1.example.com.",), 60),
        ("ns1.example.com", "A"): Content(("192.0.2.1",), 60),
        ("ns1.example.com", "AAAA"): Content(("2001:db8::1",), 60),
    }
    assert name_servers(ZONE, content) == (
        NameServer("ns1.example.com", ("192.0.2.1", "2001:db8::1")),
    )


def test_hosts() -> None:
    assert hosts(WANTED) == (WANTED[0],)


@pytest.mark.parametrize(
    ("name", "values", "said"),
    [
        (ZONE, ["192.0.2.1"], None),
        (ZONE, [], "resolvers know no address yet"),
        (ZONE, ["192.0.2.9"], "resolvers say 192.0.2.9, not the server's address"),
        ("other.example", [], "resolvers know no such name yet"),
    ],
)
def test_what_resolvers_see(
    answering: Answering, name: str, values: list[str], said: str | None
) -> None:
    wanted = [RecordSet(name, f"autoconfig.{name}", "A", ("192.0.2.1",))]
    answering.known[f"autoconfig.{ZONE}. A"] = values
    lines = seen(wanted, ["192.0.2.1", "192.0.2.2"], ["127.0.0.1"], answering.port)
    assert lines == ((f"autoconfig.{name}: {said}",) if said else ())


def test_silent_resolver_is_waited_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mail_autoconfig.zones.propagation._TIMEOUT", 0.1)
    monkeypatch.setattr("mail_autoconfig.zones.propagation._THREADS", 1)
    wanted = [RecordSet(ZONE, f"n{number}.{ZONE}", "A", ("192.0.2.1",)) for number in range(9)]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        lines = seen(wanted, [], ["127.0.0.1"], silent.getsockname()[1])
    assert lines == (f"n0.{ZONE}: resolvers do not answer; the other names are not asked for",)
