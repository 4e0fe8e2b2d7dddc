from __future__ import annotations

import asyncio
import errno
from dataclasses import dataclass, field
from typing import Any

import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from mail_autoconfig.doctor.case import Case
from mail_autoconfig.doctor.checks.name_servers import check_name_servers

from ..conftest import DOMAIN, World

A, B = "127.0.0.1", "127.0.0.2"


Known = dict[str, list[str]] | dns.rcode.Rcode | OSError | None


@dataclass
class Servers:
    """What each address answers: records by "NAME TYPE", a rcode, or nothing at all."""

    known: dict[str, dict[str, list[str]] | dns.rcode.Rcode | OSError | None] = field(
        default_factory=dict
    )

    async def ask(self, query: Any, where: str, timeout: float, port: int) -> Any:
        assert (timeout, port) == (2.5, 53)
        known = self.known[where]
        if isinstance(known, OSError):
            raise known
        if known is None:
            raise dns.exception.Timeout
        answer = dns.message.make_response(query)
        if isinstance(known, dns.rcode.Rcode):
            answer.set_rcode(known)
            return answer, False
        (question,) = query.question
        key = f"{question.name.to_text(True)} {dns.rdatatype.to_text(question.rdtype)}"
        if values := known.get(key):
            answer.answer.append(
                dns.rrset.from_text_list(question.name, 60, "IN", question.rdtype, values)
            )
        return answer, False


def zone(serial: int = 5, **more: str) -> dict[str, list[str]]:
    return {
        f"{DOMAIN} SOA": [f"a.ns.test. h.test. {serial} 1 1 1 1"],
        f"{DOMAIN} MX": ["10 mail.test."],
        f"autoconfig.{DOMAIN} A": [more.get("autoconfig", "192.0.2.1")],
    }


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> Servers:
    made = Servers({A: zone(), B: zone()})
    monkeypatch.setattr("dns.asyncquery.udp_with_fallback", made.ask)
    return made


@pytest.fixture
def case(world: World) -> Case:
    world.names.known |= {
        f"{DOMAIN} NS": ["a.ns.test.", "B.ns.test."],
        "a.ns.test A": [A],
        "b.ns.test A": [B],
    }
    return world.case()


def found(case: Case) -> list[str]:
    findings = asyncio.run(check_name_servers(case))
    return [f"{each.subject} {each.code}: {each.what}" for each in findings]


@pytest.mark.usefixtures("servers")
def test_all_alike(case: Case) -> None:
    assert found(case) == []


def test_one_is_silent(case: Case, servers: Servers) -> None:
    servers.known[B] = None
    said = f"the name server b.ns.test ({B}) does not answer"
    assert found(case) == [f"{DOMAIN} ns-silent: {said}"]


def test_address_that_this_machine_can_not_reach(case: Case, servers: Servers) -> None:
    """Nearly every name server has IPv6, and many a machine that asks has not."""
    servers.known[B] = OSError(errno.ENETUNREACH, "Network is unreachable")
    assert found(case) == []
    servers.known[B] = OSError(errno.EHOSTUNREACH, "No route to host")
    assert [line.partition(":")[0] for line in found(case)] == [f"{DOMAIN} ns-silent"]


def test_lost_datagram_is_sent_again(
    case: Case, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost: list[str] = []

    async def ask(query: Any, where: str, *rest: Any) -> Any:
        if where == B and not lost:
            lost.append(where)
            raise dns.exception.Timeout
        return await servers.ask(query, where, *rest)

    monkeypatch.setattr("dns.asyncquery.udp_with_fallback", ask)
    assert found(case) == []
    assert lost


@pytest.mark.parametrize("rcode", [dns.rcode.REFUSED, dns.rcode.SERVFAIL])
def test_one_does_not_know_the_zone(rcode: dns.rcode.Rcode, case: Case, servers: Servers) -> None:
    servers.known[B] = rcode
    said = f"the name server b.ns.test ({B}) does not know the zone"
    assert found(case) == [f"{DOMAIN} ns-lame: {said}"]


@pytest.mark.usefixtures("servers")
def test_one_has_no_address(case: Case, world: World) -> None:
    del world.names.known["b.ns.test A"]
    del world.names.under["test"]
    assert found(case) == [
        f"{DOMAIN} ns-silent: the name server b.ns.test (b.ns.test has no address) does not answer"
    ]


def test_serials_differ(case: Case, servers: Servers) -> None:
    servers.known[B] = zone(4)
    assert found(case) == [
        f"{DOMAIN} ns-serial: the name servers have different serials: a.ns.test 5, b.ns.test 4"
    ]


def test_records_differ(case: Case, servers: Servers) -> None:
    """Of different serials nothing more is said then."""
    servers.known[B] = zone(4, autoconfig="192.0.2.2")
    said = "the name server b.ns.test says 192.0.2.2, others say 192.0.2.1"
    assert found(case) == [f"autoconfig.{DOMAIN} A ns-differ: {said}"]


def test_record_that_one_does_not_have(case: Case, servers: Servers) -> None:
    servers.known[B] = {key: zone()[key] for key in zone() if not key.endswith("MX")}
    said = "the name server b.ns.test says nothing, others say 10 mail.test."
    assert found(case) == [f"{DOMAIN} MX ns-differ: {said}"]


def test_zone_above(case: Case, servers: Servers, world: World) -> None:
    """A domain that is no zone of its own is asked for at the zone that contains it."""
    known = {key.replace(f"{DOMAIN} SOA", "upper.test SOA"): zone()[key] for key in zone()}
    servers.known = {A: known, B: None}
    world.names.known["upper.test NS"] = ["a.ns.test.", "b.ns.test."]
    below = Case("mail.upper.test", "u@mail.upper.test", case.fetcher, case.resolver)
    assert [line.partition(":")[0] for line in found(below)] == ["upper.test ns-silent"]


def test_no_zone(world: World) -> None:
    assert found(world.case()) == []


def test_private_name_server_is_not_asked(case: Case, servers: Servers, world: World) -> None:
    servers.known = {}
    case.fetcher = world.fetcher(allow_private=False)
    assert [line.partition(":")[0] for line in found(case)] == [f"{DOMAIN} ns-silent"] * 2


def test_alias_where_the_zone_begins(
    case: Case, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = servers.ask

    async def ask(query: Any, where: str, timeout: float, port: int) -> Any:
        answer, over_tcp = await usual(query, where, timeout, port)
        if where == B:
            (question,) = query.question
            alias = dns.rrset.from_text(question.name, 60, "IN", "CNAME", "x.test.")
            answer.answer[:] = [alias]
        return answer, over_tcp

    monkeypatch.setattr(dns.asyncquery, "udp_with_fallback", ask)
    assert any(" ns-lame: " in line for line in found(case))


def test_hang_up_over_tcp(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    async def ask(*_: Any) -> Any:
        raise EOFError  # as dnspython has it

    monkeypatch.setattr("dns.asyncquery.udp_with_fallback", ask)
    assert {line.split()[1] for line in found(case)} == {"ns-silent:"}
