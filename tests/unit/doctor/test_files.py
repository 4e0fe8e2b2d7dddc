from __future__ import annotations

import os
from pathlib import Path

import pytest

from mail_autoconfig.doctor.files import write


def test_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.prom"
    write(path, "ä\n")
    assert path.read_text("utf-8") == "ä\n"
    assert path.stat().st_mode & 0o777 == 0o644
    before = path.stat().st_ino
    write(path, "b\n")
    assert path.stat().st_ino != before  # replaced, not written over

    def fails(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "fchmod", fails)
    with pytest.raises(OSError, match="disk full"):
        write(path, "c\n")
    assert path.read_text() == "b\n"
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_no_file_is_written_to() -> None:
    write(Path(os.devnull), "x")
    assert not Path(os.devnull).is_file()


def test_directory_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write(tmp_path / "no/x", "")
