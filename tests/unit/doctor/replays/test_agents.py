from __future__ import annotations

import asyncio

import pytest

from mail_autoconfig.doctor.data import Outcome, Request
from mail_autoconfig.doctor.replays import REPLAYS
from mail_autoconfig.doctor.replays.agents import AGENTS

from ..conftest import World


def agents(request: Request) -> list[str]:
    return [text for name, text in request.headers if name.lower() == "user-agent"]


@pytest.mark.parametrize("client", AGENTS)
def test_each_request_names_its_client(world: World, client: str) -> None:
    """Some servers answer by it; an agent of an unknown client would never be sent."""

    async def replayed() -> list[Outcome]:
        case = world.case()
        return [await replay(case) for replay in REPLAYS]

    outcomes = asyncio.run(replayed())
    found = next(outcome for outcome in outcomes if outcome.client == client)
    assert found.exchanges
    for exchange in found.exchanges:
        assert agents(exchange.request) == [AGENTS[client]]


def test_agents_are_legal_headers() -> None:
    assert all(text.isascii() and text.isprintable() for text in AGENTS.values())
