from __future__ import annotations

import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

import mail_autoconfig
from mail_autoconfig.inventory.model import Configuration
from mail_autoconfig.inventory.read import parse
from mail_autoconfig.server.app import Application
from support import answers
from support.answers import (
    CONFIG,
    GANDI,
    JSON,
    POX,
    Case,
    config,
    error,
    json_answer,
    not_modified,
    pox_request,
    refused,
    run,
    settings,
)
from support.asgi import transport

DEFAULT = {"name": "*", "provider": "gandi"}


@pytest.fixture
def application() -> Application:
    return Application(parse(answers.configuration()))


@pytest.mark.parametrize(
    "case",
    [case for case in answers.cases() if case.layer == "responder"],
    ids=lambda case: case.name,
)
def test_table(application: Application, case: Case) -> None:
    run(case, transport(application))


def test_the_table_holds_with_other_names() -> None:
    application = Application(parse(answers.configuration("lab.test")))
    for case in answers.cases("lab.test"):
        if case.layer == "responder":
            run(case, transport(application))


@pytest.mark.parametrize(
    "case",
    [
        Case("POX", "POST", "x.test", POX, settings("u@x.test", GANDI), pox_request("u@x.test")),
        Case(
            "address", "GET", "x.test", f"{CONFIG}?emailaddress=u@x.test", config("x.test", GANDI)
        ),
        Case("Host", "GET", "autoconfig.x.test", CONFIG, config("x.test", GANDI)),
        Case("Host and port", "GET", "autoconfig.x.test:8443", CONFIG, config("x.test", GANDI)),
        Case(
            "JSON",
            "GET",
            "x.test",
            f"{JSON}?Email=u@x.test&Protocol=AutodiscoverV1",
            json_answer("AutodiscoverV1", f"https://generic.test{POX}"),
        ),
        Case("no name in Host", "GET", "127.0.0.1", CONFIG, refused(404)),
    ],
    ids=lambda case: case.name,
)
def test_default_entry(case: Case) -> None:
    raw = answers.configuration() | {"domains": [DEFAULT], "generic_host": "generic.test"}
    run(case, transport(Application(parse(raw))))


def test_answer_may_be_kept_and_refusal_not(application: Application) -> None:
    ask = transport(application)
    answer = ask("https", "GET", "autoconfig.example.test", CONFIG, {}, b"")
    refusal = ask("https", "GET", "autoconfig.other.test", CONFIG, {}, b"")
    assert answer.headers["cache-control"] == "max-age=300"
    assert refusal.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "header", ["{tag}", "W/{tag}", '"a,b", {tag}', '"old" ,W/{tag},"older"', " * "]
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_copy_that_is_still_right(application: Application, header: str, method: str) -> None:
    ask = transport(application)
    tag = ask("https", "GET", "autoconfig.example.test", CONFIG, {}, b"").headers["etag"]
    headers = {"If-None-Match": header.format(tag=tag)}
    not_modified(ask("https", method, "autoconfig.example.test", CONFIG, headers, b""))


def test_copy_that_is_not_right(application: Application) -> None:
    ask = transport(application)
    tag = ask("https", "GET", "autoconfig.example.test", CONFIG, {}, b"").headers["etag"]
    for header in (tag.upper(), tag.strip('"'), '"old"', ""):
        reply = ask("https", "GET", "autoconfig.corp.test", CONFIG, {"If-None-Match": header}, b"")
        assert (reply.status, len(reply.body) > 500) == (200, True)


def test_host_name_that_is_too_long() -> None:
    """The default entry's pattern and a long domain make a name that is too long for DNS."""
    servers = [{"type": kind, "host": "imap.mail.{domain}"} for kind in ("imap", "smtp")]
    raw = {"domains": [{"name": "*", "servers": servers}], "generic_host": "generic.test"}
    ask = Application(parse(raw))
    for labels, pox, status in ((["a" * 55] * 4, 602, 404), (["a" * 54] * 4, 0, 200)):
        name = ".".join([*labels, "b" * 20])
        email = f"u@{name}"
        host = f"imap.mail.{name}"
        rows = (("imap", host, 993, "tls"), ("smtp", host, 465, "tls"))
        expected = error(pox) if pox else settings(email, rows)
        run(Case("POX", "POST", "x.test", POX, expected, pox_request(email)), transport(ask))
        host = f"autoconfig.{name}"
        assert transport(ask)("https", "GET", host, CONFIG, {}, b"").status == status


def test_health(application: Application) -> None:
    reply = transport(application)("http", "GET", "localhost", "/healthz", {}, b"")
    assert reply.status == 200
    assert json.loads(reply.body) == {
        "status": "ok",
        "domains": 12,
        "configuration": "",
        "program": "",
        "version": mail_autoconfig.__version__,
    }


def test_unexpected_exception_is_an_error_answer_without_the_address_in_the_log(
    application: Application, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: Configuration, name: str, _localpart: str) -> NoReturn:
        raise RuntimeError(name)

    monkeypatch.setattr(Configuration, "find", fail)
    path = f"{CONFIG}?emailaddress=u@example.test"
    with caplog.at_level(logging.DEBUG):
        for case in (
            Case("POX", "POST", "example.test", POX, error(603), pox_request("u@example.test")),
            Case("GET", "GET", "example.test", path, refused(500, never="example.test")),
        ):
            run(case, transport(application))
    assert "RuntimeError in fail" in caplog.text
    assert "example.test" not in caplog.text


def test_configuration_is_swapped_between_requests(application: Application) -> None:
    ask = transport(application)
    path = f"{CONFIG}?emailaddress=user@example.test"
    application.configuration = replace(application.configuration, domains={})
    assert ask("https", "GET", "autoconfig.example.test", path, {}, b"").status == 404


def test_version_is_that_of_the_collection() -> None:
    galaxy = Path(__file__).parents[3].joinpath("galaxy.yml").read_text("utf-8")
    assert f"\nversion: {mail_autoconfig.__version__}\n" in galaxy
