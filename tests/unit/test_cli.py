from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipapp
from pathlib import Path
from typing import Any

import pytest

import mail_autoconfig
from mail_autoconfig.cli import main

PACKAGE = Path(mail_autoconfig.__file__).parent
GANDI = {"name": "example.com", "provider": "gandi"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write(tmp_path, {"domains": [GANDI]})


def write(directory: Path, raw: Any) -> Path:
    path = directory / "config.json"
    path.write_text(json.dumps(raw), "utf-8")
    return path


def test_check(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(file)]) == 0
    assert capsys.readouterr().out == "config.json: 1 domain, all right\n"


def test_check_warns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "config.json"
    servers = [
        {"type": "imap", "host": "m.test"},
        {"type": "imap", "host": "plain.test", "security": "none"},
        {"type": "smtp", "host": "m.test"},
    ]
    file.write_text(json.dumps({"domains": [{"name": "a.test", "servers": servers}]}))
    assert main(["check", str(file)]) == 0
    printed = capsys.readouterr()
    assert printed.err == (
        "config.json: warning: domain a.test, imap plain.test: has no encryption; Autoconfig "
        "leaves it out, for Thunderbird for Android\n"
    )
    assert printed.out == "config.json: 1 domain, all right\n"


def test_check_says_each_problem(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path, {"domains": [GANDI | {"apex": 1}, {"name": "x"}]})
    assert main(["check", str(file)]) == 1
    assert capsys.readouterr() == (
        "",
        "config.json: domain example.com, apex: 1 is neither true nor false\n"
        'config.json: autoconfig_domains: "x" is not a host name such as mail.example.com\n',
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["verify", "--connect", "localhost", "x"], "'localhost' is not HOST:PORT"),
        (["verify", "--connect", "localhost:99999", "x"], "'localhost:99999' is not HOST:PORT"),
        (["serve", "--socket", "x", "--port", "1", "y"], "not allowed with argument --socket"),
    ],
)
def test_wrong_call(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert said in capsys.readouterr().err


def test_dns(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dns", "--address", "192.0.2.1", "--ttl", "60", str(file)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["example.com", "autodiscover", "A", "60", "192.0.2.1", "Outlook"]


def test_dns_without_an_address(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dns", str(file)]) == 2
    assert capsys.readouterr().err == (
        "config.json: no address for autodiscover.example.com, autoconfig.example.com; "
        "give the server's addresses: --address IP\n"
    )


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"{mail_autoconfig.__version__}\n"


def run_isolated(*command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run without site-packages: with the standard library alone."""
    return subprocess.run(
        [sys.executable, "-S", "-W", "error", *command],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(PACKAGE.parent)},
    )


@pytest.mark.parametrize("command", ["check", "verify", "dns"])
def test_needs_the_standard_library_alone(command: str, tmp_path: Path) -> None:
    file = write(tmp_path, {"domains": []})
    ended = run_isolated("-m", "mail_autoconfig", command, file)
    assert (ended.returncode, ended.stderr) == (
        1,
        "config.json: autoconfig_domains: no domain; name at least one\n",
    )
    assert run_isolated("-c", "import mail_autoconfig.verify.run").returncode == 0


def test_the_parser_imports_nothing_heavy() -> None:
    """Each command would start by so much later."""
    code = "import sys, mail_autoconfig.cli as cli; cli.parser(); print(*sys.modules, sep='\\n')"
    ended = run_isolated("-c", code)
    assert ended.returncode == 0, ended.stderr
    loaded = set(ended.stdout.split())
    heavy = {"asyncio", "concurrent.futures", "http.client", "logging", "sqlite3", "ssl"}
    assert "mail_autoconfig.cli" in loaded
    assert loaded & (heavy | {"urllib.request", "xml.sax", "xml.etree.ElementTree"}) == set()


def test_runs_from_a_zipapp(file: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    shutil.copytree(PACKAGE, root / "mail_autoconfig")
    program = tmp_path / "mail-autoconfig"
    zipapp.create_archive(root, program, main="mail_autoconfig.cli:main")
    ended = subprocess.run(
        [sys.executable, program, "check", file], capture_output=True, text=True, check=False
    )
    assert (ended.stdout, ended.stderr) == ("config.json: 1 domain, all right\n", "")
    # The templates too are read from the archive.
    code = "import mail_autoconfig.server.app as a; print(a.__file__)"
    ended = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(program)},
    )
    assert ended.stdout.startswith(str(program)), ended.stderr


def test_the_virtual_environment_has_the_command() -> None:
    command = Path(sys.executable).with_name("mail-autoconfig")
    result = subprocess.run(
        [command, "--help"], capture_output=True, text=True, cwd="/", check=True
    )
    assert "doctor" in result.stdout
