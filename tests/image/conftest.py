from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.containers import docker


@pytest.fixture(scope="session")
def network() -> Iterator[str]:
    name = "autoconfig-image"
    docker("network", "rm", name, check=False)
    docker("network", "create", "--subnet=198.18.50.0/24", name)
    yield name
    docker("network", "rm", name)
