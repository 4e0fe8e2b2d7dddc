from __future__ import annotations

import pytest

from mail_autoconfig.inventory.hosts import HOSTS, domain_of, host_of, is_host, record_of


def test_names() -> None:
    assert [host_of(kind, "example.com") for kind in HOSTS] == [
        "autodiscover.example.com",
        "autoconfig.example.com",
        "ua-auto-config.example.com",
    ]
    assert record_of("_autodiscover._tcp", "example.com") == "_autodiscover._tcp.example.com"
    assert record_of("_ua-auto-config", "example.com") == "_ua-auto-config.example.com"


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("autodiscover.example.com", "example.com"),
        ("autoconfig.autodiscover.example.com", "autodiscover.example.com"),
        ("ua-auto-config.example.com", "example.com"),
        ("example.com", None),
        ("autodiscoverx.example.com", None),
        ("", None),
    ],
)
def test_domain_of_a_host(host: str, domain: str | None) -> None:
    assert domain_of(host) == domain
    assert any(is_host(kind, host) for kind in HOSTS) == (domain is not None)
