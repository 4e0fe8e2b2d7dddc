from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.dns_lab import pushed


@pytest.fixture
def restored() -> Iterator[None]:
    yield
    pushed()
