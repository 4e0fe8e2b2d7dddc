"""The fixtures of the scenario."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from e2e.lab import Network
from support.deployed import Server
from support.sources_lab import THIRTEEN, TWELVE


@pytest.fixture(params=[TWELVE, THIRTEEN], ids=lambda server: server.name)
def server(request: pytest.FixtureRequest) -> Server:
    """Each deployed server."""
    assert isinstance(request.param, Server)
    return request.param


@pytest.fixture(scope="session")
def network() -> Iterator[Network]:
    """The mail server and the names of the clients."""
    started = Network()
    yield started
    started.close()
