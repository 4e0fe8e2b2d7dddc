from __future__ import annotations

import json
from pathlib import Path

import pytest

from mail_autoconfig.cli import main
from mail_autoconfig.store.entry import Entry
from mail_autoconfig.store.write import write


def test_authorities(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"domains": [{"name": "example.com", "provider": "gandi"}]}))
    authorities = "--caa", "letsencrypt.org", "--caa", "ca.example"
    assert main(["dns", "--address", "192.0.2.1", *authorities, str(file)]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [[line[1], *line[5:7]] for line in lines if "CAA" in line] == [
        [name, "issue", f'"{authority}"']
        for name in ("autodiscover", "autoconfig")
        for authority in ("letsencrypt.org", "ca.example")
    ]


def test_domains_of_sources(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, store = tmp_path / "config.json", tmp_path / "domains.store"
    file.write_text('{"domains": [], "sources": true, "generic_host": "auto.example.com"}')
    write(store, {}, [Entry("customer.example", "x", {"provider": "gandi", "discovery": "srv"})])
    assert main(["dns", "--address", "192.0.2.1", str(file)]) == 0
    assert "customer" not in capsys.readouterr().out
    assert main(["dns", "--address", "192.0.2.1", "--store", str(store), str(file)]) == 0
    listed = capsys.readouterr().out
    assert "customer.example" in listed
    assert "_imaps._tcp" in listed
