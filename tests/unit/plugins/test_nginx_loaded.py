"""What nginx has loaded, and what it says of it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from ansible_collections.mailhost.autoconfig.plugins.module_utils.nginx_loaded import (
    is_loaded,
    refused,
)


def test_file_that_nginx_has_loaded(tmp_path: Path) -> None:
    ours, loaded = tmp_path / "ours.conf", tmp_path / "loaded"
    ours.write_text("server {}\n")
    assert not is_loaded(str(ours), str(loaded))
    printed = subprocess.run(["sha256sum", ours], capture_output=True, text=True, check=True)
    loaded.write_text(printed.stdout)
    assert is_loaded(str(ours), str(loaded))
    ours.write_text("server { }\n")
    assert not is_loaded(str(ours), str(loaded))


@pytest.mark.parametrize(
    ("names", "why"),
    [
        ([], ""),
        (["theirs.test"], ""),
        (["theirs.test", "a.test"], "another site of this nginx serves a.test"),
        (["b.test", "a.test", "b.test"], "another site of this nginx serves b.test and a.test"),
    ],
)
def test_site_with_one_of_our_names(names: list[str], why: str) -> None:
    said = "".join(f'[warn] conflicting server name "{name}" on 0.0.0.0:80\n' for name in names)
    assert refused(said, "server_name a.test\n  b.test;") == why


def test_name_that_moves_from_a_source_is_no_other_site_s() -> None:
    said = '[warn] conflicting server name "a.test" on 0.0.0.0:80\n'
    assert refused(said, "server_name a.test;", "server_name a.test;") == ""
    assert refused(said, "server_name a.test;", "server_name b.test;") != ""
