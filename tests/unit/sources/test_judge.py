from __future__ import annotations

import pytest

from mail_autoconfig.sources.judge import doubt

from .samples import source


@pytest.mark.parametrize(
    ("had", "now", "shrink", "said"),
    [
        (100, 100, 0.33, ""),
        (100, 200, 0.33, ""),
        (100, 67, 0.33, ""),
        (100, 66, 0.33, "only 66 of 100 domains"),
        (100, 0, 1, "only 0 of 100 domains"),
        (100, 1, 1, ""),
        (100, 98, 0, "only 98 of 100 domains"),
        (3, 2, 0.33, ""),
        (2, 1, 0.33, ""),
        (3, 1, 0.33, "only 1 of 3 domains"),
        (1, 0, 0.33, "only 0 of 1 domains"),
        (0, 0, 0.33, ""),
        (0, 5, 0.33, ""),
    ],
)
def test_doubt(had: int, now: int, shrink: float, said: str) -> None:
    assert doubt(source(shrink=shrink), "domains", had, now) == said


@pytest.mark.parametrize(
    ("had", "now", "gone", "said"),
    [
        (100, 100, 33, ""),
        (100, 100, 34, "only 66 of 100 domains and 34 others"),
        (10, 10, 10, "only 0 of 10 domains and 10 others"),
        (10, 500, 10, "only 0 of 10 domains and 500 others"),
        (1, 1, 1, ""),
        (2, 2, 2, "only 0 of 2 domains and 2 others"),
    ],
)
def test_others_in_their_place_are_no_less_in_doubt(
    had: int, now: int, gone: int, said: str
) -> None:
    assert doubt(source(), "domains", had, now, gone) == said
