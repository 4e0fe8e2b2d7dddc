from __future__ import annotations

import sys
import time
from typing import Any

import pytest

from mail_autoconfig.sources import texts

from ..samples import collected, failure, source


def of(*command: str, timeout: int = 60) -> Any:
    query = {"command": list(command), "pattern": r"^(?P<domain>\S+)"}
    return source(type="command", url=None, timeout=timeout, domains=query)


def python(code: str, timeout: int = 60) -> Any:
    return of(sys.executable, "-c", code, timeout=timeout)


def test_output() -> None:
    assert list(collected(of("/bin/echo", "a.example")).domains) == ["a.example"]


def test_no_shell_reads_it() -> None:
    found = collected(of("/bin/echo", "a.example; echo b.example | cat $HOME `id`"))
    assert list(found.domains) == []
    assert list(found.left_out) == ["a.example;"]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (
            "import sys; print('a\\nbad luck', file=sys.stderr); sys.exit(3)",
            "exit code 3: bad luck",
        ),
        ("import sys; sys.exit(3)", "exit code 3"),
    ],
)
def test_failure(code: str, said: str) -> None:
    assert failure(python(code)) == f"{sys.executable}: {said}"


def test_program_that_is_not_there() -> None:
    assert failure(of("/nowhere/program")) == "/nowhere/program: No such file or directory"


def test_too_slow_even_in_a_child() -> None:
    begun = time.monotonic()
    code = "import subprocess; subprocess.run(['/bin/sleep', '30'])"
    assert failure(python(code, timeout=1)) == f"{sys.executable}: not done within 1 seconds"
    assert time.monotonic() - begun < 10


def test_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "LARGEST", 1000)
    said = failure(python("while True: print('a.example')"))
    assert said == f"{sys.executable}: over 1000 octets"


def test_nothing_to_read_from() -> None:
    assert failure(python("input()")).endswith("exit code 1: EOFError: EOF when reading a line")
