from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

COLLECTIONS = Path(__file__).parents[3] / "collections"


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


def test_new_certificate_for_domains_of_another(tmp_path: Path) -> None:
    """Run as Ansible runs it."""
    (tmp_path / "live").mkdir()
    (tmp_path / "live/fullchain.pem").touch()
    (tmp_path / "mail-autoconfig").symlink_to(tmp_path / "live")
    names = ["mail-autoconfig", "mail-autoconfig-2", "mail-autoconfig-3"]
    arguments = {
        "directory": str(tmp_path),
        "names": names,
        "target": str(tmp_path / "placeholder"),
        "formers": {"mail-autoconfig-2": "mail-autoconfig", "mail-autoconfig-3": "none"},
    }
    module = "ansible_collections.mailhost.autoconfig.plugins.modules.tls_links"
    loader = (
        "import runpy; from ansible.plugins.loader import init_plugin_loader; "
        f"init_plugin_loader([{str(COLLECTIONS)!r}]); "
        f"runpy.run_module({module!r}, run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", loader],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": arguments}),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout)["changed"]
    targets = [(tmp_path / name).readlink().name for name in names]
    assert targets == ["live", "live", "placeholder"]
