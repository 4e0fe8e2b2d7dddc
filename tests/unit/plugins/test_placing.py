"""Files and directories, many in one call: the module `files`, run by Ansible on this machine."""

from __future__ import annotations

import importlib
import stat
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest

from support import modules


def entries(directory: Path) -> list[dict[str, Any]]:
    return [
        {"path": f"{directory}/a/b", "state": "directory", "mode": "0750"},
        {"path": f"{directory}/a/b/file", "content": "new\n", "mode": "0640"},
        {"path": f"{directory}/there", "content": "same\n", "mode": "0600"},
        {"path": f"{directory}/wide", "state": "directory", "mode": "u+rwx,go+rx"},
        {"path": f"{directory}/old", "state": "absent"},
        {"path": f"{directory}/link", "state": "absent"},
        {"path": f"{directory}/none", "state": "absent"},
    ]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def host(tmp_path: Path) -> Path:
    (tmp_path / "there").write_text("same\n")
    (tmp_path / "there").chmod(0o600)
    (tmp_path / "wide").mkdir(mode=0o775)
    (tmp_path / "wide").chmod(0o2775)
    (tmp_path / "old/deep").mkdir(parents=True)
    (tmp_path / "link").symlink_to("wide")
    return tmp_path


def test_files(host: Path) -> None:
    done = modules.run("files", {"entries": entries(host)}, "--diff")
    changed = [Path(path).name for path in done["paths"]]
    assert changed == ["b", "file", "old", "link"]
    assert (host / "a/b/file").read_text() == "new\n"
    assert [mode(host / name) for name in ("a", "a/b", "a/b/file")] == [0o755, 0o750, 0o640]
    assert mode(host / "wide") == 0o2775
    assert not (host / "old").exists()
    assert not (host / "link").is_symlink()
    again = modules.run("files", {"entries": entries(host)})
    assert (again["changed"], again["paths"]) == (False, [])


def test_mode_of_a_file_that_is_as_it_should_be(host: Path) -> None:
    (host / "there").chmod(0o644)
    done = modules.run("files", {"entries": entries(host)[2:3]})
    assert done["paths"] == [f"{host}/there"]
    assert mode(host / "there") == 0o600


def test_check_mode_says_the_same_and_does_nothing(host: Path) -> None:
    done = modules.run("files", {"entries": entries(host)}, "--check")
    assert [Path(path).name for path in done["paths"]] == ["b", "file", "old", "link"]
    assert not (host / "a").exists()
    assert (host / "old/deep").is_dir()
    assert (host / "link").is_symlink()


def test_diff(host: Path) -> None:
    placing = importlib.import_module(
        "ansible_collections.mailhost.autoconfig.plugins.module_utils.placing"
    )
    module = MagicMock(check_mode=True)
    wanted = [{"state": "file"} | entry for entry in entries(host)]
    (host / "there").write_text("before\n")
    shown = {
        Path(each["after_header"]).name: (each["before"], each["after"])
        for each in placing.place(module, wanted).diff
    }
    assert shown == {
        "b": ("absent\n", "directory\n"),
        "file": ("", "new\n"),
        "there": ("before\n", "same\n"),
        "old": ("directory\n", "absent\n"),
        "link": ("file\n", "absent\n"),
    }
