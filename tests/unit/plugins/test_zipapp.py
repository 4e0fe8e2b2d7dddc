from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def make_package(parent: Path, names: list[str]) -> Path:
    package = parent / "mail_autoconfig"
    package.mkdir(parents=True)
    for name in names:
        (package / name).write_text("def main():\n    print('hello')\n")
    return package


def test_same_sources_give_the_same_bytes(tmp_path: Path) -> None:
    from ansible_collections.mailhost.autoconfig.plugins.action.zipapp import pack

    one = make_package(tmp_path / "one", ["__init__.py", "cli.py"])
    two = make_package(tmp_path / "two", ["cli.py", "__init__.py"])
    os.utime(two / "cli.py", (0, 0))
    (two / "__pycache__").mkdir()
    (two / "__pycache__/cli.pyc").write_bytes(b"x")
    assert pack(one, "/usr/bin/python3") == pack(two, "/usr/bin/python3")
    (two / "cli.py").write_text("changed")
    assert pack(one, "/usr/bin/python3") != pack(two, "/usr/bin/python3")


def test_archive_runs(tmp_path: Path) -> None:
    from ansible_collections.mailhost.autoconfig.plugins.action.zipapp import pack

    program = tmp_path / "program"
    package = make_package(tmp_path, ["__init__.py", "cli.py"])
    program.write_bytes(pack(package, f"{sys.executable} -I"))
    program.chmod(0o755)
    assert subprocess.run([program], capture_output=True, check=True).stdout == b"hello\n"


def test_the_program_itself_runs_from_its_archive(tmp_path: Path) -> None:
    from ansible_collections.mailhost.autoconfig.plugins.action.zipapp import SOURCE, pack

    program = tmp_path / "program"
    program.write_bytes(pack(SOURCE, f"{sys.executable} -I"))
    program.chmod(0o755)
    configuration = tmp_path / "config.json"
    configuration.write_text('{"domains": [{"name": "example.com", "provider": "gandi"}]}')
    checked = subprocess.run([program, "check", configuration], capture_output=True, check=True)
    assert checked.stdout.endswith(b"all right\n")
