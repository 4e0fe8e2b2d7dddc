from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from mail_autoconfig.sources.privileges import become_owner


@pytest.mark.parametrize(
    ("me", "owner", "done"),
    [
        (0, 1, [("initgroups", "daemon", 2), ("setgid", 2), ("setuid", 1)]),
        (0, 54321, [("setgid", 2), ("setuid", 54321)]),
        (0, 0, []),
        (1, 2, []),
    ],
)
def test_become_owner(
    me: int,
    owner: int,
    done: list[tuple[object, ...]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    called: list[tuple[object, ...]] = []
    for name in ("initgroups", "setgid", "setuid"):
        monkeypatch.setattr(os, name, lambda *given, name=name: called.append((name, *given)))
    monkeypatch.setattr(os, "geteuid", lambda: me)
    monkeypatch.setattr(Path, "stat", lambda _path: SimpleNamespace(st_uid=owner, st_gid=2))
    become_owner(tmp_path)
    assert called == done
