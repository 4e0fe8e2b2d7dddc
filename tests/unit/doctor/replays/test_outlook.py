from __future__ import annotations

import asyncio

import pytest

from mail_autoconfig.doctor.data import Outcome
from mail_autoconfig.doctor.replays.outlook import replay_outlook, replay_windows_mail
from support.answers import POX, Reply

from ..conftest import DOMAIN, MAIL, SERVERS, World

ROOT, OWN = f"https://{DOMAIN}{POX}", f"https://autodiscover.{DOMAIN}{POX}"
PLAIN = f"http://autodiscover.{DOMAIN}{POX}"
GENERIC = f"https://generic.test{POX}"
NOTHING = Reply(404, {}, b"")


def play(world: World) -> Outcome:
    return asyncio.run(replay_outlook(world.case()))


def order(outcome: Outcome) -> list[str]:
    return [f"{each.request.method} {each.request.url}" for each in outcome.exchanges]


def test_own_host(world: World) -> None:
    world.serve()
    world.replies[ROOT] = NOTHING
    outcome = play(world)
    assert (outcome.verdict, outcome.source) == ("found", OWN)
    assert order(outcome) == [f"POST {ROOT}", f"POST {OWN}"]
    assert [(s.type, s.host, s.port, s.security, s.username) for s in outcome.settings] == [
        ("imap", MAIL, 993, "tls", f"user@{DOMAIN}"),
        ("smtp", MAIL, 587, "starttls", f"user@{DOMAIN}"),
    ]
    assert {setting.authentication for setting in outcome.settings} == {("password",)}


def test_order_of_all_that_is_asked(world: World) -> None:
    world.names.known[f"_autodiscover._tcp.{DOMAIN} SRV"] = ["0 0 443 generic.test."]
    outcome = play(world)
    assert order(outcome) == [f"POST {ROOT}", f"POST {OWN}", f"GET {PLAIN}", f"POST {GENERIC}"]
    assert outcome.verdict == "fails"
    assert outcome.why == (
        f"POST {ROOT}, POST {OWN}, POST {GENERIC}: status 404; GET {PLAIN}: no redirect to https"
    )
    assert f"https://autodiscover.{DOMAIN}/" in outcome.remedy
    assert [(each.name, each.type) for each in outcome.lookups] == [
        (f"_autodiscover._tcp.{DOMAIN}", "SRV")
    ]


@pytest.mark.parametrize("way", ["redirect", "srv"])
def test_generic_host_is_asked_about(world: World, way: str) -> None:
    world.serve()
    world.replies |= {ROOT: NOTHING, OWN: NOTHING, PLAIN: NOTHING, f"GET {PLAIN}": NOTHING}
    if way == "redirect":
        world.replies[f"GET {PLAIN}"] = Reply(302, {"Location": GENERIC}, b"")
    else:
        world.names.known[f"_autodiscover._tcp.{DOMAIN} SRV"] = ["0 0 443 Generic.test."]
    outcome = play(world)
    assert (outcome.verdict, outcome.source) == ("asks", GENERIC)
    assert "may generic.test configure the account?" in outcome.why


def test_wrong_certificate_is_asked_about(world: World) -> None:
    world.serve({"name": "other.test", "servers": SERVERS})
    world.names.known["_autodiscover._tcp.other.test SRV"] = ["0 0 443 generic.test."]
    outcome = asyncio.run(replay_outlook(world.case("user@other.test")))
    assert (outcome.verdict, outcome.source) == ("asks", GENERIC)
    assert "the certificate of other.test is not valid; continue?" in outcome.why


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (Reply(401, {}, b""), "status 401, without a way to log in"),
        (Reply(200, {}, b"<html>"), "no well-formed XML: no element found: line 1, column 6"),
        (Reply(302, {"Location": ROOT}, b""), f"too many redirects, the last to {ROOT}"),
    ],
)
def test_reason(world: World, reply: Reply, why: str) -> None:
    world.replies[ROOT] = reply
    assert f"POST {ROOT}: {why}" in play(world).why


def test_redirect_of_https_stays_a_post(world: World) -> None:
    world.serve()
    world.replies[ROOT] = Reply(301, {"Location": OWN}, b"")
    outcome = play(world)
    assert order(outcome) == [f"POST {ROOT}", f"POST {OWN}"]
    assert outcome.verdict == "found"


def test_redirect_to_another_address(world: World) -> None:
    """Outlook begins anew at the other address's domain."""
    world.replies[ROOT] = Reply(200, {}, led_to("RedirectAddr", f"u@Autoconfig.{DOMAIN}"))
    world.replies[OWN] = NOTHING
    outcome = play(world)
    assert order(outcome)[:2] == [f"POST {ROOT}", f"POST https://autoconfig.{DOMAIN}{POX}"]
    assert f"<EMailAddress>u@Autoconfig.{DOMAIN}</" in outcome.exchanges[1].request.body.decode()


def led_to(element: str, target: str) -> bytes:
    schemas = "http://schemas.microsoft.com/exchange/autodiscover"
    return (
        f'<Autodiscover xmlns="{schemas}/responseschema/2006">'
        f'<Response xmlns="{schemas}/outlook/responseschema/2006a">'
        f"<Account><{element}>{target}</{element}></Account></Response></Autodiscover>"
    ).encode()


def test_endless_redirect_of_addresses_ends(world: World) -> None:
    world.replies[ROOT] = Reply(200, {}, led_to("RedirectAddr", f"user@{DOMAIN}"))
    outcome = play(world)
    assert (outcome.verdict, outcome.why) == (
        "fails",
        "too many redirects from one address to another",
    )


def test_redirect_to_a_url(world: World) -> None:
    world.serve()
    world.replies[ROOT] = Reply(200, {}, led_to("RedirectUrl", GENERIC))
    assert play(world).source == GENERIC
    world.replies[ROOT] = Reply(200, {}, led_to("RedirectUrl", PLAIN))
    world.replies[OWN] = Reply(200, {}, led_to("RedirectUrl", OWN))
    outcome = play(world)
    assert f"redirects to {PLAIN}, not to https" in outcome.why
    assert f"POST {OWN}: too many redirects" in outcome.why


def test_windows_mail_needs_activesync(world: World) -> None:
    url = f"https://{MAIL}/Microsoft-Server-ActiveSync"
    world.serve({"name": DOMAIN, "servers": [*SERVERS, {"type": "activesync", "url": url}]})
    outcome = asyncio.run(replay_windows_mail(world.case()))
    assert [setting.url for setting in outcome.settings] == [url]
    world.serve()
    outcome = asyncio.run(replay_windows_mail(world.case()))
    assert (outcome.verdict, outcome.gravity) == ("fails", "ok")
    assert "error 601" in outcome.why


def test_log_in_is_asked_for(world: World) -> None:
    """As at Exchange and mailcow: nothing is wrong with it."""
    world.replies[ROOT] = Reply(401, {"WWW-Authenticate": "NTLM, Basic realm=x"}, b"")
    outcome = play(world)
    assert (outcome.verdict, outcome.source) == ("log-in", ROOT)
    assert outcome.why == f"found, after a log-in (basic, ntlm) at {ROOT}"
