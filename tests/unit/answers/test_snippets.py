from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from mail_autoconfig.answers.snippets import KINDS, render
from mail_autoconfig.cli import main
from mail_autoconfig.inventory.model import Configuration
from mail_autoconfig.inventory.read import parse

RAW = {
    "generic_host": "auto.hoster.example",
    "domains": [
        {"name": "bücher.example", "provider": "gandi"},
        {"name": "srv.example", "provider": "gandi", "discovery": "srv"},
        {"name": "*", "provider": "gandi"},
    ],
}


@pytest.fixture
def configuration() -> Configuration:
    return parse(RAW)


@pytest.mark.parametrize("kind", KINDS)
def test_each_domain_leads_to_its_host(configuration: Configuration, kind: str) -> None:
    one, other = render(kind, configuration).split("\n\n")
    assert one.startswith("# xn--bcher-kva.example: ")
    assert set(re.findall("https://([^/;]+)", one)) == {"autoconfig.xn--bcher-kva.example"}
    assert other.startswith("# srv.example: ")
    assert set(re.findall("https://([^/;]+)", other)) == {"auto.hoster.example"}


@pytest.mark.parametrize("kind", KINDS)
def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str) -> None:
    file = tmp_path / "config.json"
    file.write_text(json.dumps(RAW), "utf-8")
    assert main(["snippet", kind, str(file)]) == 0
    assert capsys.readouterr().out == render(kind, parse(RAW))
