from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress

import pytest

from mail_autoconfig.doctor.data import Exchange, Request
from mail_autoconfig.doctor.fetch import LONGEST_ANSWER, Fetcher
from support.answers import Reply

from .conftest import DOMAIN, World

URL = f"https://autoconfig.{DOMAIN}/x"
HINT = b"HTTP/1.1 103 Early Hints\r\n\r\n"


def fetch(fetcher: Fetcher, url: str, **more: object) -> Exchange:
    return asyncio.run(fetcher.fetch(Request("GET", url), **more))  # type: ignore[arg-type]


def error(exchange: Exchange) -> str:
    assert exchange.error
    assert not exchange.body
    return exchange.error.kind


@contextmanager
def raw_server(octets: bytes, *, ends: bool = True, drip: float = 0) -> Iterator[int]:
    """A server that sends octets to each connection, and then ends it or keeps it.

    With `drip`, in seconds, it sends one octet at a time.
    """
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        pieces = [bytes([octet]) for octet in octets] if drip else [octets]

        def run() -> None:
            with ExitStack() as kept, suppress(OSError):
                while True:
                    connection = kept.enter_context(server.accept()[0])
                    with suppress(OSError):  # the client has gone
                        connection.recv(4096)
                        for piece in pieces:
                            connection.sendall(piece)
                            time.sleep(drip)
                    if ends:
                        connection.close()

        thread = threading.Thread(target=run)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_answer(world: World) -> None:
    headers = {"Content-Type": "Text/XML; charset=utf-8", "Location": "/y"}
    world.replies[URL + "?a=b%40c"] = Reply(302, headers, b"body")
    found = fetch(world.fetcher(), URL + "?a=b%40c")
    assert found.error is None
    assert (found.status, found.media_type, found.location) == (302, "text/xml", "/y")
    assert (found.body, found.size, found.address) == (b"body", 4, "127.0.0.1")
    assert 0 < found.seconds < 5
    assert found.redirects
    assert world.web.log == [f"GET {URL}?a=b%40c"]  # the redirect is not followed


def test_body_is_sent(world: World) -> None:
    received = []

    def answer(*asked: object) -> Reply:
        received.append(asked)
        return Reply(200, {}, b"")

    world.web.answer = answer
    request = Request("POST", URL, b"<x/>", (("Content-Type", "text/xml"),))
    assert asyncio.run(world.fetcher().fetch(request)).status == 200
    assert received == [("https", "POST", f"autoconfig.{DOMAIN}", "/x", b"<x/>")]


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "100.64.0.1", "198.18.0.1", "224.0.0.1"]
)
def test_no_private_address(world: World, address: str) -> None:
    world.names.known[f"autoconfig.{DOMAIN} A"] = [address]
    assert error(fetch(world.fetcher(allow_private=False), URL)) == "private"
    assert error(fetch(world.fetcher(allow_private=False), f"http://{address}/")) == "private"
    assert not world.web.log


@pytest.mark.parametrize(
    "address",
    [
        "::1",
        "fe80::1",
        "fd00::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "ff02::1",
    ],
)
def test_no_private_address_of_ipv6(world: World, address: str) -> None:
    world.names.known[f"autoconfig.{DOMAIN} A"] = []
    world.names.known[f"autoconfig.{DOMAIN} AAAA"] = [address]
    del world.names.under["test"]
    assert error(fetch(world.fetcher(allow_private=False), URL)) == "private"
    assert error(fetch(world.fetcher(allow_private=False), f"http://[{address}]/")) == "private"
    assert not world.web.log


def test_address_that_was_checked_is_the_one_that_is_connected(world: World) -> None:
    """A name whose next look-up would give another address is not looked up again."""
    fetcher = world.fetcher()
    assert fetch(fetcher, URL).status == 404
    assert sorted(world.names.asked) == [f"autoconfig.{DOMAIN} A", f"autoconfig.{DOMAIN} AAAA"]


def test_second_address_where_the_first_refuses(world: World) -> None:
    world.names.known[f"autoconfig.{DOMAIN} A"] = ["127.0.0.9", "127.0.0.1"]
    world.replies[URL] = Reply(200, {}, b"")
    found = fetch(world.fetcher(), URL)
    assert (found.status, found.address) == (200, "127.0.0.1")


def test_certificate_must_name_the_host(world: World) -> None:
    assert error(fetch(world.fetcher(), "https://other.test/")) == "certificate"
    assert error(fetch(Fetcher(world.resolver(), allow_private=True, ports=world.web.ports), URL))
    assert not world.web.log


def test_each_host_is_verified_on_a_connection_of_its_own(world: World) -> None:
    """Both names have one address: the second must not use the first one's connection."""

    async def both() -> list[Exchange]:
        fetcher = world.fetcher()
        return [await fetcher.fetch(Request("GET", url)) for url in (URL, "https://other.test/")]

    first, second = asyncio.run(both())
    assert first.status == 404
    assert error(second) == "certificate"


def test_credentials(world: World) -> None:
    seen = []

    def answer(*asked: str | bytes) -> Reply:
        seen.append(asked)
        return Reply(200, {}, b"")

    world.web.answer = answer
    credentials = "user", "secret"
    with pytest.raises(ValueError, match="https"):
        fetch(world.fetcher(), f"http://autoconfig.{DOMAIN}/", credentials=credentials)
    fetch(world.fetcher(), "https://other.test/", credentials=credentials)
    assert not seen
    assert fetch(world.fetcher(), URL, credentials=credentials).status == 200


@pytest.mark.parametrize("url", ["ftp://example.test/", "https:///x", "no"])
def test_no_url(world: World, url: str) -> None:
    assert error(fetch(world.fetcher(), url)) == "protocol"


def test_user_in_a_url_is_not_sent(world: World) -> None:
    """A redirect must not make the doctor log in somewhere."""
    assert fetch(world.fetcher(), f"https://u:p@autoconfig.{DOMAIN}/x").status == 404
    assert world.web.log == [f"GET {URL}"]


def test_name_that_is_not_there(world: World) -> None:
    assert error(fetch(world.fetcher(), "https://nowhere.invalid/")) == "name"


def test_name_server_that_does_not_answer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mail_autoconfig.doctor.resolve._LIFETIME", 0.2)
    world.names.silent.add("silent.test")
    assert error(fetch(world.fetcher(), "https://silent.test/")) == "resolver"


def test_closed_port(world: World) -> None:
    world.names.known[f"autoconfig.{DOMAIN} A"] = ["127.0.0.9"]
    assert error(fetch(world.fetcher(), URL)) == "refused"


def test_too_long_an_answer(world: World) -> None:
    world.replies[URL] = Reply(200, {}, b"x" * (LONGEST_ANSWER + 1))
    found = fetch(world.fetcher(), URL)
    assert (error(found), found.status) == ("size", 200)
    world.replies[URL] = Reply(200, {}, b"x" * LONGEST_ANSWER)
    assert fetch(world.fetcher(), URL).size == LONGEST_ANSWER


@pytest.mark.parametrize(
    "octets", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"]
)
def test_tarpit(world: World, octets: bytes) -> None:
    with raw_server(octets, ends=False) as port:
        started = time.monotonic()
        url = f"http://autoconfig.{DOMAIN}:{port}/"
        assert error(fetch(world.fetcher(timeout=0.3), url)) == "timeout"
        assert time.monotonic() - started < 2


def test_drip_is_bounded_as_a_whole(world: World) -> None:
    """Each octet comes in time, the answer does not."""
    with raw_server(b"HTTP/1.1 200 OK\r\n" + b"X: x\r\n" * 20, drip=0.1) as port:
        found = fetch(world.fetcher(timeout=0.5), f"http://autoconfig.{DOMAIN}:{port}/")
    assert error(found) == "timeout"
    assert found.seconds < 2


@pytest.mark.parametrize(
    ("octets", "kind"),
    [
        (HINT * 2000 + b"HTTP/1.1 200 OK\r\n\r\n", "protocol"),  # answers without an end
        (b"220 mail.example ESMTP\r\n", "protocol"),
        (b"", "protocol"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000, "protocol"),
    ],
)
def test_no_http(world: World, octets: bytes, kind: str) -> None:
    with raw_server(octets) as port:
        assert error(fetch(world.fetcher(), f"http://autoconfig.{DOMAIN}:{port}/")) == kind


def test_no_tls(world: World) -> None:
    with raw_server(b"220 mail.example ESMTP\r\n") as port:
        assert error(fetch(world.fetcher(), f"https://autoconfig.{DOMAIN}:{port}/")) == "tls"


def test_rate_limit_is_waited_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def no_sleep(_: float) -> None:
        world.replies[URL] = Reply(200, {}, b"")

    monkeypatch.setattr("mail_autoconfig.doctor.fetch.asyncio.sleep", no_sleep)
    world.replies[URL] = Reply(429, {}, b"")
    found = fetch(world.fetcher(), URL)
    assert (found.status, found.limited) == (200, True)
    assert fetch(world.fetcher(), URL).limited is False


def test_host_that_limits_the_rate_is_left(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked again as Retry-After says, and then no more."""
    waits: list[float] = []

    async def note(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr("mail_autoconfig.doctor.fetch.asyncio.sleep", note)
    world.replies[URL] = Reply(429, {"Retry-After": "3"}, b"")
    fetcher = world.fetcher()

    async def many() -> list[Exchange]:
        return [await fetcher.fetch(Request("GET", URL)) for _ in range(20)]

    found = asyncio.run(many())
    assert {(each.status, each.limited) for each in found} == {(429, True)}
    assert len([line for line in world.web.log if URL in line]) == 9
    assert set(waits) == {3}


def test_host_that_wants_a_long_wait_is_asked_once(world: World) -> None:
    world.replies[URL] = Reply(429, {"Retry-After": "3600"}, b"")
    assert fetch(world.fetcher(), URL).status == 429
    assert len([line for line in world.web.log if URL in line]) == 1


def test_one_address_of_a_host(world: World) -> None:
    fetcher = world.fetcher()
    world.replies[URL] = Reply(200, {}, b"")
    assert asyncio.run(fetcher.fetch(Request("GET", URL, at="127.0.0.1"))).status == 200
    found = asyncio.run(fetcher.fetch(Request("GET", URL, at="192.0.2.1")))
    assert found.error
    assert found.error.kind == "name"


def test_client_without_a_name_sends_none(world: World) -> None:
    headers = (("User-Agent", ""),)
    world.replies[URL] = Reply(200, {}, b"")
    assert asyncio.run(world.fetcher().fetch(Request("GET", URL, headers=headers))).status == 200
