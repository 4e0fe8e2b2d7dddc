"""The table of answers, through nginx."""

from __future__ import annotations

import pytest

from support.answers import Case, cases, run
from support.deployed import SERVERS, Server


@pytest.mark.parametrize(
    ("server", "case"),
    [
        pytest.param(server, case, id=f"{server.name}: {case.name}")
        for server in SERVERS
        for case in cases(server.suffix)
    ],
)
def test_table(server: Server, case: Case) -> None:
    run(case, server.ask)
