from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mail_autoconfig.inventory.fields import ConfigurationError
from mail_autoconfig.sources import secrets

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
