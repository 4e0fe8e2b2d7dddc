from __future__ import annotations

from mail_autoconfig.sources.rows import COLUMNS, REQUIRED


def test_required_columns_come_first() -> None:
    assert set(REQUIRED) == set(COLUMNS)
    for kind, columns in REQUIRED.items():
        assert COLUMNS[kind][: len(columns)] == columns
