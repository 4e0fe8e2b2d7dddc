"""Run by Ansible on this machine: one summary over the hosts that were asked."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
RIGHT = {"domains": ["a.test"], "asked": 8, "failures": [], "uncertified": {}}
LEFT_OUT = RIGHT | {
    "domains": ["b.test"],
    "uncertified": {"autoconfig.b.test": {"domain": "b.test", "records": ["autoconfig.b.test."]}},
}


def run(directory: Path, hosts: dict[str, dict[str, Any]], **arguments: Any) -> tuple[int, str]:
    """What is printed, for hosts whose command printed something."""
    report = {"left_out": {"autoconfig.b.test": "no record"}}
    inventory = {
        "all": {
            "hosts": {
                name: {"asked": {"results": [asked]}, "said": report}
                for name, asked in hosts.items()
            },
            "vars": {"ansible_connection": "local", "certificates": {"content": ""}},
        }
    }
    (directory / "hosts.yml").write_text(json.dumps(inventory))
    task = {"hosts": "{{ ansible_play_hosts }}", "answers": "asked", "reports": "certificates"}
    keywords = {"run_once": True, "check_mode": arguments.pop("check_mode", False)}
    encoded = {"certificates": {"content": "{{ said | to_json | b64encode }}"}}
    tasks = [
        {"ansible.builtin.set_fact": encoded},
        {"mailhost.autoconfig.verify_summary": task | arguments} | keywords,
    ]
    play = {"hosts": "all", "gather_facts": False, "tasks": tasks}
    (directory / "play.json").write_text(json.dumps([play]))
    done = subprocess.run(
        ["ansible-playbook", "-i", str(directory / "hosts.yml"), str(directory / "play.json")],
        env=os.environ | {"ANSIBLE_NOCOLOR": "true"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def answered(found: dict[str, Any]) -> dict[str, Any]:
    return {"rc": 0, "stdout": json.dumps(found)}


def test_one_summary_over_all_hosts(tmp_path: Path) -> None:
    code, said = run(tmp_path, {"one": answered(RIGHT), "two": answered(LEFT_OUT), "three": {}})
    assert code == 0, said
    assert said.count("2 domains: 1 all right, 1 not; 16 answers.") == 1
    assert "no record: give the name its DNS record" in said


def test_failure_is_said_where_the_rest_is_said_later(tmp_path: Path) -> None:
    code, said = run(tmp_path, {"one": answered(RIGHT)}, only_failure=True)
    assert (code, "all right" in said) == (0, False), said
    missing = {"rc": 2, "stdout": "", "msg": "[Errno 2] No such file or directory"}
    code, said = run(tmp_path, {"one": answered(RIGHT), "two": missing}, only_failure=True)
    assert code == 2
    assert said.count("Wrong: not asked: [Errno 2] No such file or directory") == 1


def test_check_mode_asks_nobody(tmp_path: Path) -> None:
    would = {"rc": 0, "stdout": "", "msg": "Command would have run if not in check mode"}
    code, said = run(tmp_path, {"one": would}, check_mode=True)
    assert code == 0, said
    assert "skipped=1" in said
