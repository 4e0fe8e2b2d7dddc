from __future__ import annotations

import json
from typing import Any

import pytest

from mail_autoconfig.answers.autodiscover_json import PATH, RequestError, render
from mail_autoconfig.inventory.addresses import parse as address
from mail_autoconfig.inventory.read import parse as configuration

OURS = "https://autodiscover.example.com/autodiscover/autodiscover.xml"
SERVERS = [
    {"type": "imap", "host": "i.example.com"},
    {"type": "smtp", "host": "i.example.com"},
    {"type": "activesync", "url": "https://a.example/{localpart}"},
]


def answer(protocol: str, **keys: Any) -> str:
    raw = {"domains": [{"name": "example.com", "servers": SERVERS} | keys]}
    domain = configuration(raw).domains["example.com"]
    return str(json.loads(render(domain, address("a/b@example.com"), protocol, OURS))["Url"])


def test_urls() -> None:
    assert answer("autodiscoverV1") == OURS
    assert answer("ACTIVESYNC") == "https://a.example/a%2Fb"


def test_redirects() -> None:
    other = {"url": "https://other.example/x"}
    assert answer("AutodiscoverV1", redirect=other) == other["url"]
    assert answer("AutodiscoverV1", redirect={"address": "{localpart}@example.net"}) == OURS


def test_no_autodiscover_without_settings_to_give() -> None:
    with pytest.raises(RequestError) as caught:
        answer("AutodiscoverV1", servers=SERVERS[2:])
    assert caught.value.status == 400
    assert json.loads(caught.value.body)["ErrorMessage"].endswith("values are 'ActiveSync'.")


@pytest.mark.parametrize(
    ("path", "email"),
    [
        ("/autodiscover/autodiscover.json", None),
        ("/Autodiscover/Autodiscover.JSON/V1.0/A@b.c", "A@b.c"),
        ("/autodiscover/autodiscover.json/v1.0/a/b@c.d", "a/b@c.d"),
        ("/autodiscover/autodiscover.json/v1.0/", ""),
        ("/autodiscover/autodiscover.json/v1.0", None),
    ],
)
def test_path(path: str, email: str | None) -> None:
    found = PATH.fullmatch(path)
    assert found is not None
    assert found["email"] == email


@pytest.mark.parametrize("path", ["/autodiscover.json", "/autodiscover/autodiscover.jsonx"])
def test_other_path(path: str) -> None:
    assert PATH.fullmatch(path) is None
