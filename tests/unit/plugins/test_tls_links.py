from __future__ import annotations

from pathlib import Path

import pytest


def test_links_and_lead(tmp_path: Path) -> None:
    from ansible_collections.mailhost.autoconfig.plugins.modules.tls_links import lead, links

    assert links(str(tmp_path / "none")) == {}
    (tmp_path / "directory").mkdir()
    for target in ("one", "two"):
        lead(str(tmp_path), "link", target)
        assert links(str(tmp_path)) == {"link": target}
    with pytest.raises(OSError, match="directory"):
        lead(str(tmp_path), "directory", "one")
