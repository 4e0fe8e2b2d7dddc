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


def test_certificate_of_an_earlier_version(tmp_path: Path) -> None:
    from ansible_collections.mailhost.autoconfig.plugins.modules.tls_links import former

    tls, live = tmp_path / "tls", tmp_path / "live/mail-autoconfig"
    tls.mkdir()
    assert former(str(tls), "current") == ""
    (tls / "current").symlink_to(live)
    assert former(str(tls), "current") == ""
    live.mkdir(parents=True)
    (live / "fullchain.pem").touch()
    assert former(str(tls), "current") == str(live)
    # As it is now.
    (tls / "current").unlink()
    (tls / "mail-autoconfig").symlink_to(live)
    (tls / "current").symlink_to(tls / "mail-autoconfig")
    assert former(str(tls), "current") == ""
