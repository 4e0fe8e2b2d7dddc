"""What preflight says of sources, and what the role gets of them."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

import pytest

RAW: dict[str, Any] = {
    "domains": [],
    "providers": {"acme": {"servers": [{"type": "imap", "host": "mail.example"}]}},
    "generic_host": "auto.example",
}
GOOD: dict[str, Any] = {
    "name": "customers",
    "type": "sql",
    "url": "postgresql://reader@db.example/postfix",
    "domains": "SELECT domain FROM domain",
    "domain": {"provider": "gandi"},
}


def sources() -> ModuleType:
    return importlib.import_module(
        "ansible_collections.mailhost.autoconfig.plugins.plugin_utils.sources"
    )


def check(*listed: dict[str, Any], secrets: Any = None, raw: dict[str, Any] = RAW) -> list[str]:
    values = {"autoconfig_sources": list(listed), "autoconfig_sources_secrets": secrets or {}}
    found: list[str] = sources().check(values, raw)
    return found


def test_right_ones() -> None:
    other = GOOD | {"name": "other", "domain": {}}  # each row names a provider
    assert check(GOOD, other, secrets={"customers": {"password": "secret"}}) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"url": "postgresql://reader:hunter2@db.example/x"}, "source customers, url: a password"),
        ({"evry": 5}, 'source customers: unknown key "evry"; did you mean "every"?'),
        ({"domain": {"provider": "gandy"}}, "source customers, domain: provider: no provider"),
    ],
)
def test_wrong_source(change: dict[str, Any], said: str) -> None:
    (line,) = check(GOOD | change)
    assert line.startswith(said)
    assert "hunter2" not in line


@pytest.mark.parametrize(
    ("secrets", "said"),
    [
        ({"custmers": {"password": "hunter2"}}, "no source custmers; there is customers"),
        ({"customers": "hunter2"}, "customers: not a mapping"),
        ({"customers": {"pasword": "hunter2"}}, "customers: unknown key"),
        ({"customers": {"password": 5}}, "customers.password: not a line of text"),
        ({"customers": {"token": "hunter2"}}, "customers.token: no effect with type sql"),
    ],
)
def test_wrong_secret(secrets: Any, said: str) -> None:
    (line,) = check(GOOD, secrets=secrets)
    assert line.startswith("autoconfig_sources_secrets")
    assert said in line
    assert "hunter2" not in line


def test_host_that_answers_for_them_is_not_missed_twice() -> None:
    """The check of the configuration says it."""
    assert check(GOOD, raw={key: RAW[key] for key in RAW if key != "generic_host"}) == []


@pytest.mark.parametrize(
    ("change", "packages"),
    [
        ({}, ["python3-psycopg2", "python3-sqlalchemy"]),
        ({"url": "mysql://reader@db.example/x"}, ["python3-pymysql", "python3-sqlalchemy"]),
        ({"url": "sqlite:////srv/x.sqlite"}, ["python3-sqlalchemy"]),
        (
            {
                "type": "ldap",
                "url": "ldaps://ldap.example",
                "domains": {"filter": "(mail=*)", "domain": "mail"},
            },
            ["python3-ldap3"],
        ),
        (
            {
                "type": "http",
                "url": "https://api.example",
                "domains": {"path": "/domains", "domain": "name"},
            },
            ["python3-httpx"],
        ),
        (
            {"type": "command", "url": None, "domains": {"command": ["/bin/list"]}},
            [],
        ),
    ],
)
def test_packages(change: dict[str, Any], packages: list[str]) -> None:
    source = {key: value for key, value in (GOOD | change).items() if value is not None}
    assert sources().needs([source])["packages"] == packages


def test_timer_follows_the_most_frequent() -> None:
    several = [GOOD | {"every": 300}, GOOD | {"name": "b", "every": 20}, GOOD | {"name": "c"}]
    assert sources().needs(several)["every"] == 20


def test_service_waits_for_the_slowest() -> None:
    assert sources().needs([GOOD, GOOD | {"name": "b", "timeout": 3600}])["timeout"] == 3600


@pytest.mark.parametrize(
    ("change", "certified"),
    [
        ({}, False),
        ({"domain": {"provider": "gandi", "discovery": "srv"}}, False),
        ({"domain": {"provider": "gandi", "discovery": "certificate"}}, True),
        ({"domains": "SELECT domain, x AS Discovery FROM domain"}, True),
        ({"domains": "SELECT domain, rediscovery FROM domain"}, False),
    ],
)
def test_names_on_certificates_are_expected(change: dict[str, Any], certified: bool) -> None:
    """Only then is what serves and orders them installed."""
    assert sources().needs([GOOD, GOOD | {"name": "other"} | change])["certified"] is certified
