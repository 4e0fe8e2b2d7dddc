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


def test_no_json_is_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "secrets"
    path.write_text(SECRET)
    with pytest.raises(ConfigurationError, match="secrets: not JSON in UTF-8"):
        secrets.load(path)


def test_systemd_hands_them_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    assert secrets.usual_path() == secrets.USUAL
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/run/credentials/x")
    assert secrets.usual_path() == Path("/run/credentials/x/secrets")
