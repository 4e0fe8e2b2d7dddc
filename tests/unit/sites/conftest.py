"""The fixture of the tests in this directory."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mail_autoconfig.sites.settings import load

from .host import Played, raw


@pytest.fixture
def host(tmp_path: Path) -> Played:
    path = tmp_path / "names.json"
    path.write_text(json.dumps(raw(tmp_path)))
    (tmp_path / "tls/placeholder").mkdir(parents=True)
    (tmp_path / "tls/placeholder/fullchain.pem").touch()
    played = Played(tmp_path, load(path))
    played.serve("auto.example.org")
    return played
