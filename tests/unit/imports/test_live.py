from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from mail_autoconfig.imports.draft import Source, SourceError
from mail_autoconfig.imports.live import find
from mail_autoconfig.inventory.read import parse
from support.answers import CONFIG, POX, Reply

from ..doctor.conftest import DOMAIN, MAIL, World
from .ends import by_config, by_pox, inventory, rendered

USER = f"user@{DOMAIN}"
CONFIG_URL = f"https://autoconfig.{DOMAIN}{CONFIG}"
SERVERS = [
    {"type": "imap", "host": MAIL, "username": "{localpart}"},
    {"type": "smtp", "host": MAIL, "security": "starttls", "username": "{localpart}"},
]
ENTRY = {
    "name": DOMAIN,
    "display_name": "Acme Mail",
    "servers": [*SERVERS, {"type": "caldav", "url": "https://dav.test/{email}/"}],
}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


def found(world: World, address: str = USER) -> Source:
    return asyncio.run(find(world.case(address)))


def test_round_trip(world: World) -> None:
    """What the live domain answers, the imported inventory answers."""
    world.serve(ENTRY)
    source = found(world)
    config, pox = rendered(inventory(source), USER)
    case = world.case()
    asyncio.run(find(case))
    ends = {each.client: each.settings for each in case.outcomes}
    assert by_config(config, USER) == ends["thunderbird"]
    assert [s for s in by_pox(pox, USER) if s.type != "caldav"] == [
        s for s in ends["outlook"] if s.type != "caldav"
    ]
    assert inventory(source).domains[DOMAIN].display_name == "Acme Mail"
    assert source.left == ()


def test_answer_with_the_users_own_name(world: World) -> None:
    """A personal answer has no placeholder; another user has another name."""
    servers = [{**each, "username": "AD\\{localpart}"} for each in SERVERS]
    world.serve({"name": DOMAIN, "servers": servers})
    settings = inventory(found(world)).domains[DOMAIN].settings
    assert {each.username for each in settings.servers} == {"AD\\{localpart}"}


def test_autodiscover_alone(world: World) -> None:
    world.serve(ENTRY)
    for url in (CONFIG_URL, f"https://{DOMAIN}/.well-known/autoconfig{CONFIG}"):
        world.replies[url] = Reply(404, {}, b"")
    settings = inventory(found(world)).domains[DOMAIN].settings
    assert [(s.type, s.host, s.port, s.username) for s in settings.servers] == [
        ("imap", MAIL, 993, "{localpart}"),
        ("smtp", MAIL, 587, "{localpart}"),
    ]


def test_srv_records_alone(world: World) -> None:
    world.names.under.clear()
    world.names.known |= {
        f"_imaps._tcp.{DOMAIN} SRV": [f"0 1 993 {MAIL}."],
        f"_submissions._tcp.{DOMAIN} SRV": [f"0 1 465 {MAIL}."],
    }
    source = found(world)
    assert inventory(source).domains[DOMAIN].settings.servers[1].port == 465
    assert "they have no user name; taken is the address" in source.left[0]


def test_other_servers_by_autodiscover_are_said(world: World) -> None:
    world.serve(ENTRY)
    other = {**ENTRY, "servers": [{**each, "host": "old.test"} for each in SERVERS]}
    old = rendered(parse({"domains": [other]}), USER)[1]
    world.replies[f"https://autodiscover.{DOMAIN}{POX}"] = Reply(
        200, {"Content-Type": "text/xml"}, old
    )
    world.replies[f"https://{DOMAIN}{POX}"] = Reply(404, {}, b"")
    said = found(world).left
    assert [line for line in said if "Outlook" in line and "old.test" in line]


def test_microsoft_365(world: World) -> None:
    world.names.under.clear()
    microsoft = "autodiscover-s.outlook.com"
    for name in (f"autodiscover.{DOMAIN}", microsoft):
        world.names.known[f"{name} A"] = ["127.0.0.1"]
    url = f"https://{microsoft}{POX}"
    challenge = {"WWW-Authenticate": "Bearer"}
    world.replies |= {
        f"http://autodiscover.{DOMAIN}{POX}": Reply(302, {"Location": url}, b""),
        url: Reply(401, challenge, b""),
    }
    assert found(world).drafts[0].provider == "microsoft365"


def test_nothing_is_found(world: World) -> None:
    with pytest.raises(SourceError, match="no client finds settings; `mail-autoconfig doctor"):
        found(world)
