"""What all clients share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from e2e.lab import Network


@pytest.fixture(scope="session")
def network() -> Iterator[Network]:
    """The mail server and the names of the clients."""
    started = Network()
    yield started
    started.close()
