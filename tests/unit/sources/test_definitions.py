from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from mail_autoconfig.inventory.fields import ConfigurationError
from mail_autoconfig.inventory.names import LONGEST_PACC
from mail_autoconfig.sources import definitions
from mail_autoconfig.sources.definitions import Definition, Definitions
from mail_autoconfig.sources.inventory import load

from .samples import PROVIDERS, SERVERS, source

MIXED = [{**SERVERS[0], "username": "{localpart}"}, SERVERS[1]]


def known(directory: Path, **keys: Any) -> Definitions:
    return Definitions(load(configuration(directory, **keys)))


def configuration(directory: Path, **keys: Any) -> Path:
    path = directory / "config.json"
    path.write_text(json.dumps({"domains": [], "providers": PROVIDERS, **keys}))
    return path


@pytest.mark.parametrize(
    ("raw", "pattern"),
    [
        ({"provider": "acme"}, "{email}"),
        ({"provider": "acme", "username": "{localpart}"}, "{localpart}"),
        ({"provider": "acme", "username": "{ask}"}, ""),
        ({"servers": MIXED}, ""),
    ],
)
def test_pattern(raw: Mapping[str, Any], pattern: str, tmp_path: Path) -> None:
    assert known(tmp_path).of(raw, {}) == Definition(raw, pattern)


@pytest.mark.parametrize(
    ("defaults", "extras", "problem"),
    [
        ({}, {}, "neither provider nor servers; give one of them"),
        (
            {"provider": "acme"},
            {"provider": "acmee"},
            'provider: no provider "acmee"; did you mean "acme"?',
        ),
        ({"provider": "acme", "apex": 1}, {}, "apex: 1 is neither true nor false"),
        ({"provider": "acme"}, {"discovery": "dns"}, 'discovery: no discovery "dns"; use one of '),
        (
            {"provider": "acme"},
            {"discovery": "srv"},
            "discovery: srv needs autoconfig_generic_host",
        ),
        (
            {"provider": "acme"},
            {"display_name": "x" * 61},
            "display_name: 61 characters long; use 60 at most",
        ),
    ],
)
def test_refused(
    defaults: Mapping[str, Any], extras: Mapping[str, str], problem: str, tmp_path: Path
) -> None:
    assert known(tmp_path).of(defaults, extras).refuses("a.example").startswith(problem)


def test_names_on_certificates_are_expected_of_the_source(tmp_path: Path) -> None:
    """Else nothing is installed that orders them."""
    found = known(tmp_path)
    raw = {"provider": "acme", "discovery": "certificate"}
    assert found.of(raw, {}, certified=True).refuses("a.example") == ""
    said = found.of({"provider": "acme"}, {"discovery": "certificate"}, certified=False)
    assert said.refuses("a.example").startswith("discovery: certificate is not expected of this")


def test_what_a_source_says_of_a_domain_wins(tmp_path: Path) -> None:
    found = known(tmp_path, generic_host="h.example").of(
        {"provider": "gandi", "discovery": "certificate"}, {"provider": "acme", "discovery": "srv"}
    )
    assert found.raw == {"provider": "acme", "discovery": "srv"}
    assert found.problem == ""


def test_each_definition_is_checked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = known(tmp_path)
    first = found.of({"provider": "acme"}, {})
    monkeypatch.setattr(definitions, "parse_domain", None)
    assert found.of({"provider": "acme"}, {}) is first


def test_name_too_long_for_pacc(tmp_path: Path) -> None:
    found = known(tmp_path).of({"provider": "acme", "pacc": True}, {})
    assert found.refuses("x" * LONGEST_PACC) == ""
    assert found.refuses("x" * (LONGEST_PACC + 1)) == (
        f"longer than {LONGEST_PACC} octets: no room for _ua-auto-config. before it"
    )


@pytest.mark.parametrize(
    ("pattern", "own"),
    [
        ("{email}", "{localpart}@one.example"),
        ("{localpart}", None),
        ("{localpart}%{domain}", "{localpart}%one.example"),
        ("", None),
    ],
)
def test_alias_domain(pattern: str, own: str | None) -> None:
    raw = {"provider": "acme"}
    expected = raw if own is None else {**raw, "username": own}
    assert Definition(raw, pattern).for_alias("one.example") == expected


def test_check(tmp_path: Path) -> None:
    inventory = load(configuration(tmp_path, generic_host="h.example"))
    # Where a source names no provider, its rows may.
    definitions.check([source(), source(domain={})], inventory)
    with pytest.raises(ConfigurationError) as caught:
        definitions.check([source(domain={"provider": "acmee"}), source()], inventory)
    (line,) = caught.value.problems
    assert line.startswith('source customers, domain: provider: no provider "acmee"')
