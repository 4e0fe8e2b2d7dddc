from __future__ import annotations

from pathlib import Path

import pytest

from mail_autoconfig.cli import main
from mail_autoconfig.issuer import api


def test_outside_of_a_cluster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(api, "_ACCOUNT", tmp_path)
    command = ["issue", "--secret=x", "--deployment=y", "domains.yml", "authority.json"]
    assert main(command) == 1
    assert capsys.readouterr().err == "this is no pod of Kubernetes with a service account\n"
