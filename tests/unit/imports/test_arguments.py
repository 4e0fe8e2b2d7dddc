from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from mail_autoconfig.cli import main

from .test_mozilla import IMAP, SMTP, document


def test_inventory_on_standard_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "config-v1.1.xml"
    path.write_bytes(document(f"{IMAP}{SMTP}<instruction/>"))
    assert main(["import", str(path)]) == 0
    out, err = capsys.readouterr()
    servers = yaml.safe_load(out)["autoconfig_domains"][0]["servers"]
    assert servers[0] == {"type": "imap", "host": "imap.example.net", "security": "tls"}
    assert err == "import: config-v1.1.xml: <instruction>: no key for it here\n"


def test_domains_in_place_of_the_files_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x"
    path.write_bytes(document(IMAP + SMTP))
    assert main(["import", str(path), "--domain", "a.test", "--domain", "b.test"]) == 0
    found = yaml.safe_load(capsys.readouterr().out)
    assert [each["name"] for each in found["autoconfig_domains"]] == ["a.test", "b.test"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "nothing to import; give FILE or --from-domain DOMAIN"),
        (["/none\u202e"], "/none?: can't be read: No such file or directory"),
        (["--from-domain", "a.test", "--ca", "/none"], "/none: no certificates: No such file"),
    ],
)
def test_wrong_calls(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One line."""
    assert main(["import", *arguments]) == 1
    err = capsys.readouterr().err
    assert err.startswith(f"import: {said}")
    assert err.count("\n") == 1


@pytest.mark.parametrize("option", ["--from-domain", "--address"])
def test_no_address(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["import", option, "a b"])
    assert ended.value.code == 2
    assert "'a b' is not USER@DOMAIN or DOMAIN" in capsys.readouterr().err


def test_file_without_a_server(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x"
    path.write_bytes(document(""))
    assert main(["import", str(path)]) == 1
    assert capsys.readouterr() == ("", "import: nothing that an inventory can have\n")
