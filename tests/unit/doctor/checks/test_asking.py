from __future__ import annotations

import asyncio
from dataclasses import replace

from mail_autoconfig.doctor.checks.asking import ask_config, published
from mail_autoconfig.doctor.data import Outcome, Request, Setting
from support.answers import CONFIG, Reply

from ..conftest import DOMAIN, World

IMAP = Setting("imap", "m.test", 993, "tls", "u")
URL = f"https://autoconfig.{DOMAIN}{CONFIG}?emailaddress=user%40{DOMAIN}"


def test_what_a_client_is_told_counts_where_the_doctor_is_refused(world: World) -> None:
    """A firewall knows the doctor's name, and lets clients through."""
    world.serve()
    case = world.case()
    agent = (("User-Agent", "Thunderbird"),)

    async def both() -> bool:
        await case.ask(Request("GET", URL, headers=agent))
        world.replies[URL] = Reply(403, {}, b"")
        return (await ask_config(case)).is_good

    assert asyncio.run(both())


def test_servers_beyond_number_are_not_visited(world: World) -> None:
    many = tuple(replace(IMAP, host=f"m{number}.test") for number in range(500))
    case = world.case()
    case.outcomes = (Outcome("c", "C", "found", "", settings=many),)
    assert len(asyncio.run(published(case))) == 20
