"""Run by Ansible on this machine: what is kept, and what is read from certificates."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from mail_autoconfig.certificates.groups import assign, dump
from support.self_signed import certify

ROOT = Path(__file__).parents[3]
DOMAINS = {"a.test": ["autoconfig.a.test"], "b.test": ["autoconfig.b.test"]}


def run(directory: Path, **arguments: Any) -> tuple[dict[str, Any], str]:
    """The result of the task in check mode, and all that is printed."""
    task = {"domains": DOMAINS, "size": 4, "path": f"{directory}/kept", "live": f"{directory}/live"}
    content = "{{ found | to_json }}"
    tasks: list[dict[str, Any]] = [
        {"mailhost.autoconfig.certificate_groups": task | arguments, "check_mode": True},
        {"ansible.builtin.copy": {"content": content, "dest": f"{directory}/found"}},
    ]
    tasks[0]["register"] = "found"
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}
    (directory / "play.json").write_text(json.dumps([play]))
    done = subprocess.run(
        ["ansible-playbook", "-i", "localhost,", str(directory / "play.json")],
        env=os.environ | {"ANSIBLE_PYTHON_INTERPRETER": sys.executable},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    path = directory / "found"
    return json.loads(path.read_text()) if path.exists() else {}, done.stdout + done.stderr


def homes(found: dict[str, Any]) -> dict[str, list[str]]:
    return {certificate: sorted(members) for certificate, members in found["assignment"].items()}


def test_assignment_that_is_kept(tmp_path: Path) -> None:
    before = assign(DOMAINS, {"mail-autoconfig-3": ["b.test"]}, 4)
    (tmp_path / "kept").write_text(dump(before))
    found, _ = run(tmp_path)
    assert homes(found) == {"mail-autoconfig-3": ["a.test", "b.test"]}
    assert found["primary"] == "mail-autoconfig-3"
    assert not found["changed"]


def test_assignment_that_is_lost_comes_back_from_certificates(tmp_path: Path) -> None:
    certify(tmp_path / "live/mail-autoconfig-2", "autoconfig.b.test")
    (tmp_path / "kept").write_text("broken")
    found, _ = run(tmp_path)
    assert homes(found) == {"mail-autoconfig-2": ["a.test", "b.test"]}
    assert found["certificates"] == [
        {"name": "mail-autoconfig-2", "names": ["autoconfig.b.test", "autoconfig.a.test"]}
    ]
    assert found["changed"]


def test_size_that_is_not_possible(tmp_path: Path) -> None:
    _, printed = run(tmp_path, size=101)
    assert "autoconfig_certificates_max_names: 101 is not possible; use 1 to 100" in printed
