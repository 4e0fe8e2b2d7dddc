from __future__ import annotations

import os
from pathlib import Path
from pwd import getpwuid
from types import SimpleNamespace

import pytest

from mail_autoconfig.sources.privileges import become_owner


@pytest.mark.parametrize(
    ("me", "owner", "done", "home"),
    [
        (0, 1, [("initgroups", "daemon", 2), ("setgid", 2), ("setuid", 1)], getpwuid(1).pw_dir),
        (0, 54321, [("setgid", 2), ("setuid", 54321)], "/nonexistent"),
        (0, 0, [], "/root"),
        (1, 2, [], "/root"),
    ],
)
def test_become_owner(
    me: int,
    owner: int,
    done: list[tuple[object, ...]],
    home: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    called: list[tuple[object, ...]] = []
    for name in ("initgroups", "setgid", "setuid"):
        monkeypatch.setattr(os, name, lambda *given, name=name: called.append((name, *given)))
    monkeypatch.setenv("HOME", "/root")
    monkeypatch.setattr(os, "geteuid", lambda: me)
    monkeypatch.setattr(Path, "stat", lambda _path: SimpleNamespace(st_uid=owner, st_gid=2))
    become_owner(tmp_path)
    assert (called, os.environ["HOME"]) == (done, home)
