from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

from mail_autoconfig.answers.mobilesync import render
from mail_autoconfig.inventory.addresses import parse as address
from mail_autoconfig.inventory.read import parse as configuration
from support.answers import MOBILESYNC

FIRST = {"type": "activesync", "url": "https://first.example/{email}?{domain}"}
SECOND = {"type": "activesync", "url": "https://second.example/"}


def rendered(email: str, **keys: Any) -> dict[str, str | None]:
    raw = {"domains": [{"name": "example.com", "servers": [FIRST, SECOND]} | keys]}
    root = ET.fromstring(render(configuration(raw).domains["example.com"], address(email)))
    return {
        leaf.tag.removeprefix(MOBILESYNC): leaf.text
        for leaf in root.iter()
        if leaf.text and leaf.text.strip()
    }


def test_first_server_with_the_address_in_its_url() -> None:
    found = rendered("a&b/c@Example.com")
    url = "https://first.example/a%26b%2Fc@Example.com?example.com"
    assert (found["Url"], found["Name"]) == (url, url)
    assert found["EMailAddress"] == "a&b/c@Example.com"


def test_redirect_to_an_address_comes_first() -> None:
    found = rendered("a&b@example.com", redirect={"address": "{localpart}@example.net"})
    assert found["Redirect"] == "a&b@example.net"
    assert "Url" not in found


def test_redirect_to_a_url_can_not_be_said() -> None:
    found = rendered("a@example.com", redirect={"url": "https://other.example/"})
    assert found["Url"] == "https://first.example/a@example.com?example.com"
