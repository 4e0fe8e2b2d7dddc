"""The fixtures of the scenario."""

from __future__ import annotations

import pytest

from support.certified import SERVERS
from support.deployed import Server


@pytest.fixture(params=SERVERS, ids=lambda server: server.name)
def server(request: pytest.FixtureRequest) -> Server:
    """Each deployed server."""
    assert isinstance(request.param, Server)
    return request.param
