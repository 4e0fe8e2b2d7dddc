from __future__ import annotations

import importlib
from types import ModuleType, SimpleNamespace
from unittest.mock import MagicMock

import pytest


def check_mode() -> ModuleType:
    return importlib.import_module(
        "ansible_collections.mailhost.autoconfig.plugins.callback.check_mode"
    )


@pytest.mark.parametrize(
    ("changed", "failed", "said"),
    [
        (24, 0, "Check mode: 24 changes, none made. What an authority says to an order can't be"),
        (1, 0, "Check mode: 1 change, none made. "),
        (0, 0, "Check mode: no changes."),
        (3, 1, "Check mode: 3 changes, none made, up to what failed above."),
    ],
)
def test_line(changed: int, failed: int, said: str) -> None:
    assert check_mode().line(changed, failed).startswith(said)


@pytest.mark.parametrize("check", [True, False])
def test_said_in_check_mode_alone(check: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    module = check_mode()
    monkeypatch.setattr(module.context, "CLIARGS", {"check": check})
    callback = module.CallbackModule()
    callback._display = MagicMock()
    callback.v2_playbook_on_stats(
        SimpleNamespace(changed={"a": 12, "b": 12}, failures={}, dark={"c": 0})
    )
    said = [call.args[0] for call in callback._display.display.call_args_list]
    assert [each[:30] for each in said] == (["Check mode: 24 changes, none m"] if check else [])
