"""What is refused before a host changes."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml


def checks() -> ModuleType:
    return importlib.import_module(
        "ansible_collections.mailhost.autoconfig.plugins.plugin_utils.checks"
    )


@pytest.mark.parametrize(
    ("version", "problems"),
    [
        ("2.19.0", []),
        ("2.20.0rc1", []),
        ("3.0.0", []),
        ("2.18.9", ["ansible-core 2.18.9 is too old; use 2.19 or later"]),
    ],
)
def test_controller(version: str, problems: list[str]) -> None:
    assert list(checks().controller(version)) == problems


def test_oldest_ansible_is_that_of_the_collection() -> None:
    runtime: dict[str, Any] = yaml.safe_load(
        Path(__file__).parents[3].joinpath("meta/runtime.yml").read_text("utf-8")
    )
    assert runtime["requires_ansible"] == ">={}.{}.0".format(*checks().OLDEST_ANSIBLE)


def test_certificates_host() -> None:
    for name in "", "one":
        assert list(checks().certificates_host(name, ["one", "two"])) == []
    assert list(checks().certificates_host("three", ["one", "two"])) == [
        "autoconfig_certificates_host is 'three', which is no host of the inventory; "
        "name one of autoconfig_servers"
    ]


WANTED: dict[str, Any] = {
    "mode": "letsencrypt",
    "environment": "staging",
    "directory": "",
    "existing": ["", ""],
    "limits": [],
    "known_limits": ["orders", "failures"],
    "challenge": "http-01",
    "wildcards": [],
    "profile": "",
    "max_names": 50,
    "servers": 0,
    "providers": [],
    "known_providers": ["gandi", "ovh"],
    "requirements": "",
}
IN_DNS = {"challenge": "dns-01", "servers": 1}


@pytest.mark.parametrize(
    "other",
    [
        {},
        {"mode": "acme", "directory": "https://acme.test/dir"},
        {"mode": "existing", "existing": ["/a", "/b"]},
        {"mode": "selfsigned", "environment": ""},
        {"mode": "selfsigned", "challenge": "dns-01"},
        {"limits": ["orders"]},
        {"profile": "classic", "max_names": 100},
        {"profile": "tlsserver", "max_names": 25},
        {"mode": "selfsigned", "profile": "tlsserver"},
        IN_DNS | {"wildcards": ["example.com"], "providers": ["gandi"]},
        IN_DNS | {"providers": ["gandi", "octodns_x.XProvider"], "requirements": "/pins.txt"},
    ],
)
def test_certificates_that_are_right(other: dict[str, Any]) -> None:
    assert list(checks().certificates(WANTED | other)) == []


@pytest.mark.parametrize(
    ("other", "problems"),
    [
        (
            IN_DNS | {"providers": ["octodns_x.XProvider"]},
            [
                "autoconfig_dns_servers: octodns_x.XProvider is not among what the collection "
                "installs on a host; give autoconfig_certificates_dns_requirements, a file with "
                "its version and digests, or prove the names in another zone (docs/frontends.md)"
            ],
        ),
        (
            {"profile": "shortlived", "max_names": 26},
            [
                "autoconfig_certificates_max_names is 26, but the profile shortlived has 25 at "
                "most; leave the variable out, or use 1 to 25"
            ],
        ),
        (
            {"mode": ""},
            [
                "autoconfig_certificates_mode is not set; "
                "use letsencrypt, acme, selfsigned or existing"
            ],
        ),
        (
            {"environment": ""},
            [
                "autoconfig_certificates_letsencrypt_environment is not set; "
                "use staging for a first try, then production"
            ],
        ),
        (
            {"mode": "acme", "directory": "http://x"},
            [
                "autoconfig_certificates_acme_directory is 'http://x'; "
                "use the https URL of the authority's ACME directory"
            ],
        ),
        (
            {"mode": "existing", "existing": ["/a", "b"]},
            [
                "autoconfig_certificates_existing_certificate and "
                "autoconfig_certificates_existing_key must be full paths on the host"
            ],
        ),
        (
            {"limits": ["orders", "a", "b"]},
            ["autoconfig_certificates_limits: unknown key a, b; use orders, failures"],
        ),
        (
            {"wildcards": ["example.com", "example.org"]},
            [
                "autoconfig_certificates_wildcards needs autoconfig_certificates_challenge: "
                "dns-01; an authority takes no other proof for example.com, example.org"
            ],
        ),
        (
            IN_DNS | {"servers": 0},
            [
                "autoconfig_certificates_challenge is dns-01, but autoconfig_dns_servers has no "
                "address with a key; name a server that takes dynamic updates, or set "
                "autoconfig_certificates_dns_apis for the APIs of providers"
            ],
        ),
        (
            IN_DNS | {"providers": ["gandy", "ovh", "gandy", "a b.C"]},
            [
                f'autoconfig_dns_servers: no provider "{name}"; use gandi, ovh, '
                "or a class of octoDNS"
                for name in ("gandy", "a b.C")
            ],
        ),
    ],
)
def test_certificates_that_are_wrong(other: dict[str, Any], problems: list[str]) -> None:
    assert list(checks().certificates(WANTED | other)) == problems


def test_front_ends() -> None:
    assert list(checks().front_ends(["one"])) == []
    (problem,) = checks().front_ends([])
    assert problem.startswith("autoconfig_front_ends is empty; name the hosts that answer")


@pytest.mark.parametrize("status", [0, 1, 127, 203])
def test_host_that_can_isolate_services_or_where_something_else_is_wrong(status: int) -> None:
    assert list(checks().isolation(status)) == []


def test_host_that_can_not_isolate_services() -> None:
    (problem,) = checks().isolation(226)
    assert problem.startswith("This host can't isolate services (226/NAMESPACE), as in a container")
    assert "autoconfig_isolate_services: false" in problem


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("", []),
        ("letsencrypt", []),
        ("acme", []),
        ("selfsigned", ["autoconfig_certificates_mode is selfsigned"]),
        ("existing", ["autoconfig_certificates_mode is existing"]),
    ],
)
def test_names_of_sources(mode: str, said: list[str]) -> None:
    found = list(checks().names_of_sources(mode))
    assert len(found) == len(said)
    for line, begin in zip(found, said, strict=True):
        assert line.startswith(begin)
        assert "discovery: srv" in line
