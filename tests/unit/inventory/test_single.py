from __future__ import annotations

from typing import Any

import pytest

from mail_autoconfig.inventory.read import ConfigurationError, built_in_providers
from mail_autoconfig.inventory.single import parse_domain, parse_providers

from .samples import SERVER, SMTP

OWN = parse_providers({"acme": {"servers": [SERVER, SMTP]}})


def test_providers() -> None:
    assert {"acme", "gandi"} <= OWN.keys()
    with pytest.raises(ConfigurationError, match="provider acme"):
        parse_providers({"acme": {}})


def test_domain() -> None:
    found = parse_domain({"name": "BÜCHER.example", "provider": "acme", "discovery": "srv"}, OWN)
    assert found.name == "xn--bcher-kva.example"
    assert found.settings is OWN["acme"]
    assert (
        parse_domain({"name": "a.example", "provider": "gandi"}, OWN).settings
        is (built_in_providers()["gandi"])
    )


URL = {"url": "https://autodiscover.a.example/"}


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ({"name": "a b", "provider": "acme"}, 'domain: "a b" is not a host name'),
        ({"provider": "acme"}, 'domain, {"provider": "acme"}: no name'),
        ("a.example", 'domain: "a.example" is not a mapping'),
        ({"name": "a.example", "provider": "acm"}, 'provider: no provider "acm"'),
        ({"name": "a.example", "provider": "acme", "redirect": URL}, "a circle: a.example"),
        ({"name": "*", "provider": "acme"}, "default entry can't come from a source"),
    ],
)
def test_domain_that_is_not_right(raw: Any, problem: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_domain(raw, OWN)
    assert problem in str(caught.value)


def test_redirect_to_the_generic_host() -> None:
    raw = {"name": "a.example", "provider": "acme", "redirect": {"url": "https://mx.example/"}}
    assert parse_domain(raw, OWN)
    with pytest.raises(ConfigurationError, match="a circle"):
        parse_domain(raw, OWN, "mx.example")
