from __future__ import annotations

from dataclasses import fields

from mail_autoconfig.inventory import keys as inventory
from mail_autoconfig.sources import keys
from mail_autoconfig.sources.rows import COLUMNS, EXTRAS
from mail_autoconfig.sources.settings import Source


def test_each_key_becomes_a_setting() -> None:
    settings = {field.name for field in fields(Source)}
    assert set(keys.SOURCE) - set(COLUMNS) - {"preset"} == settings - {"queries", "logins"}
    assert set(COLUMNS) <= set(keys.SOURCE)


def test_types_of_keys_are_there() -> None:
    assert set(keys.FOR) <= set(keys.SOURCE)
    assert {kind for kinds in keys.FOR.values() for kind in kinds} <= set(keys.TYPES)
    assert set(keys.QUERIES) == set(keys.TYPES) - {"sql"}


def test_extras_are_keys_of_a_domain() -> None:
    assert set(EXTRAS) <= set(inventory.DOMAIN)
