"""A program of this host, which prints what it knows: no shell, a limit of time and of size."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from threading import Timer
from typing import IO

from .. import texts
from ..rows import Ask, Kind, Query, Row, Secret, SourceError
from ..settings import Source


@contextmanager
def opened(source: Source, _secret: Secret) -> Iterator[Ask]:
    """What is yielded runs a program; it gets no secret."""
    yield lambda kind, query: _rows(source, kind, query)


def _rows(source: Source, kind: Kind, query: Query) -> Iterator[Row]:
    assert isinstance(query, Mapping)  # noqa: S101 (the settings are checked)
    return texts.rows(kind, query, _output(query["command"], source.timeout))


def _output(command: Sequence[str], seconds: int) -> bytes:
    """What a program prints. Raises SourceError where it fails, takes too long or says too much."""
    program = command[0]
    with tempfile.TemporaryFile() as errors:
        try:
            code, content = _run(command, seconds, errors)
        except OSError as error:
            raise SourceError(f"{program}: {error.strerror}") from None
        if len(content) > texts.LARGEST:
            raise SourceError(f"{program}: over {texts.LARGEST} octets")
        if code == -signal.SIGKILL:
            raise SourceError(f"{program}: not done within {seconds} seconds")
        if code != 0:
            errors.seek(0)
            said = errors.read(4096).decode("utf-8", "replace").strip().splitlines()
            raise SourceError(": ".join([program, f"exit code {code}", *said[-1:]]))
    return content


def _run(command: Sequence[str], seconds: int, errors: IO[bytes]) -> tuple[int, bytes]:
    """Exit code and output; one octet more than is allowed says that there was more."""
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=errors,
        start_new_session=True,
    ) as process:
        timer = Timer(seconds, _kill, [process.pid])
        timer.start()
        try:
            assert process.stdout  # noqa: S101
            content = process.stdout.read(texts.LARGEST + 1)
            if len(content) > texts.LARGEST:
                _kill(process.pid)
            return process.wait(), content
        finally:
            timer.cancel()


def _kill(leader: int) -> None:
    """End a program and all that it started."""
    with suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)
