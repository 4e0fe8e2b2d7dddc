from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from ipaddress import IPv4Address

import pytest

from mail_autoconfig.doctor import examine
from mail_autoconfig.doctor.case import Case
from mail_autoconfig.doctor.checks import CHECKS, tls
from mail_autoconfig.doctor.checks.mail import check_mail
from mail_autoconfig.doctor.data import Finding, Outcome, Report
from mail_autoconfig.inventory.read import parse
from mail_autoconfig.zones.records import records
from support.answers import CONFIG, POX, Reply

from .conftest import DOMAIN, World

CONFIG_URL = f"https://autoconfig.{DOMAIN}{CONFIG}"


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One replay and one check that reads its outcome; the most of them at a time."""
    now: list[str] = []
    most = [0]

    async def replay(case: Case) -> Outcome:
        now.append(case.domain)
        most[0] = max(most[0], len(now))
        await asyncio.sleep(0.01)
        now.remove(case.domain)
        return Outcome("c", "C", "fails", "why")

    async def check(case: Case) -> Iterable[Finding]:
        return [Finding("x", "warning", case.domain, outcome.why) for outcome in case.outcomes]

    monkeypatch.setattr(examine, "REPLAYS", (replay,))
    monkeypatch.setattr(examine, "CHECKS", (check,))
    return most


def test_checks_know_the_outcomes(world: World, running: list[int]) -> None:
    report = asyncio.run(examine.examine(world.case()))
    assert [finding.what for finding in report.findings] == ["why"]
    assert report.severity == "warning"
    assert running == [1]


def test_all_in_order_with_a_limit(world: World, running: list[int]) -> None:
    cases = [world.case(f"u@d{number}.test") for number in range(6)]
    told: list[Report] = []
    asyncio.run(examine.examine_all(iter(cases), told.append, 2))
    assert [report.domain for report in told] == [case.domain for case in cases]
    assert running == [2]


@pytest.mark.parametrize(("waiting", "order"), [(64, [0, 1, 2, 3, 4, 5]), (2, [1, 2, 3, 4, 5, 0])])
def test_not_many_wait_for_one(
    world: World, monkeypatch: pytest.MonkeyPatch, waiting: int, order: list[int]
) -> None:
    async def one(case: Case) -> Report:
        await asyncio.sleep(0.5 if case.domain == "d0.test" else 0.01)
        return Report(case.domain, case.address, (), (), 0.0)

    monkeypatch.setattr(examine, "examine", one)
    monkeypatch.setattr(examine, "WAITING", waiting)
    told: list[Report] = []
    cases = (world.case(f"u@d{number}.test") for number in range(6))
    asyncio.run(examine.examine_all(cases, told.append, 2))
    assert [report.domain for report in told] == [f"d{number}.test" for number in order]


@pytest.mark.usefixtures("running")
def test_no_domain_is_begun_too_late(world: World) -> None:
    told: list[Report] = []
    cases = (world.case(f"u@d{number}.test") for number in range(50))
    asyncio.run(examine.examine_all(cases, told.append, 2, time.monotonic() + 0.05))
    assert 2 <= len(told) < 50
    assert [report.domain for report in told] == [f"d{number}.test" for number in range(len(told))]
    assert next(cases).domain == f"d{len(told)}.test"


def test_one_domain_does_not_end_the_run(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def check(case: Case) -> list[Finding]:
        if case.domain == "a.test":
            raise ValueError("strange")
        return []

    monkeypatch.setattr(examine, "REPLAYS", ())
    monkeypatch.setattr(examine, "CHECKS", (check,))
    cases = [world.case("u@a.test"), world.case("u@b.test")]
    told: list[Report] = []
    asyncio.run(examine.examine_all(cases, told.append))
    broken, other = told
    assert [each.code for each in broken.findings] == ["doctor-broken"]
    assert (broken.severity, other.severity) == ("error", "ok")
    assert "ValueError: strange" in capsys.readouterr().err


STRANGE = [
    {"Location": "https://["},
    {"Location": "https://elsewhere.test:99999/"},
    {"Location": "https://elsewhere.test:-1/"},
    {"Location": "https://a\\..test/"},
    {"Location": "ftp://elsewhere.test:80/"},
]


@pytest.mark.parametrize("headers", STRANGE)
@pytest.mark.parametrize(
    "url",
    [f"http://autodiscover.{DOMAIN}{POX}", f"https://autodiscover.{DOMAIN}{POX}", CONFIG_URL],
)
def test_strange_redirects(url: str, headers: dict[str, str], world: World) -> None:
    world.replies[url] = Reply(302, headers, b"")
    assert asyncio.run(examine.examine(world.case())).severity == "error"


@pytest.mark.parametrize("target", ["[x.test.", "a\\..test."])
def test_strange_target(target: str, world: World) -> None:
    world.names.known[f"_autodiscover._tcp.{DOMAIN} SRV"] = [f"0 0 443 {target}"]
    assert asyncio.run(examine.examine(world.case())).severity == "error"


def test_an_end_to_all_redirects(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examine, "LONGEST", -1.0)
    report = asyncio.run(examine.examine(world.case()))
    assert world.web.log == []
    assert report.severity == "error"


def test_strange_url_of_a_service(world: World) -> None:
    calendar = '<calendar type="caldav"><url>https://[x/</url></calendar>'
    body = f'<clientConfig version="1.1"><emailProvider/>{calendar}</clientConfig>'
    world.replies[CONFIG_URL] = Reply(200, {"Content-Type": "text/xml"}, body.encode())
    assert asyncio.run(examine.examine(world.case())).severity == "error"


def test_domain_of_microsoft_365_with_all_its_records(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our own answer redirects to Microsoft's, which wants a log-in; its mail servers apart."""
    monkeypatch.setattr(tls, "SOON", tls.SOON * 0)
    monkeypatch.setattr(examine, "CHECKS", [each for each in CHECKS if each is not check_mail])
    world.serve({"name": DOMAIN, "provider": "microsoft365"})
    case = world.case()
    case.configuration = parse({"domains": [{"name": DOMAIN, "provider": "microsoft365"}]})
    world.names.under.clear()
    for each in records(case.configuration, [IPv4Address("127.0.0.1")]):
        world.names.known[f"{each.name} {each.type}"] = list(each.values)
    microsoft = "autodiscover-s.outlook.com"
    world.names.known |= {
        f"{microsoft} A": ["127.0.0.1"],
        f"{DOMAIN} MX": ["0 example-test.mail.protection.outlook.com."],
    }
    world.replies[f"https://{microsoft}{POX}"] = Reply(
        401, {"WWW-Authenticate": 'Basic realm="", Bearer'}, b""
    )
    report = asyncio.run(examine.examine(case))
    weighty = [each for each in report.findings if each.severity in ("error", "warning")]
    assert [each.verdict for each in report.outcomes if each.client == "outlook"] == ["log-in"]
    assert weighty == []
