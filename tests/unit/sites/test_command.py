from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mail_autoconfig import host as programs
from mail_autoconfig.cli import main
from mail_autoconfig.host import NginxError
from mail_autoconfig.sites import run
from mail_autoconfig.sites.run import Host

from .host import CERTIFICATE, Played, raw


@pytest.fixture
def arguments(host: Played, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The command's, for a host with one domain."""
    host.fill(**{"a.test": CERTIFICATE})
    host.run(dry=True)
    monkeypatch.setattr(run, "Host", lambda: Host(lambda: host.theirs, lambda: None, lambda *_: ""))
    settings = host.directory / "names.json"
    settings.write_text(json.dumps(raw(host.directory)))
    paths = {"configuration": host.files.configuration, "store": host.files.store}
    options = [f"--{name}={path}" for name, path in {**paths, "state": host.files.state}.items()]
    return [*options, str(settings)]


def test_command(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["names", "--check", "--json", *arguments]) == 0
    assert json.loads(capsys.readouterr().out)["changed"]
    assert main(["names", *arguments]) == 0
    assert capsys.readouterr().out == "2 names in nginx, 1 certificate for them\n"
    assert main(["names", *arguments]) == 0
    assert capsys.readouterr().out == ""


def test_certificates_are_ordered_where_names_have_changed(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    started: list[str] = []
    monkeypatch.setattr(programs, "start", started.append)
    for _ in range(2):
        assert main(["names", "--then", "x.service", *arguments]) == 0
    assert started == ["x.service"]

    def fail(_unit: str) -> None:
        raise NginxError("no such unit")

    monkeypatch.setattr(programs, "start", fail)
    Path(arguments[2].partition("=")[2], "in-force").unlink()
    assert main(["names", "--then", "x.service", *arguments]) == 0
    assert capsys.readouterr().err == "names: x.service: no such unit\n"


def test_problem_is_one_line(
    host: Played, arguments: list[str], capsys: pytest.CaptureFixture[Any]
) -> None:
    host.settings.site.unlink()
    assert main(["names", *arguments]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("names: nginx: ")
    assert main(["names", "--check", *arguments]) == 1
    assert main(["names", *arguments[:-1], "/nowhere"]) == 1
    assert "No such file" in capsys.readouterr().err
