"""The sites of others stay as they are, whatever the roles do. The tests build on each other."""

from __future__ import annotations

from support.neighbours import SERVER, differences


def test_everything_of_theirs_is_as_before() -> None:
    """Byte for byte: files, links, owners, and what each site answers."""
    assert differences(SERVER) == {}
