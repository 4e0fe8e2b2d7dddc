from __future__ import annotations

from typing import Any

import pytest

from mail_autoconfig.inventory.fields import ConfigurationError
from mail_autoconfig.inventory.read import parse

OWN = {"name": "own.example", "provider": "gandi"}
SRV = {"name": "srv.example", "provider": "gandi", "discovery": "srv"}
DEFAULT = {"name": "*", "provider": "gandi"}


@pytest.mark.parametrize(
    ("domains", "sources", "needy"),
    [
        ([OWN], False, ""),
        ([OWN, DEFAULT], False, ""),
        ([OWN, SRV], False, "domain srv.example"),
        ([DEFAULT], False, "domain *"),
        ([], True, "autoconfig_sources"),
        ([OWN], True, "autoconfig_sources"),
        ([SRV], True, "domain srv.example"),
    ],
)
def test_who_needs_a_generic_host(domains: list[dict[str, Any]], sources: bool, needy: str) -> None:
    raw = {"domains": domains, "sources": sources}
    parse(raw | {"generic_host": "auto.example"})
    if not needy:
        parse(raw)
        return
    with pytest.raises(ConfigurationError) as caught:
        parse(raw)
    assert caught.value.problems == [
        f"{needy}: has no names of its own; set autoconfig_generic_host to the host that answers "
        "for it"
    ]
