from __future__ import annotations

import asyncio

import pytest

from mail_autoconfig.doctor.checks.dav import check_dav
from mail_autoconfig.doctor.data import Outcome, Setting
from support.answers import CONFIG, Reply

from ..conftest import DOMAIN, World

URL = f"https://dav.{DOMAIN}/calendars/"
ELSEWHERE = "https://elsewhere.test/calendars/"
XML = {"Content-Type": "text/xml"}
BODY = (
    f'<clientConfig version="1.1"><emailProvider id="x"/><calendar type="caldav"><url>{URL}</url>'
    '<username>%EMAILADDRESS%</username><authentication system="http">Basic</authentication>'
    "</calendar></clientConfig>"
).encode()


def found(world: World, password: str | None = None) -> list[str]:
    case = world.case()
    case.password = password
    world.replies[f"https://autoconfig.{DOMAIN}{CONFIG}"] = Reply(200, XML, BODY)
    return [f"{each.subject} {each.code}: {each.what}" for each in asyncio.run(check_dav(case))]


def challenge(value: str) -> Reply:
    return Reply(401, {"WWW-Authenticate": value}, b"")


@pytest.mark.parametrize(
    "reply", [Reply(207, {}, b""), challenge('Basic realm="x"'), challenge("Digest, Basic")]
)
def test_services_that_are_there(reply: Reply, world: World) -> None:
    world.replies[f"PROPFIND {URL}"] = reply
    assert found(world) == []
    assert f"PROPFIND {URL}" in world.web.log


def test_other_way_to_log_in(world: World) -> None:
    world.replies[f"PROPFIND {URL}"] = challenge('Bearer realm="Basic"')
    said = "password is published, but the server offers bearer"
    assert found(world) == [f"caldav {URL} dav-authentication: {said}"]


def test_no_service(world: World) -> None:
    assert found(world) == [f"caldav {URL} dav-status: status 404"]


def test_no_server(world: World) -> None:
    world.names.known[f"dav.{DOMAIN} A"] = ["127.0.0.2"]
    (line,) = found(world)
    assert line.startswith(f"{URL} web-broken: no HTTP answer: dav.{DOMAIN} refuses")


def test_log_in_that_is_refused(world: World) -> None:
    world.replies[f"PROPFIND {URL}"] = challenge("Basic")
    said = f"the log-in as user@{DOMAIN} is refused: status 401"
    assert found(world, "secret") == [f"caldav {URL} mail-login: {said}"]


def test_password_stays_with_the_published_host(world: World) -> None:
    world.replies[f"PROPFIND {URL}"] = Reply(307, {"Location": ELSEWHERE}, b"")
    world.replies[f"PROPFIND {ELSEWHERE}"] = challenge("Basic")
    assert found(world, "secret") == []
    assert world.web.log.count(f"PROPFIND {ELSEWHERE}") == 1


def test_no_password_to_a_service_that_nobody_vouches_for(world: World) -> None:
    case = world.case()
    case.password = "secret"
    setting = Setting("carddav", "", 0, "tls", "user", ("password",), URL)
    case.outcomes = (Outcome("c", "C", "found", "", settings=(setting,)),)
    world.replies[f"PROPFIND {URL}"] = challenge("Basic")
    assert list(asyncio.run(check_dav(case))) == []
    assert world.web.log.count(f"PROPFIND {URL}") == 1
