from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from mail_autoconfig.doctor.case import Case
from mail_autoconfig.doctor.checks.astray import check_astray
from mail_autoconfig.doctor.fetch import Fetcher
from mail_autoconfig.formats.words import CONFIG_PATH
from support.answers import Reply

from ..conftest import DOMAIN, World

HERE = ["127.0.0.1"]


@pytest.fixture
def case(world: World) -> Case:
    world.names.under.clear()
    return world.case()


def found(case: Case) -> list[tuple[str, str]]:
    return [(each.code, each.subject) for each in asyncio.run(check_astray(case))]


def test_nothing(case: Case) -> None:
    assert found(case) == []


def test_name_that_is_there_twice(case: Case, world: World) -> None:
    world.names.known[f"autodiscover.{DOMAIN}.{DOMAIN} A"] = HERE
    assert found(case) == [("dns-doubled", f"autodiscover.{DOMAIN}")]


def test_service_that_is_there_twice(case: Case, world: World) -> None:
    world.names.known[f"_imaps._tcp.{DOMAIN}.{DOMAIN} SRV"] = ["0 1 993 mail.test."]
    assert found(case) == [("dns-doubled", f"_imaps._tcp.{DOMAIN}")]


def test_target_that_has_the_zone_twice(case: Case, world: World) -> None:
    world.names.known |= {
        f"autoconfig.{DOMAIN} CNAME": [f"www.{DOMAIN}.{DOMAIN}."],
        f"www.{DOMAIN} A": HERE,
    }
    assert found(case) == [("dns-target-doubled", f"autoconfig.{DOMAIN}")]


def test_wildcard_that_leads_nowhere(world: World) -> None:
    assert {code for code, _ in found(world.case())} == {"dns-wildcard"}


def test_wildcard_that_leads_to_settings(world: World) -> None:
    world.serve()
    assert found(world.case()) == []


def test_wildcard_to_a_server_that_has_one_of_two_names(world: World) -> None:
    """The record is right then: the server lacks the other name."""
    world.serve()
    world.replies[f"https://autoconfig.{DOMAIN}{CONFIG_PATH}"] = Reply(404, {}, b"")
    assert found(world.case()) == []


def silenced(world: World, *ports: int) -> Case:
    """Nothing listens at port 1 of this machine."""
    mapping = {80: world.web.ports[80], 443: world.web.ports[443], **dict.fromkeys(ports, 1)}
    fetcher = Fetcher(world.resolver(), allow_private=True, ca=world.ca, ports=mapping)
    return replace(world.case(), fetcher=fetcher)


def test_wildcard_to_a_server_that_is_stopped(world: World) -> None:
    assert {code for code, _ in found(silenced(world, 80, 443))} == {"dns-wildcard-mute"}


def test_wildcard_to_a_parked_page_at_http_alone(world: World) -> None:
    assert {code for code, _ in found(silenced(world, 443))} == {"dns-wildcard"}
