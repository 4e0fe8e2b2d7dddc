from __future__ import annotations

import asyncio
import errno
import socket
from typing import NoReturn
from unittest.mock import MagicMock

import pytest

from mail_autoconfig.doctor.catalogue import finding
from mail_autoconfig.doctor.checks import connect
from mail_autoconfig.doctor.checks.connect import merged, reach_all, state_of
from mail_autoconfig.doctor.data import Finding

from ..conftest import World

HOST = "mail.example.test"


def reached(world: World, *, allow_private: bool = True) -> tuple[list[str], list[str]]:
    fetcher = world.fetcher(allow_private=allow_private)
    addresses, found = asyncio.run(reach_all("subject", HOST, 443, fetcher))
    assert all(each.subject == "subject" for each in found)
    return addresses, [f"{each.code} {each.what}" for each in found]


def test_live(world: World) -> None:
    assert reached(world) == (["127.0.0.1"], [])


def test_one_of_two_addresses_is_dead(world: World) -> None:
    world.names.known[f"{HOST} A"] = ["127.0.0.2", "127.0.0.1"]  # the server is at .1 alone
    dead = "address-dead the address 127.0.0.2 does not answer"
    assert reached(world) == (["127.0.0.1"], [dead])


def test_closed(world: World) -> None:
    world.names.known[f"{HOST} A"] = ["127.0.0.2"]
    assert reached(world) == ([], ["port-closed the connection is refused"])


def test_private(world: World) -> None:
    (line,) = reached(world, allow_private=False)[1]
    assert line.startswith("address-private mail.example.test has the address 127.0.0.1")
    assert world.web.log == []


def test_no_such_name(world: World) -> None:
    del world.names.under["test"]
    assert reached(world) == ([], ["name-unknown the name does not exist, or has no address"])


def test_silent_name_servers(world: World) -> None:
    world.names.silent.add(HOST)
    assert reached(world) == ([], ["dns-no-answer the resolver gets no answer"])


@pytest.mark.parametrize(
    ("number", "state", "code"),
    [
        (errno.ENETUNREACH, "untried", "address-untried"),  # IPv6, where there is none
        (errno.EHOSTUNREACH, "silent", "port-silent"),
    ],
)
def test_no_way(
    number: int, state: str, code: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object, **__: object) -> NoReturn:
        raise OSError(number, "no way")

    del world.names.under["test"]
    world.names.known[f"{HOST} AAAA"] = ["2001:db8::1"]
    monkeypatch.setattr(connect, "out_of_reach", lambda _address: False)
    monkeypatch.setattr("asyncio.open_connection", refuse)
    assert asyncio.run(state_of("2001:db8::1", 443, asyncio.Semaphore(1))) == state
    assert reached(world)[1][0].startswith(code)


@pytest.mark.parametrize(
    ("source", "target", "is_out"),
    [
        ("fd00::2", "2001:db8::1", True),  # Docker's and others' networks
        ("fe80::2%eth0", "2001:db8::1", True),
        ("2001:db8::2", "2001:db8::1", False),
        ("fd00::2", "fd00::1", False),
        ("192.0.2.2", "192.0.2.1", False),
    ],
)
def test_machine_without_a_public_ipv6_address(
    source: str, target: str, is_out: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own lack is no fault of the domain."""
    probe = MagicMock()
    probe.__enter__().getsockname.return_value = (source, 0, 0, 0)
    monkeypatch.setattr(socket, "socket", lambda *_: probe)
    assert connect.out_of_reach(target) == is_out


def test_address_that_is_out_of_reach_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connect, "out_of_reach", lambda _address: True)
    assert asyncio.run(state_of("2001:db8::1", 443, asyncio.Semaphore(1))) == "untried"


def test_silence_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mail_autoconfig.doctor.checks.connect.CONNECT", 0.1)
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        waiting = [socket.socket() for _ in range(3)]  # a full queue accepts no connection
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(server.getsockname())
        assert (
            asyncio.run(state_of("127.0.0.1", server.getsockname()[1], asyncio.Semaphore(1)))
            == "silent"
        )
        for each in waiting:
            each.close()


def test_finding_is_one(world: World) -> None:
    world.names.known[f"{HOST} A"] = ["127.0.0.2", "127.0.0.3"]
    _, found = asyncio.run(reach_all("x", HOST, 443, world.fetcher()))
    assert [type(each) for each in found] == [Finding]


def test_what_is_at_some_addresses_alone_is_another_server() -> None:
    """The former server at one of two addresses."""
    common, own = (
        finding("tls-old-offered", "x"),
        finding("tls-wrong-name", "x", names="n", host="h"),
    )
    assert merged("x", HOST, {"192.0.2.1": (common,), "192.0.2.2": (common,)}) == (common,)
    different, same = merged("x", HOST, {"192.0.2.1": (common,), "192.0.2.2": (common, own)})
    assert same == common
    assert (different.code, different.subject) == ("address-differs", "x")
    assert "at the address 192.0.2.2: the certificate is for n" in different.what
