from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mail_autoconfig import cli
from mail_autoconfig.doctor.command import read_inventory

from .conftest import DOMAIN, World


class Doctor:
    """The command, in a world of its own."""

    def __init__(self, world: World, capsys: pytest.CaptureFixture[str]) -> None:
        self._world = world
        self._capsys = capsys

    def call(self, *arguments: str) -> tuple[int, str, str]:
        where = ["--allow-private", "--ca", str(self._world.ca)]
        where += ["--name-server", f"127.0.0.1:{self._world.names.port}"]
        code = cli.main(["doctor", *where, *arguments])
        captured = self._capsys.readouterr()
        return code, captured.out, captured.err

    def document(self, *arguments: str) -> Any:
        return json.loads(self.call("--json", *arguments)[1])


@pytest.fixture
def doctor(world: World, capsys: pytest.CaptureFixture[str]) -> Doctor:
    return Doctor(world, capsys)


def test_domains_and_addresses(doctor: Doctor) -> None:
    document = doctor.document(f"u@{DOMAIN}", "--domain", "Elsewhere.test")
    assert [each["address"] for each in document["domains"]] == [
        f"u@{DOMAIN}",
        "postmaster@Elsewhere.test",
    ]
    assert [each["domain"] for each in document["domains"]] == [DOMAIN, "elsewhere.test"]


@pytest.mark.parametrize("name", ["domains.yml", "config.json"])
def test_inventory(doctor: Doctor, tmp_path: Path, name: str) -> None:
    prefix = "autoconfig_" if name.endswith("yml") else ""
    content = {f"{prefix}domains": [{"name": f"{each}.test", "provider": "ovh"} for each in "ab"]}
    (tmp_path / name).write_text(json.dumps(content | ({"other": 1} if prefix else {})))
    document = doctor.document("--inventory", str(tmp_path / name))
    assert [each["domain"] for each in document["domains"]] == ["a.test", "b.test"]


def test_generic_host_of_the_inventory(tmp_path: Path) -> None:
    file = tmp_path / "domains.yml"
    file.write_text(
        "autoconfig_generic_host: auto.test\n"
        "autoconfig_domains: [{name: a.test, provider: own, discovery: srv}]\n"
        "autoconfig_providers: {own: {servers: [{type: imap, host: i.test}]}}\n"
    )
    assert read_inventory(file).generic_host == "auto.test"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("autoconfig_domains: [{name: a.test, provider: x}]", 'no provider "x"'),
        ("{", "can't be read: while parsing"),
        ("[]", "no domain; name at least one"),
    ],
)
def test_bad_inventory(doctor: Doctor, tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "domains.yml"
    file.write_text(content)
    code, out, err = doctor.call("--inventory", str(file))
    assert (code, out) == (2, "")
    assert err.startswith("domains.yml: ")
    assert said in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "doctor: nobody to ask for: USER@DOMAIN, --domain or --inventory\n"),
        (["--log-in", "--domain", "a.test"], "doctor: --log-in needs one USER@DOMAIN\n"),
        (
            ["--ca", "/nowhere", "a@b.test"],
            "/nowhere: no certificates: No such file or directory\n",
        ),
    ],
)
def test_wrong_call(doctor: Doctor, arguments: list[str], said: str) -> None:
    assert doctor.call(*arguments) == (2, "", said)


@pytest.mark.parametrize("arguments", [["x"], ["--domain", "-"], ["--name-server", "a:1", "a@b.c"]])
def test_wrong_argument(doctor: Doctor, arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        doctor.call(*arguments)
    assert caught.value.code == 2


def test_the_responder_needs_nothing_of_it() -> None:
    """Hosts have Debian's packages of the responder alone."""
    code = "import sys, mail_autoconfig.serve, mail_autoconfig.cli; print(*sys.modules)"
    modules = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(cli.__file__).parents[1])},
    ).stdout.split()
    assert "mail_autoconfig.app" in modules
    assert not {"httpx", "dns", "rich", "mail_autoconfig.doctor"} & set(modules)
