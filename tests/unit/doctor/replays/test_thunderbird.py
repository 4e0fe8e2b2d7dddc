from __future__ import annotations

import asyncio

import pytest

from mail_autoconfig.doctor.data import Outcome
from mail_autoconfig.doctor.replays.thunderbird import (
    base_domain,
    replay_thunderbird,
    replay_thunderbird_android,
)
from support.answers import CONFIG, POX, WELL_KNOWN, Reply

from ..conftest import DOMAIN, World

OWN, KNOWN = f"autoconfig.{DOMAIN}{CONFIG}", f"{DOMAIN}{WELL_KNOWN}"
NOTHING = Reply(404, {}, b"")


def play(world: World) -> Outcome:
    return asyncio.run(replay_thunderbird(world.case()))


def closed(world: World, *urls: str) -> None:
    world.replies |= dict.fromkeys(urls, NOTHING)


@pytest.mark.parametrize("url", [f"https://{OWN}", f"https://{KNOWN}"])
def test_autoconfig(world: World, url: str) -> None:
    world.serve()
    closed(world, *({f"https://{OWN}", f"https://{KNOWN}"} - {url}))
    outcome = play(world)
    assert (outcome.verdict, outcome.source) == ("found", url)
    assert {setting.authentication for setting in outcome.settings} == {("password",)}


def test_first_good_status_counts_and_no_other(world: World) -> None:
    """As Thunderbird does it: a web page with status 200 hides what comes after it."""
    world.serve()
    closed(world, f"https://autodiscover.{DOMAIN}{POX}", f"https://{DOMAIN}{POX}")
    closed(world, f"http://autodiscover.{DOMAIN}{POX}", f"POST http://autodiscover.{DOMAIN}{POX}")
    world.replies[f"https://{OWN}"] = Reply(200, {"Content-Type": "text/html"}, b"<p>")
    outcome = play(world)
    assert outcome.verdict == "fails"
    assert f"GET https://{OWN}: content type text/html, not text/xml" in outcome.why


def test_by_mx(world: World) -> None:
    world.serve()
    config = world.case()
    closed(world, f"https://{OWN}", f"https://{KNOWN}")
    world.names.known[f"{DOMAIN} MX"] = ["20 other.test.", "10 a.in.mx.test."]
    outcome = asyncio.run(replay_thunderbird(config))
    asked = [each.request.url.partition("?")[0] for each in outcome.exchanges]
    assert asked[4:6] == [
        f"https://autoconfig.in.mx.test{CONFIG}",
        f"https://autoconfig.mx.test{CONFIG}",
    ]
    assert outcome.source == f"https://autoconfig.mx.test{CONFIG}"


def test_mx_of_the_domain_itself_is_not_followed(world: World) -> None:
    world.names.known[f"{DOMAIN} MX"] = [f"10 mail.{DOMAIN}."]
    assert len(play(world).exchanges) == 4 + 3


def test_null_mx(world: World) -> None:
    world.names.known[f"{DOMAIN} MX"] = ["0 ."]
    assert play(world).verdict == "fails"


def test_autodiscover_with_and_without_a_question(world: World) -> None:
    world.serve()
    closed(world, f"https://{OWN}", f"https://{KNOWN}")
    outcome = play(world)
    assert (outcome.verdict, outcome.source) == ("found", f"https://autodiscover.{DOMAIN}{POX}")
    closed(world, f"https://autodiscover.{DOMAIN}{POX}", f"https://{DOMAIN}{POX}")
    closed(world, f"POST http://autodiscover.{DOMAIN}{POX}")
    world.names.known[f"_autodiscover._tcp.{DOMAIN} SRV"] = ["0 0 443 generic.test."]
    outcome = play(world)
    assert (outcome.verdict, outcome.source) == ("asks", f"https://generic.test{POX}")
    assert outcome.why.endswith("after a question: may generic.test configure the account?")


def test_redirect_of_http_that_makes_a_get(world: World) -> None:
    """Thunderbird asks again by POST where the GET is refused."""
    world.serve()
    closed(world, f"https://{OWN}", f"https://{KNOWN}", f"https://{DOMAIN}{POX}")
    closed(world, f"https://autodiscover.{DOMAIN}{POX}")
    plain = f"http://autodiscover.{DOMAIN}{POX}"
    world.replies[f"POST {plain}"] = Reply(302, {"Location": f"https://generic.test{POX}"}, b"")
    outcome = play(world)
    methods = [each.request.method for each in outcome.exchanges if "generic" in each.request.url]
    assert methods == ["GET", "POST"]
    assert outcome.verdict == "asks"


def test_slow_answer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.serve()
    monkeypatch.setattr("mail_autoconfig.doctor.replays.thunderbird._PATIENCE", -1.0)
    outcome = play(world)
    assert outcome.source == f"https://autodiscover.{DOMAIN}{POX}"


def test_android_sends_no_address_and_goes_on(world: World) -> None:
    world.serve()
    world.replies[f"https://{OWN}"] = Reply(200, {"Content-Type": "text/html"}, b"<p>")
    outcome = asyncio.run(replay_thunderbird_android(world.case()))
    assert outcome.source == f"https://{KNOWN}"
    assert not any("?" in each.request.url for each in outcome.exchanges)


@pytest.mark.parametrize(
    ("host", "base"),
    [
        ("mx1.mail.example.com", "example.com"),
        ("example.com", "example.com"),
        ("mx.example.co.uk", "example.co.uk"),
        ("mx.example.de.", "example.de"),
        ("localhost", "localhost"),
    ],
)
def test_base_domain(host: str, base: str) -> None:
    assert base_domain(host) == base
