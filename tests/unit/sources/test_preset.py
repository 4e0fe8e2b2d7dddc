from __future__ import annotations

from mail_autoconfig.sources.preset import as_list, presets
from mail_autoconfig.sources.rows import COLUMNS


def test_queries_and_settings() -> None:
    found = presets()["mailcow"]
    assert found.settings == {"sql": {}, "http": {"token_header": "X-API-Key"}}
    assert set(found.queries["http"]) == set(COLUMNS)


def test_one_or_many() -> None:
    assert as_list("a") == ("a",)
    assert as_list([{"a": 1}, {"b": 2}]) == ({"a": 1}, {"b": 2})
