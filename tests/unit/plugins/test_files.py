"""Files on the controller; what gets to a host is the scenarios' part."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from types import ModuleType

import pytest


def files() -> ModuleType:
    return importlib.import_module(
        "ansible_collections.mailhost.autoconfig.plugins.plugin_utils.files"
    )


def test_replace(tmp_path: Path) -> None:
    path = tmp_path / "new/directory/file"
    for content in b"one", b"two":
        files().replace(path, content)
        assert path.read_bytes() == content
    assert list(path.parent.iterdir()) == [path]


def test_what_could_not_be_written_leaves_the_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fchmod", full)
    with pytest.raises(OSError, match="No space"):
        files().replace(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_shown() -> None:
    assert files().shown("file", "old\n", "new\n") == {
        "before_header": "file",
        "after_header": "file",
        "before": "old\n",
        "after": "new\n",
    }
