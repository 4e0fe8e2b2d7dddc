"""What nginx answers to its own host."""

from __future__ import annotations

import importlib
import time
from types import ModuleType
from typing import Any

import pytest


@pytest.fixture
def module() -> ModuleType:
    return importlib.import_module(
        "ansible_collections.mailhost.autoconfig.plugins.module_utils.nginx_answers"
    )


def test_each_name_is_asked_at_each_place(module: ModuleType) -> None:
    parameters = {
        "listens": [
            {"ask": "127.0.0.1", "port": 80, "tls": False, "proxy": False},
            {"ask": "192.0.2.1", "port": 443, "tls": True, "proxy": True},
            {"ask": "", "port": 443, "tls": True, "proxy": False},
        ],
        "names": ["a.test", "b.test"],
        "tls_names": ["c.test"],
    }
    assert [tuple(each) for each in module.questions(parameters)] == [
        ("127.0.0.1", 80, "a.test", False, False),
        ("127.0.0.1", 80, "b.test", False, False),
        ("192.0.2.1", 443, "c.test", True, True),
    ]


def test_answer_of_an_old_worker_does_not_count(
    module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = iter(["200 old", "", "200 new"])

    def ask(question: Any, path: str) -> str:
        if answer := next(said):
            return answer
        raise ConnectionRefusedError(111, f"refused at {question.address}{path}")

    monkeypatch.setattr(module, "ask", ask)
    asked = [module.Question("127.0.0.1", 80, "a.test", False, False)]
    assert module.unproven(asked, "/", "new", time.monotonic() + 9) == []
    said = iter(["200 old"])
    assert module.unproven(asked, "/", "new", 0) == [(asked[0], "something else answers")]


def test_round_that_took_all_the_time_is_not_the_last(
    module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As that of hundreds of certificates, begun while nginx still reads them."""
    clock = iter([0.0, 20.0])
    said = iter(["200 old", "200 new", "200 new"])
    monkeypatch.setattr(module.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(module, "ask", lambda _question, _path: next(said))
    asked = [module.Question("127.0.0.1", 80, name, False, False) for name in ("a", "b")]
    assert module.unproven(asked, "/", "new", 15) == []
