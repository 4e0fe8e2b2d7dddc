"""What the documentation says of the tests is so."""

from __future__ import annotations

import re
from pathlib import Path

from support.answers import cases

ROOT = Path(__file__).parents[2]
CLIENTS = (ROOT / "docs/clients.md").read_text()


def test_tests_that_the_clients_table_names_exist() -> None:
    named = re.findall(r"`(tests/\S+\.py)(?:::(\w+))?`", CLIENTS)
    assert named
    for path, function in named:
        assert f"def {function}" in (ROOT / path).read_text(), (path, function)


def test_rows_that_the_clients_table_names_exist() -> None:
    _, _, requests = CLIENTS.partition("## Requests")
    rows = {
        row
        for line in requests.splitlines()
        for row in re.findall('"([^"]+)"', line.rpartition(" | ")[2])
    }
    assert rows
    assert rows <= {case.name for case in cases()}
