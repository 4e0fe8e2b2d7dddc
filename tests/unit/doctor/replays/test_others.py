from __future__ import annotations

import asyncio

from mail_autoconfig.doctor.data import Outcome
from mail_autoconfig.doctor.replays.others import replay_delta_chat, replay_evolution, replay_kmail
from support.answers import CONFIG, POX, WELL_KNOWN, Reply

from ..conftest import DOMAIN, World

PLACES = f"autoconfig.{DOMAIN}{CONFIG}", f"{DOMAIN}{WELL_KNOWN}"


def order(outcome: Outcome) -> list[str]:
    return [
        f"{each.request.method} {each.request.url.partition('?')[0]}" for each in outcome.exchanges
    ]


def test_evolution_takes_plain_http_in_between(world: World) -> None:
    outcome = asyncio.run(replay_evolution(world.case()))
    own, known = PLACES
    assert order(outcome) == [
        f"GET https://{own}",
        f"GET http://{own}",
        f"GET https://{known}",
        f"GET http://{known}",
    ]
    assert outcome.verdict == "fails"
    assert "emailmd5=" in outcome.exchanges[0].request.url


def test_evolution_reads_any_content_type(world: World) -> None:
    world.serve()
    outcome = asyncio.run(replay_evolution(world.case()))
    body = outcome.exchanges[0].body
    world.replies[f"https://{PLACES[0]}"] = Reply(200, {"Content-Type": "text/html"}, body)
    outcome = asyncio.run(replay_evolution(world.case()))
    assert (outcome.verdict, outcome.source) == ("found", f"https://{PLACES[0]}")


def test_kmail_ends_at_the_first_answer(world: World) -> None:
    own, _known = PLACES
    outcome = asyncio.run(replay_kmail(world.case()))
    assert order(outcome) == [f"GET https://{own}"]
    assert outcome.verdict == "fails"
    world.serve()
    outcome = asyncio.run(replay_kmail(world.case()))
    assert outcome.source == f"https://{own}"
    assert "?" not in outcome.exchanges[0].request.url


def test_kmail_goes_on_where_there_is_no_host(world: World) -> None:
    own, known = PLACES
    world.serve()
    world.names.under.clear()
    world.names.known[f"{DOMAIN} A"] = ["127.0.0.1"]
    outcome = asyncio.run(replay_kmail(world.case()))
    assert order(outcome) == [f"GET https://{own}", f"GET http://{own}", f"GET https://{known}"]
    assert outcome.source == f"https://{known}"


def test_delta_chat(world: World) -> None:
    outcome = asyncio.run(replay_delta_chat(world.case()))
    assert order(outcome) == [
        *(f"GET https://{place}" for place in PLACES),
        f"GET https://{DOMAIN}{POX}",
        f"GET https://autodiscover.{DOMAIN}{POX}",
    ]
    assert ["?" in each.request.url for each in outcome.exchanges] == [True, False, False, False]
    world.serve()
    assert asyncio.run(replay_delta_chat(world.case())).source == f"https://{PLACES[0]}"
