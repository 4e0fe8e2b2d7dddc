"""Run by Ansible on this machine, in check mode."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
SMALL = json.dumps({"domains": [{"name": "a.test"}]}, indent=1) + "\n"
MANY = [{"name": f"d{number}.test", "provider": "gandi"} for number in range(5000)]
LARGE = json.dumps({"domains": MANY}, indent=1)
MORE = json.dumps({"domains": [*MANY[1:], {"name": "new.test"}]}, indent=1)


def printed(directory: Path, content: str, **arguments: Any) -> str:
    """What Ansible prints of the task."""
    (directory / "content").write_text(content)
    task = {
        "mailhost.autoconfig.text": {
            "content": f"{{{{ lookup('file', '{directory}/content', rstrip=false) }}}}",
            "dest": f"{directory}/kept",
            **arguments,
        }
    }
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": [task]}
    (directory / "play.json").write_text(json.dumps([play]))
    command = ["ansible-playbook", "-i", "localhost,", "--check", "--diff"]
    done = subprocess.run(
        [*command, str(directory / "play.json")],
        env=os.environ | {"ANSIBLE_PYTHON_INTERPRETER": sys.executable},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_large_file_shows_what_changes(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text(LARGE)
    said = printed(tmp_path, MORE)
    assert f"--- before: {tmp_path}/kept\n+++ after: {tmp_path}/kept\n" in said
    assert "\n-domains: d0.test\n+domains: new.test\n" in said
    assert "diff skipped" not in said
    assert len(said.splitlines()) < 30


@pytest.mark.parametrize(("before", "line"), [(LARGE, "-domains: d4999.test"), (SMALL, "")])
def test_file_that_gets_small(tmp_path: Path, before: str, line: str) -> None:
    (tmp_path / "kept").write_text(before)
    said = printed(tmp_path, SMALL)
    assert line in said
    assert ("\n+domains: a.test\n" in said) is (before == LARGE)


def test_digest_of_the_text_with_the_word_for_it(tmp_path: Path) -> None:
    text = "return DIGEST;\nreturn DIGEST;\n"
    digest = hashlib.sha256(text.encode()).hexdigest()
    (tmp_path / "kept").write_text("old\n")
    said = printed(tmp_path, text, digest="DIGEST", backup=True, validate="test -f %s")
    assert f"-old\n+return {digest};\n+return {digest};\n" in said
