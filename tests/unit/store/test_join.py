from __future__ import annotations

from pathlib import Path

import pytest

from mail_autoconfig.inventory.model import Configuration
from mail_autoconfig.inventory.read import ConfigurationError, parse
from mail_autoconfig.store.file import StoreError
from mail_autoconfig.store.join import joined, load
from mail_autoconfig.store.write import write

from .samples import PROVIDERS, entry


@pytest.fixture
def configuration() -> Configuration:
    return parse(
        {
            "domains": [{"name": "own.example", "provider": "gandi"}],
            "generic_host": "auto.example",
        }
    )


def test_missing_store_has_no_domain(configuration: Configuration, tmp_path: Path) -> None:
    assert joined(configuration, tmp_path / "none") == configuration


def test_inventory_comes_first_and_wins(configuration: Configuration, tmp_path: Path) -> None:
    path = tmp_path / "domains.store"
    write(path, PROVIDERS, [entry("z.example"), entry("own.example"), entry("a.example")])
    found = joined(configuration, path).domains
    assert [*found] == ["own.example", "a.example", "z.example"]
    assert found["own.example"] == configuration.domains["own.example"]
    assert found["a.example"].settings.servers


@pytest.mark.parametrize(("most", "count"), [(None, 10), (20, 10), (5, 5), (4, 4), (1, 1)])
def test_some_spread_over_all(
    most: int | None, count: int, configuration: Configuration, tmp_path: Path
) -> None:
    path = tmp_path / "domains.store"
    write(path, PROVIDERS, [entry(f"d{number}.example") for number in range(10)])
    found = [*joined(configuration, path, most).domains][1:]
    assert len(found) == count
    assert found[0] == "d0.example"


def test_broken_store(configuration: Configuration, tmp_path: Path) -> None:
    path = tmp_path / "domains.store"
    path.write_bytes(b"no store")
    with pytest.raises(StoreError):
        joined(configuration, path)
    file = tmp_path / "config.json"
    file.write_text('{"domains": [], "sources": true, "generic_host": "auto.example"}')
    assert len(load(file, None)) == 0
    with pytest.raises(ConfigurationError, match=r"domains\.store: "):
        load(file, path)
