from __future__ import annotations

import asyncio

from mail_autoconfig.doctor.case import Case
from mail_autoconfig.doctor.data import Exchange, Outcome, Request, Setting
from mail_autoconfig.inventory.read import parse
from support.answers import Reply

from .conftest import DOMAIN, World

URL = f"https://autoconfig.{DOMAIN}"


def follow(case: Case, request: Request) -> tuple[Exchange, ...]:
    return asyncio.run(case.follow(request))


def test_same_request_is_sent_once(world: World) -> None:
    case = world.case()

    async def twice() -> None:
        await asyncio.gather(*(case.ask(Request("GET", URL + "/")) for _ in range(2)))

    asyncio.run(twice())
    assert world.web.log == [f"GET {URL}/"]
    assert [exchange.request.url for exchange in case.exchanges] == [f"{URL}/"]


def test_redirects(world: World) -> None:
    world.replies[f"{URL}/a"] = Reply(302, {"Location": "/b?c"}, b"")
    world.replies[f"{URL}/b"] = Reply(307, {"Location": "https://elsewhere.test/c"}, b"")
    world.replies["https://elsewhere.test/c"] = Reply(200, {}, b"here")
    last = follow(world.case(), Request("GET", f"{URL}/a"))[-1]
    assert last.body == b"here"
    assert world.web.log == [f"GET {URL}/a", f"GET {URL}/b?c", "GET https://elsewhere.test/c"]


def test_302_makes_a_get_of_a_post_and_307_does_not(world: World) -> None:
    for status, method in ((302, "GET"), (307, "POST")):
        world.replies[f"{URL}/{status}"] = Reply(status, {"Location": "/to"}, b"")
        request = Request("POST", f"{URL}/{status}", b"<x/>", (("Content-Type", "text/xml"),))
        _, last = follow(world.case(), request)
        assert last.request.method == method
        assert bool(last.request.body) == bool(last.request.headers) == (method == "POST")


def test_loop_ends(world: World) -> None:
    world.replies[f"{URL}/a"] = Reply(302, {"Location": "/b"}, b"")
    world.replies[f"{URL}/b"] = Reply(302, {"Location": "/a"}, b"")
    assert len(follow(world.case(), Request("GET", f"{URL}/a"))) == 2


def test_endless_redirects_end(world: World) -> None:
    def answer(*asked: str | bytes) -> Reply:
        return Reply(302, {"Location": f"{asked[3]!s}x"}, b"")

    world.web.answer = answer
    exchanges = follow(world.case(), Request("GET", f"{URL}/"))
    assert len(exchanges) == 11
    assert exchanges[-1].redirects


def test_redirect_to_no_url(world: World) -> None:
    world.replies[f"{URL}/a"] = Reply(302, {"Location": "http://["}, b"")
    last = follow(world.case(), Request("GET", f"{URL}/a"))[-1]
    assert last.error
    assert last.request.host == ""


def test_redirect_to_a_private_address(world: World) -> None:
    """However it is spelt, it is not connected."""
    world.replies[f"{URL}/a"] = Reply(302, {"Location": "http://10.0.0.1/"}, b"")
    case = world.case()
    fetcher = world.fetcher(allow_private=False)
    exchange = follow(case, Request("GET", f"{URL}/a"))[0]
    location = exchange.location
    refused = asyncio.run(fetcher.fetch(Request("GET", location)))
    assert refused.error
    assert refused.error.kind == "private"


def test_published(world: World) -> None:
    case = world.case()
    imap = Setting("imap", "mail.test", 993, "tls", "u")
    smtp = Setting("smtp", "mail.test", 465, "tls", "u")
    case.outcomes = (
        Outcome("a", "A", "found", "", settings=(imap, smtp)),
        Outcome("b", "B", "found", "", settings=(smtp,)),
    )
    assert case.published == (imap, smtp)


def test_expected(world: World) -> None:
    case = world.case()
    assert case.expected is None
    case.configuration = parse({"domains": [{"name": DOMAIN, "provider": "gandi"}]})
    assert case.expected
    assert case.expected.name == DOMAIN


def test_password_is_not_shown(world: World) -> None:
    case = world.case()
    case.password = "secret"
    assert "secret" not in repr(case)
