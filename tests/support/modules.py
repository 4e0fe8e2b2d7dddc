"""Modules of the collection, run on this machine as Ansible runs them on a host."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def run(
    module: str, arguments: dict[str, Any], *options: str, path: Path | None = None
) -> dict[str, Any]:
    """The result of a module; `path` has programs that come before those of this machine."""
    environment = os.environ | {"ANSIBLE_PYTHON_INTERPRETER": sys.executable}
    if path:
        environment["PATH"] = f"{path}:{os.environ['PATH']}"
    done = subprocess.run(
        [
            *("ansible", "-i", "localhost,", "-c", "local", "localhost", "-o", *options),
            *("-m", f"mailhost.autoconfig.{module}", "-a", json.dumps(arguments)),
        ],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    line = next(each for each in done.stdout.splitlines() if "=> {" in each)
    found: dict[str, Any] = json.loads(line.partition("=> ")[2])
    return found


def direct(module: str, arguments: dict[str, Any], *, check: bool = False) -> dict[str, Any]:
    """The result as the module itself says it, with the differences; quicker than by Ansible."""
    name = f"ansible_collections.mailhost.autoconfig.plugins.modules.{module}"
    loader = (
        "import runpy; from ansible.plugins.loader import init_plugin_loader; "
        f"init_plugin_loader([{str(ROOT / 'collections')!r}]); "
        f"runpy.run_module({name!r}, run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", loader],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": arguments | {"_ansible_check_mode": check}}),
        capture_output=True,
        text=True,
        check=False,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def write_programs(directory: Path, programs: dict[str, str]) -> None:
    """Scripts of the shell, by their names."""
    for program, body in programs.items():
        (directory / program).write_text(f"#!/bin/sh\n{body}\n")
        (directory / program).chmod(0o755)
