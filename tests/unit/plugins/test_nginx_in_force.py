"""Whether nginx answers by the configuration that was written."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def module() -> ModuleType:
    return importlib.import_module(
        "ansible_collections.mailhost.autoconfig.plugins.modules.nginx_in_force"
    )


def test_cause_is_in_the_log(module: ModuleType, tmp_path: Path) -> None:
    log = tmp_path / "error.log"
    log.write_text("2026/01/01 00:00:00 [emerg] 1#1: old\n")
    offset = module.size(str(log))
    with log.open("a") as file:
        file.write("2026/01/01 00:00:01 [notice] 2#2: signal\n")
        file.write("2026/01/01 00:00:01 [emerg] 2#2: bind() to 0.0.0.0:443 failed (98: in use)\n")
        file.write("2026/01/01 00:00:02 [emerg] 2#2: still could not bind()\n")
    assert module.new_errors(str(log), offset) == ["bind() to 0.0.0.0:443 failed (98: in use)"]
    assert module.new_errors(str(tmp_path / "none"), 0) == []
