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
        ("print('a.example'); import sys; sys.exit(1)", "exit code 1"),
        (
            "import sys; sys.stderr.write('a line\\n' * 9999 + 'the reason\\n'); sys.exit(2)",
            "exit code 2: the reason",
        ),
        ("import os; os.kill(os.getpid(), 9)", "ended by SIGKILL"),
        ("import os; os.kill(os.getpid(), 15)", "ended by SIGTERM"),
        ("import os; os.kill(os.getpid(), 40)", "ended by signal 40"),
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


def test_programs_of_a_source_have_the_time_together() -> None:
    """Else the last one would go on after nobody waits any more."""
    query = {"command": ["/bin/sleep", "0.8"], "pattern": "(?P<domain>.)"}
    begun = time.monotonic()
    said = failure(source(type="command", url=None, timeout=1, domains=[query] * 9))
    assert said == "/bin/sleep: not done within 1 seconds"
    assert time.monotonic() - begun < 1.6


def test_what_a_program_leaves_behind_keeps_nothing_from_it() -> None:
    code = "import subprocess; print('a.example', flush=True); subprocess.Popen(['sleep', '30'])"
    assert list(collected(python(code, timeout=1)).domains) == ["a.example"]


def test_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "LARGEST", 1000)
    said = failure(python("while True: print('a.example')"))
    assert said == f"{sys.executable}: over 1000 octets"


def test_nothing_to_read_from() -> None:
    assert failure(python("input()")).endswith("exit code 1: EOFError: EOF when reading a line")
