from __future__ import annotations

from collections.abc import Mapping

import pytest

from mail_autoconfig.inventory.read import parse
from mail_autoconfig.server.app import Application
from mail_autoconfig.server.behind_proxy import BehindProxy
from support import answers
from support.answers import CONFIG, JSON, POX, PROFILE, Case, Reply, redirect, run
from support.asgi import transport

HOST = "autodiscover.example.test"
HTTP = {"X-Forwarded-Proto": "http"}


def ask(
    scheme: str, method: str, host: str, path: str, headers: Mapping[str, str], body: bytes
) -> Reply:
    """A proxy that passes each request on, as the one page for proxies wants it."""
    application = BehindProxy(Application(parse(answers.configuration())))
    sent = {"X-Forwarded-Proto": scheme, "X-Forwarded-For": "192.0.2.9"} | dict(headers)
    return transport(application)("http", method, host, path, sent, body)


@pytest.mark.parametrize("case", answers.cases(), ids=lambda case: case.name)
def test_whole_table(case: Case) -> None:
    run(case, ask)


@pytest.mark.parametrize(
    ("method", "host", "path", "status", "location"),
    [
        ("GET", HOST, "/AutoDiscover/autodiscover.XML", 302, f"https://{HOST}{POX}"),
        ("POST", f"{HOST}:80", "/AutoDiscover/autodiscover.XML", 307, f"https://{HOST}{POX}"),
        ("POST", HOST.upper(), "/whatever", 307, f"https://{HOST}{POX}"),
        ("POST", "autoconfig.example.test", "/settings", 301, None),
        ("GET", HOST, "/?lang=de", 301, None),
        ("GET", HOST, f"{PROFILE}?email=user%40example.test", 301, None),
        ("GET", HOST, f"{JSON}/v1.0/user%40example.test?Protocol=x", 301, None),
        ("GET", "auto.example.test", "/", 301, "https://auto.example.test/"),
        # Found by SRV, so no certificate has its names.
        ("GET", "autoconfig.plain.test", "/", 301, "https://auto.example.test/"),
        ("POST", "autodiscover.plain.test", "/", 307, f"https://auto.example.test{POX}"),
    ],
)
def test_http_is_redirected(
    method: str, host: str, path: str, status: int, location: str | None
) -> None:
    expected = redirect(status, location or f"https://{host}{path}")
    run(Case("", method, host, path, expected, scheme="http"), ask)


@pytest.mark.parametrize("path", [POX, "/", PROFILE, "/settings"])
def test_no_redirect_to_a_stranger(path: str) -> None:
    reply = ask("http", "GET", "evil.invalid", path, {}, b"")
    assert (reply.status, "location" in reply.headers) == (404, False)


def test_names_of_the_default_entry_have_no_certificate() -> None:
    raw = {"domains": [{"name": "*", "provider": "gandi"}], "generic_host": "auto.test"}
    application = BehindProxy(Application(parse(raw)))
    reply = transport(application)("http", "GET", "autoconfig.x.test", "/", HTTP, b"")
    assert reply.headers["location"] == "https://auto.test/"


def test_authority_is_not_led_away() -> None:
    assert ask("http", "GET", HOST, "/.well-known/acme-challenge/x", {}, b"").status == 404


@pytest.mark.parametrize("spelt", ["HTTP", "http"])
def test_spelling_of_the_header(spelt: str) -> None:
    assert ask(spelt, "GET", HOST, "/", {}, b"").status == 301


def test_configuration_is_answered_over_http() -> None:
    assert ask("http", "GET", HOST, CONFIG.upper(), {}, b"").status == 200


def test_health_is_not_for_the_proxys_clients() -> None:
    application = transport(BehindProxy(Application(parse(answers.configuration()))))
    assert application("http", "GET", "192.0.2.1:8080", "/healthz", {}, b"").status == 200
    assert application("http", "GET", HOST, "/healthz", HTTP, b"").status == 404
