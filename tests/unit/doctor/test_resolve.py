from __future__ import annotations

import asyncio
from ipaddress import ip_address

import pytest

from mail_autoconfig.doctor.data import Lookup
from mail_autoconfig.doctor.resolve import is_public

from .conftest import World


def look_up(world: World, name: str, type_: str) -> Lookup:
    return asyncio.run(world.resolver().look_up(name, type_))


def test_found(world: World) -> None:
    world.names.known["_x._tcp.a.test SRV"] = ["0 0 443 b.test."]
    found = look_up(world, "_X._tcp.a.test.", "SRV")
    assert found == Lookup("_x._tcp.a.test", "SRV", "found", ("0 0 443 b.test.",))


def test_aliases(world: World) -> None:
    world.names.known["a.test CNAME"] = ["b.test."]
    world.names.known["b.test CNAME"] = ["c.test."]
    world.names.known["c.test A"] = ["192.0.2.1"]
    found = look_up(world, "a.test", "A")
    assert (found.values, found.aliases) == (("192.0.2.1",), ("b.test", "c.test"))


@pytest.mark.parametrize(
    ("name", "status"), [("a.test", "no record"), ("a.invalid", "no name"), ("a..b", "no answer")]
)
def test_not_found(world: World, name: str, status: str) -> None:
    assert look_up(world, name, "MX") == Lookup(name, "MX", status)  # type: ignore[arg-type]


def test_no_answer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mail_autoconfig.doctor.resolve._LIFETIME", 0.2)
    world.names.silent.add("a.test")
    assert look_up(world, "a.test", "A").status == "no answer"


def test_what_is_long_ago_is_asked_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of very many domains not all answers stay in memory."""
    monkeypatch.setattr("mail_autoconfig.doctor.resolve.REMEMBERED", 2)

    async def ask(*names: str) -> None:
        resolver = world.resolver()
        for name in names:
            await resolver.look_up(name, "MX")

    asyncio.run(ask("a.test", "b.test", "a.test", "c.test", "b.test", "a.test"))
    assert world.names.asked == ["a.test MX", "b.test MX", "c.test MX", "a.test MX"]


def test_asked_once(world: World) -> None:
    resolver = world.resolver()

    async def twice() -> None:
        await asyncio.gather(*(resolver.look_up("a.test", "A") for _ in range(3)))

    asyncio.run(twice())
    assert world.names.asked == ["a.test A"]


@pytest.mark.parametrize("address", ["9.9.9.9", "2620:fe::fe", "64:ff9b::909:909"])
def test_public(address: str) -> None:
    assert is_public(ip_address(address))
