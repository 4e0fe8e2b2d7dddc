"""The fixtures of the scenario."""

from __future__ import annotations

import pytest

from support.deployed import SERVERS, Server


@pytest.fixture(params=SERVERS, ids=lambda server: server.name)
def server(request: pytest.FixtureRequest) -> Server:
    """Each deployed server."""
    assert isinstance(request.param, Server)
    return request.param
