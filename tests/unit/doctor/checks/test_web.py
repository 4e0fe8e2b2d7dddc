from __future__ import annotations

import asyncio
import time
from urllib.parse import quote

import pytest

from mail_autoconfig.answers import autodiscover, pacc
from mail_autoconfig.doctor.checks import tls, web
from mail_autoconfig.doctor.checks.asking import published, vouched_for
from mail_autoconfig.doctor.checks.web import check_web
from mail_autoconfig.doctor.data import Exchange, Finding, Outcome, Request, Setting
from mail_autoconfig.doctor.examine import examine
from mail_autoconfig.doctor.fetch import LONGEST_ANSWER
from mail_autoconfig.inventory.addresses import parse as parse_address
from mail_autoconfig.inventory.model import Domain
from mail_autoconfig.inventory.read import parse
from mail_autoconfig.zones.records import quoted
from support.answers import CONFIG, POX, Reply

from ..conftest import DOMAIN, MAIL, SERVERS, World

XML = {"Content-Type": "text/xml"}
AUTOCONFIG = f"autoconfig.{DOMAIN}"
AUTODISCOVER = f"autodiscover.{DOMAIN}"
CONFIG_URL = f"https://{AUTOCONFIG}{CONFIG}"
POX_URL = f"https://{AUTODISCOVER}{POX}"


@pytest.fixture(autouse=True)
def enough_days(monkeypatch: pytest.MonkeyPatch) -> None:
    """The certificate of the tests is for a day."""
    monkeypatch.setattr(tls, "SOON", tls.SOON * 0)


@pytest.fixture
def served(world: World) -> World:
    """A domain that all is right with."""
    world.names.under.clear()
    world.names.known |= {f"{host} A": ["127.0.0.1"] for host in (AUTOCONFIG, AUTODISCOVER)}
    world.serve()
    for path in web.OTHER_CASES:
        world.replies[f"https://{AUTODISCOVER}{path}"] = Reply(200, XML, b"<any/>")
    return world


def run(world: World) -> list[Finding]:
    return asyncio.run(check_web(world.case()))


def found(world: World) -> list[str]:
    return [f"{each.subject} {each.code}: {each.what}" for each in run(world)]


def codes(world: World) -> list[str]:
    return [each.code for each in run(world)]


def test_all_is_right(served: World) -> None:
    assert found(served) == []
    asked = [line for line in served.web.log if line.startswith("GET https")]
    address = quote(f"user@{DOMAIN}", safe="")
    assert asked == [f"GET {CONFIG_URL}?emailaddress={address}"]


def test_names_that_are_not_there_are_not_asked(world: World) -> None:
    world.names.under.clear()
    assert found(world) == []
    assert [line for line in world.web.log if "http" in line] == []


def test_another_case_of_the_path(served: World) -> None:
    lost = web.OTHER_CASES[1]
    served.replies[f"https://{AUTODISCOVER}{lost}"] = Reply(404, {}, b"")
    said = "web-case: the path is not found in this spelling (status 404)"
    assert found(served) == [f"https://{AUTODISCOVER}{lost} {said}"]


def test_answer_by_http_in_place_of_a_redirect(served: World) -> None:
    served.replies[f"GET http://{AUTODISCOVER}{POX}"] = Reply(200, {}, b"a page")
    assert codes(served) == ["web-no-redirect"]


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(404, {}, b""), "web-status"),
        (Reply(500, {}, b""), "web-program"),
        (Reply(401, {"WWW-Authenticate": "Basic"}, b""), "web-locked"),
        (Reply(200, XML, b" " * (LONGEST_ANSWER + 1)), "answer-too-big"),
        (Reply(200, {"Content-Type": "text/html"}, b"<html>"), "answer-page"),
        (Reply(200, XML, b"<a"), "answer-not-xml"),
        (Reply(302, {"Location": CONFIG_URL}, b""), "web-redirect-loop"),
        (Reply(302, {"Location": f"http://{AUTOCONFIG}/b"}, b""), "web-redirect-plain"),
    ],
)
def test_bad_answers(reply: Reply, code: str, served: World) -> None:
    served.replies[CONFIG_URL] = reply
    assert code in codes(served)


@pytest.mark.parametrize("status", [404, 403, 501])
def test_post_that_is_refused_where_get_has_the_settings(status: int, served: World) -> None:
    """A program without a route for POST, or that protects forms."""
    answer = autodiscover.render(domain(DOMAIN), parse_address(f"user@{DOMAIN}"))
    served.replies |= {
        f"GET {POX_URL}": Reply(200, XML, answer),
        f"POST {POX_URL}": Reply(status, {}, b""),
    }
    assert "web-post-refused" in codes(served)
    served.replies[f"GET {POX_URL}"] = Reply(status, {}, b"")
    assert "web-post-refused" not in codes(served)


def test_page_after_a_redirect_is_the_redirects_fault(served: World) -> None:
    served.replies[CONFIG_URL] = Reply(301, {"Location": "/home"}, b"")
    served.replies[f"https://{AUTOCONFIG}/home"] = Reply(200, {"Content-Type": "text/html"}, b"<p>")
    (fault,) = run(served)
    assert (fault.code, fault.subject) == ("web-redirect-page", CONFIG_URL)


def test_settings_that_are_called_a_page_want_another_type(served: World) -> None:
    served.replies[CONFIG_URL] = Reply(200, {"Content-Type": "text/html"}, parse_config())
    assert codes(served) == ["answer-content-type"]


def test_client_that_is_refused_by_its_name(served: World) -> None:
    request = Request("GET", f"{CONFIG_URL}?x")
    case = served.case()
    refused = Exchange(request, 403)
    case.outcomes = (Outcome("thunderbird", "Thunderbird", "fails", "", exchanges=(refused,)),)
    (fault,) = asyncio.run(check_web(case))
    assert (fault.code, fault.subject) == ("web-user-agent", CONFIG_URL)
    assert "Thunderbird/" in fault.paste


def test_endless_redirects(served: World) -> None:
    for number in range(30):
        served.replies[f"https://{AUTOCONFIG}/{number}"] = Reply(
            302, {"Location": f"/{number + 1}"}, b""
        )
    served.replies[CONFIG_URL] = Reply(302, {"Location": "/0"}, b"")
    assert codes(served) == ["web-redirect-loop"]
    here = [line for line in served.web.log if f"https://{AUTOCONFIG}" in line]
    assert len(here) == 11  # the question and ten redirects


def test_post_stays_a_post(served: World) -> None:
    """As Outlook does; to another host it asks the user first."""
    served.names.known["elsewhere.test A"] = ["127.0.0.1"]
    served.replies[POX_URL] = Reply(302, {"Location": f"https://elsewhere.test{POX}"}, b"")
    assert "web-redirect-elsewhere" in codes(served)
    assert f"POST https://elsewhere.test{POX}" in served.web.log


def test_redirect_to_a_private_address(served: World) -> None:
    """The fetcher refuses; the check says which address it was."""
    case = served.case()
    case.fetcher = served.fetcher(allow_private=False)
    assert {each.code for each in asyncio.run(check_web(case))} == {"address-private"}
    assert [line for line in served.web.log if "http" in line] == []


def test_tarpit(served: World) -> None:
    usual = served.web.answer

    def slow(scheme: str, method: str, host: str, path: str, body: bytes) -> Reply:
        time.sleep(0.3)
        return usual(scheme, method, host, path, body)

    served.web.answer = slow
    case = served.case()
    case.fetcher = served.fetcher(timeout=0.1)
    assert {each.code for each in asyncio.run(check_web(case))} == {"web-silent"}


def test_rate_limit(served: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mail_autoconfig.doctor.fetch._TRIES", 1)
    served.replies[CONFIG_URL] = Reply(429, {}, b"")
    assert codes(served) == ["web-rate-limit"]


def test_settings_at_http_alone(served: World) -> None:
    """The name is not on the certificate, and http answers: right where SRV points elsewhere."""
    host = "autoconfig.other.test"
    body = parse_config()
    served.names.known[f"{host} A"] = ["127.0.0.1"]
    served.replies[f"http://{host}{CONFIG}"] = Reply(200, XML, body)
    case = served.case("user@other.test")
    findings = asyncio.run(check_web(case))
    assert [(each.subject, each.code, each.severity) for each in findings] == [
        (f"http://{host}", "autoconfig-http-only", "warning")
    ]
    listed = {"name": "other.test", "servers": SERVERS, "discovery": "srv"}
    case.configuration = parse({"domains": [listed], "generic_host": "generic.test"})
    assert asyncio.run(check_web(case)) == []
    served.replies[f"http://{host}{CONFIG}"] = Reply(404, {}, b"")
    case = served.case("user@other.test")
    assert [each.code for each in asyncio.run(check_web(case))] == ["tls-wrong-name"]


def test_other_host_by_http(served: World) -> None:
    """As autodiscover.outlook.com does for its customers' names."""
    host = "autodiscover.other.test"
    away = f"https://generic.test{POX}"
    served.names.known |= {f"{host} A": ["127.0.0.1"], "generic.test A": ["127.0.0.1"]}
    served.replies |= {
        f"GET http://{host}{POX}": Reply(302, {"Location": away}, b""),
        f"POST {away}": Reply(401, {"WWW-Authenticate": "Basic"}, b""),
    }
    findings = asyncio.run(check_web(served.case("user@other.test")))
    assert [(each.subject, each.code, each.severity) for each in findings] == [
        (f"http://{host}", "autodiscover-by-http", "warning"),
        (away, "web-asks-password", "note"),
    ]


def test_autodiscover_at_http_alone(served: World) -> None:
    host = "autodiscover.other.test"
    served.names.known[f"{host} A"] = ["127.0.0.1"]
    answer = autodiscover.render(domain("other.test"), parse_address("user@other.test"))
    served.replies[f"POST http://{host}{POX}"] = Reply(200, XML, answer)
    findings = asyncio.run(check_web(served.case("user@other.test")))
    assert [(each.code, each.severity) for each in findings] == [
        ("autodiscover-http-only", "error")
    ]


def domain(name: str) -> Domain:
    return parse({"domains": [{"name": name, "servers": SERVERS}]}).domains[name]


def parse_config() -> bytes:
    return (
        '<clientConfig version="1.1"><emailProvider id="x"><domain>%EMAILDOMAIN%</domain>'
        + "".join(
            f'<{element} type="{type_}"><hostname>{MAIL}</hostname><port>{port}</port>'
            "<socketType>SSL</socketType><username>%EMAILADDRESS%</username>"
            f"<authentication>password-cleartext</authentication></{element}>"
            for element, type_, port in (
                ("incomingServer", "imap", 993),
                ("outgoingServer", "smtp", 465),
            )
        )
        + "</emailProvider></clientConfig>"
    ).encode()


def test_own_answers_agree_in_all_formats(served: World) -> None:
    served.names.under["test"] = "127.0.0.1"
    listed = {"name": DOMAIN, "servers": SERVERS, "pacc": True}
    served.serve(listed)
    found = parse({"domains": [listed]}).domains[DOMAIN]
    served.names.known[f"_ua-auto-config.{DOMAIN} TXT"] = [quoted(pacc.txt_record(found))]
    report = asyncio.run(examine(served.case()))
    fare = {outcome.client: outcome.verdict for outcome in report.outcomes}
    assert (fare["apple"], fare["pacc"]) == ("asks", "found")
    assert "settings-disagree" not in {each.code for each in report.findings}


def test_target_of_the_service_is_asked_too(served: World) -> None:
    name = f"_autodiscover._tcp.{DOMAIN}"
    served.names.known |= {
        f"{name} SRV": ["0 0 443 generic.test."],
        "generic.test A": ["127.0.0.1"],
    }
    assert codes(served) == []
    assert f"POST https://generic.test{POX}" in served.web.log


def test_target_at_another_port_is_not(served: World) -> None:
    name = f"_autodiscover._tcp.{DOMAIN}"
    served.names.known |= {
        f"{name} SRV": ["0 0 444 generic.test."],
        "generic.test A": ["127.0.0.1"],
    }
    assert codes(served) == []


def test_domain_itself_where_the_inventory_says_so(served: World) -> None:
    served.names.known[f"{DOMAIN} A"] = ["127.0.0.1"]
    case = served.case()
    asyncio.run(check_web(case))
    assert f"POST https://{DOMAIN}{POX}" not in served.web.log
    case = served.case()
    case.configuration = parse({"domains": [{"name": DOMAIN, "servers": SERVERS, "apex": True}]})
    asyncio.run(check_web(case))
    assert f"POST https://{DOMAIN}{POX}" in served.web.log


def test_published_servers(served: World) -> None:
    case = served.case()
    mentioned = Setting("imap", "other.test", 993, "tls", "u")
    case.outcomes = (Outcome("c", "C", "found", "", settings=(mentioned,)),)
    hosts = [each.host for each in asyncio.run(published(case))]
    assert hosts == [MAIL, MAIL, "other.test"]
    assert mentioned not in asyncio.run(vouched_for(case))


def test_nobody_vouches_for_what_http_says(served: World) -> None:
    plain = f"http://{AUTOCONFIG}{CONFIG}"
    served.replies[POX_URL] = Reply(404, {}, b"")
    served.replies[CONFIG_URL] = Reply(302, {"Location": plain}, b"")
    served.replies[plain] = Reply(200, XML, parse_config())
    assert asyncio.run(vouched_for(served.case())) == ()
    assert codes(served) == ["web-redirect-plain", "web-status"]
