from __future__ import annotations

import asyncio

import pytest

from mail_autoconfig.doctor.case import Case
from mail_autoconfig.doctor.checks.astray import check_astray

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
