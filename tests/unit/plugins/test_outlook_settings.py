from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import yaml

from mail_autoconfig.outlook.values import Value


def action() -> Any:
    from ansible_collections.mailhost.autoconfig.plugins.action import outlook_settings

    return outlook_settings


def test_documentation_is_of_the_same_arguments() -> None:
    module = Path(inspect.getfile(action())).parents[1] / "modules/outlook_settings.py"
    text = module.read_text().partition('DOCUMENTATION = r"""')[2].partition('"""')[0]
    documented = {
        name: {key: value for key, value in option.items() if key != "description"}
        for name, option in yaml.safe_load(text)["options"].items()
    }
    assert documented == action().ARGUMENTS


def test_values_are_listed_for_users_and_as_policies() -> None:
    values = (Value(r"A\B", "n", 1), Value("A", "h", ""))
    assert action().listed(values, policy=False) == [
        {"key": r"Software\A\B", "name": "n", "type": "REG_DWORD", "data": 1},
        {"key": r"Software\A", "name": "h", "type": "REG_SZ", "data": ""},
    ]
    assert action().listed(values, policy=True)[1]["key"] == r"Software\Policies\A"


def test_files_follow_what_is_wanted(tmp_path: Path) -> None:
    directory = tmp_path / "deep"
    wanted = {"a.reg": "\ufeffä".encode("utf-16-le"), "b/c.adml": b"text"}
    assert len(action().write(directory, wanted, dry=True)) == 2
    assert not directory.exists()
    first, second = action().write(directory, wanted, dry=False)
    assert (first["before"], first["after"]) == ("", "ä")
    assert (second["after_header"], second["after"]) == (str(directory / "b/c.adml"), "text")
    assert (directory / "a.reg").read_bytes() == wanted["a.reg"]
    assert action().write(directory, wanted, dry=False) == []

    (directory / "b/c.adml").write_bytes(b"\xff")
    (difference,) = action().write(directory, wanted, dry=True)
    assert (difference["before"], difference["after"]) == ("\ufffd", "text")
    assert (directory / "b/c.adml").read_bytes() == b"\xff"
