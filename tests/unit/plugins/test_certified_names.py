"""Run as Ansible runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mail_autoconfig.certificates.groups import PATTERN
from support.self_signed import certify

COLLECTIONS = Path(__file__).parents[3] / "collections"


def run(directory: Path, before: str = "") -> tuple[dict[str, Any], str]:
    """Run the module, after a line of Python; return its result and its warnings."""
    module = "ansible_collections.mailhost.autoconfig.plugins.modules.certified_names"
    loader = (
        "import runpy, sys; from ansible.plugins.loader import init_plugin_loader; "
        f"init_plugin_loader([{str(COLLECTIONS)!r}]); {before}\n"
        f"runpy.run_module({module!r}, run_name='__main__')"
    )
    arguments = {"directory": str(directory), "pattern": PATTERN}
    done = subprocess.run(
        [sys.executable, "-c", loader],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": arguments}),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout), " ".join(done.stderr.split())


def test_names_of_ours(tmp_path: Path) -> None:
    certify(tmp_path / "mail-autoconfig", "b.test", "*.a.test")
    certify(tmp_path / "mail-autoconfig-2")
    certify(tmp_path / "www.test", "www.test")
    (tmp_path / "mail-autoconfig-3").mkdir()
    (tmp_path / "mail-autoconfig-4").mkdir()
    (tmp_path / "mail-autoconfig-4/cert.pem").write_text("broken")
    (tmp_path / "README").touch()
    found, warnings = run(tmp_path)
    assert not found["changed"]
    assert found["certificates"] == {
        "mail-autoconfig": ["b.test", "*.a.test"],
        "mail-autoconfig-2": [],
    }
    assert warnings == ""


WITHOUT = "sys.modules['cryptography'] = None"


@pytest.mark.parametrize("directory", ["none", "."])
def test_host_without_certbot(tmp_path: Path, directory: str) -> None:
    found, warnings = run(tmp_path / directory, WITHOUT)
    assert (found["certificates"], found["changed"], warnings) == ({}, False, "")


def test_certificates_without_the_library(tmp_path: Path) -> None:
    (tmp_path / "mail-autoconfig").mkdir()
    found, warnings = run(tmp_path, WITHOUT)
    assert found["certificates"] == {}
    assert "No certificate was read: " in warnings
    assert "cryptography" in warnings
