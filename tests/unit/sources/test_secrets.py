from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mail_autoconfig.inventory.fields import ConfigurationError
from mail_autoconfig.sources import secrets

from .samples import source

SECRET = "hunter2"


def test_load(tmp_path: Path) -> None:
    path = tmp_path / "secrets"
    assert secrets.load(path) == {}
    path.write_text(json.dumps({"customers": {"password": SECRET}}))
    assert secrets.load(path) == {"customers": {"password": SECRET}}


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ([SECRET], "not a mapping of sources"),
        ({"customers": SECRET}, "not a mapping such as"),
        ({"customers": {SECRET: "x"}}, "unknown key; use password or token"),
        ({"customers": {"password": [SECRET]}}, "not a line of text"),
        ({"customers": {"password": f"{SECRET}\n"}}, "not a line of text"),
        ({"customers": {"password": ""}}, "not a line of text"),
    ],
)
def test_wrong_and_never_shown(raw: Any, said: str, tmp_path: Path) -> None:
    path = tmp_path / "secrets"
    path.write_text(json.dumps(raw))
    with pytest.raises(ConfigurationError, match=said) as caught:
        secrets.load(path)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("text", [f"{SECRET}: [", f'{{"{SECRET}"', f"a: \x00{SECRET}"])
def test_what_cannot_be_read_is_not_shown(text: str, tmp_path: Path) -> None:
    path = tmp_path / "secrets"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match="secrets: neither JSON nor YAML") as caught:
        secrets.load(path)
    assert SECRET not in str(caught.value)


def test_text_alone_is_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "secrets"
    path.write_text(SECRET)
    with pytest.raises(ConfigurationError, match="not a mapping of sources") as caught:
        secrets.load(path)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        f"customers: {{password: {SECRET}}}",
        f"autoconfig_sources_secrets:\n  customers:\n    password: {SECRET}\n",
        json.dumps({"autoconfig_sources_secrets": {"customers": {"password": SECRET}}}),
    ],
)
def test_as_people_write_them(text: str, tmp_path: Path) -> None:
    path = tmp_path / "secrets"
    path.write_text(text)
    assert secrets.load(path) == {"customers": {"password": SECRET}}


LDAP = {"type": "ldap", "url": "ldaps://l.example", "preset": "openldap", "domains": None}
HTTP = {"type": "http", "url": "https://a.example", "preset": "mailcow", "domains": None}
COMMAND = {"type": "command", "url": None, "domains": {"command": ["/bin/list"]}}


@pytest.mark.parametrize(
    ("source_keys", "secret", "said"),
    [
        ({}, "password", None),
        (LDAP | {"user": "cn=reader"}, "password", None),
        (HTTP | {"user": "reader"}, "password", None),
        (HTTP | {"url": "https://reader@a.example"}, "password", None),
        (HTTP, "token", None),
        (LDAP, "password", "no effect without user; write who logs in to the source"),
        (HTTP, "password", "no effect without user; write who logs in to the source"),
        ({}, "token", "no effect with type sql; it is for http"),
        (COMMAND, "password", "no effect with type command; it is for sql, ldap, http"),
    ],
)
def test_secret_without_an_effect(
    source_keys: dict[str, Any], secret: str, said: str | None
) -> None:
    found = list(secrets.unused({"customers": {secret: SECRET}}, [source(**source_keys)]))
    expected = [f"autoconfig_sources_secrets, customers.{secret}: {said}"]
    assert found == (expected if said else [])


def test_secrets_that_are_none_are_said_elsewhere() -> None:
    for raw in ([SECRET], {"customers": SECRET}, {"customers": {"pasword": SECRET}}, {}):
        assert list(secrets.unused(raw, [source()])) == []


def test_a_container_has_them_mounted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    monkeypatch.setattr(secrets, "MOUNTED", tmp_path / "sources-secrets")
    assert secrets.usual_path() == secrets.USUAL
    secrets.MOUNTED.touch()
    assert secrets.usual_path() == secrets.MOUNTED


def test_systemd_hands_them_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    assert secrets.usual_path() == secrets.USUAL
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/run/credentials/x")
    assert secrets.usual_path() == Path("/run/credentials/x/secrets")
