"""A program of this host, which prints what it knows: no shell, a limit of time and of size."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from threading import Event, Timer
from typing import IO

from .. import texts
from ..rows import Ask, Kind, Query, Row, Secret, SourceError
from ..settings import Source

_LAST = 4096  # octets of what a program says of its errors


@contextmanager
def opened(source: Source, _secret: Secret) -> Iterator[Ask]:
    """What is yielded runs a program; it gets no secret. All of them together have the time."""
    end = time.monotonic() + source.timeout
    yield lambda kind, query: _rows(source, end, kind, query)


def _rows(source: Source, end: float, kind: Kind, query: Query) -> Iterator[Row]:
    assert isinstance(query, Mapping)  # noqa: S101 (the settings are checked)
    command = query["command"]
    try:
        content = _output(command, end - time.monotonic())
    except OSError as error:
        raise SourceError(f"{command[0]}: {error.strerror}") from None
    if content is None:
        raise SourceError(f"{command[0]}: not done within {source.timeout} seconds")
    return texts.rows(kind, query, content)


def _output(command: Sequence[str], seconds: float) -> bytes | None:
    """What a program prints; None if it takes too long.

    Raises SourceError where it fails or says too much, OSError.
    """
    program = command[0]
    with tempfile.TemporaryFile() as errors:
        code, content, late = _run(command, seconds, errors)
        if late:
            return None
        if len(content) > texts.LARGEST:
            raise SourceError(f"{program}: over {texts.LARGEST} octets")
        if code != 0:
            raise SourceError(": ".join([program, _ended(code), *_last_line(errors)]))
    return content


def _ended(code: int) -> str:
    if code > 0:
        return f"exit code {code}"
    try:
        return f"ended by {signal.Signals(-code).name}"
    except ValueError:  # a real-time signal has no name
        return f"ended by signal {-code}"


def _last_line(errors: IO[bytes]) -> list[str]:
    """What a program said last of its errors, if it said anything."""
    errors.seek(max(errors.seek(0, os.SEEK_END) - _LAST, 0))
    return errors.read().decode("utf-8", "replace").strip().splitlines()[-1:]


def _run(command: Sequence[str], seconds: float, errors: IO[bytes]) -> tuple[int, bytes, bool]:
    """Exit code and output, and whether it was ended since it took too long.

    One octet more than is allowed says that there was more.
    """
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=errors,
        start_new_session=True,
    ) as process:
        late = Event()

        def end() -> None:
            late.set()
            _kill(process.pid)

        timer = Timer(max(seconds, 0), end)
        timer.start()
        try:
            assert process.stdout  # noqa: S101
            content = process.stdout.read(texts.LARGEST + 1)
            if len(content) > texts.LARGEST:
                _kill(process.pid)
            # One that has ended by itself is done, though what it started goes on.
            code = process.wait()
            return code, content, late.is_set() and code == -signal.SIGKILL
        finally:
            timer.cancel()


def _kill(leader: int) -> None:
    """End a program and all that it started."""
    with suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)
