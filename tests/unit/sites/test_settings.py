from __future__ import annotations

import json
from pathlib import Path

import pytest

from mail_autoconfig.sites.settings import NamesError, Place, load

from .host import raw


def test_settings(tmp_path: Path) -> None:
    path = tmp_path / "names.json"
    path.write_text(json.dumps(raw(tmp_path, secure="")))
    settings = load(path)
    assert settings.secure is None
    assert settings.received is None
    assert settings.places == (Place("127.0.0.1", 80, False), Place("127.0.0.1", 443, True))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"site": 5}'])
def test_settings_that_are_not_right(text: str, tmp_path: Path) -> None:
    path = tmp_path / "names.json"
    with pytest.raises(NamesError, match="No such file or directory; no source has names"):
        load(path)
    path.write_text(text)
    with pytest.raises(NamesError, match="not what the role nginx writes"):
        load(path)
