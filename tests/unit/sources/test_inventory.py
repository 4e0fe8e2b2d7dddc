from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mail_autoconfig.inventory import file
from mail_autoconfig.inventory.fields import ConfigurationError
from mail_autoconfig.sources import inventory

from .samples import PROVIDERS


def write(directory: Path, raw: Any) -> Path:
    path = directory / "config.json"
    path.write_text(json.dumps(raw))
    return path


def test_what_sources_need(tmp_path: Path) -> None:
    domains = [
        {"name": "Bücher.example"},
        {"name": "*"},
        {"name": "a.example"},
        {},
        "x",
        {"name": 5},
    ]
    raw = {"domains": domains, "providers": PROVIDERS, "generic_host": "h.example"}
    found = inventory.load(write(tmp_path, raw))
    assert found.names == {"xn--bcher-kva.example", "a.example"}
    assert found.raw_providers == PROVIDERS
    assert {"acme", "gandi"} <= set(found.providers)
    assert found.generic_host == "h.example"


def test_without_a_domain(tmp_path: Path) -> None:
    found = inventory.load(write(tmp_path, {"domains": []}))
    assert (found.names, found.raw_providers, found.generic_host) == (frozenset(), {}, None)


def test_digest_is_of_the_file(tmp_path: Path) -> None:
    one = inventory.load(write(tmp_path, {"domains": []})).digest
    assert (
        inventory.load(write(tmp_path, {"domains": [], "generic_host": "h.example"})).digest != one
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "config.json: can't be read: No such file or directory"),
        (b"{", "config.json: not JSON: "),
        (b"[]", "config.json: not a mapping"),
        (b'{"providers": {"acme": {}}}', "config.json: provider acme, servers: "),
    ],
)
def test_wrong(content: bytes | None, said: str, tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        inventory.load(path)
    assert caught.value.problems[0].startswith(said)


def test_file_that_is_the_same_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a container this runs for months, and YAML of many domains takes seconds."""
    path = write(tmp_path, {"domains": [{"name": "a.example"}]})
    first = inventory.load(path)
    with monkeypatch.context() as patch:
        patch.setattr(file, "read", None)
        assert inventory.load(path) is first
    path.unlink()
    write(tmp_path, {"domains": [{"name": "b.example"}]})
    assert inventory.load(path).names == {"b.example"}


def test_inventory_with_its_sources_and_logos(tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(b"\x00\xff")
    path = tmp_path / "domains.yml"
    provider = {"acme": {**PROVIDERS["acme"], "logo": "logo.png"}}
    raw = {"autoconfig_providers": provider, "autoconfig_sources": [{"name": "customers"}]}
    path.write_text(json.dumps(raw))
    found = inventory.read(path)
    assert found.raw_sources == [{"name": "customers"}]
    assert found.raw_providers["acme"]["logo"] == "data:image/png;base64,AP8="
