"""The collection from a Git repository, as docs/controller.md installs it; Galaxy is not asked."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
INVENTORY = """
autoconfig_servers:
  hosts:
    web.example.com:
"""
NOT_IN_A_CLONE = (
    ".git",
    ".venv*",
    ".cache",
    ".demo",
    ".ansible",
    ".*_cache",
    "__pycache__",
    "build",
)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of these sources, as they are now."""
    clone = tmp_path_factory.mktemp("git") / "clone"
    shutil.copytree(ROOT, clone, symlinks=True, ignore=shutil.ignore_patterns(*NOT_IN_A_CLONE))
    who = ["-c", "user.name=test", "-c", "user.email=test@example.com"]
    for command in ["init", "-q"], ["add", "-A"], [*who, "commit", "-q", "-m", "all"]:
        subprocess.run(["git", *command], cwd=clone, check=True, capture_output=True)
    return clone


def test_collection_from_git_has_playbooks_roles_and_the_program(
    repository: Path, tmp_path: Path
) -> None:
    programs = Path(sys.executable).parent
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(tmp_path / "c")}
    (tmp_path / "inventory.yml").write_text(INVENTORY)

    def run(*command: str | Path) -> str:
        return subprocess.run(
            command, cwd=tmp_path, check=True, capture_output=True, text=True, env=environment
        ).stdout

    source = f"git+file://{repository}"
    run(programs / "ansible-galaxy", "collection", "install", "--no-deps", source)
    site = "mailhost.autoconfig.site"
    tasks = run(programs / "ansible-playbook", "-i", "inventory.yml", site, "--list-tasks")
    assert "mailhost.autoconfig.responder : Install the program mail-autoconfig" in tasks
    installed = tmp_path / "c/ansible_collections/mailhost/autoconfig"
    assert (installed / "src/mail_autoconfig/cli.py").exists()
    # What only developers need stays out.
    assert not {"tests", "molecule", "demo", "Makefile", "collections"} & {
        path.name for path in installed.iterdir()
    }
