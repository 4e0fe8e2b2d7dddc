"""What a program does to its host: files, links, locks, nginx. The standard library alone."""

from __future__ import annotations

import errno
import fcntl
import io
import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

NGINX_TEST = "/usr/sbin/nginx", "-t", "-q"
NGINX_DUMP = "/usr/sbin/nginx", "-T", "-q"
NGINX_RELOAD = "/usr/bin/systemctl", "reload", "nginx.service"


class NginxError(Exception):
    """nginx or systemd refuses what it was told; the text is the line that says why."""


def replace_file(path: Path, content: str | bytes | BinaryIO, mode: int = 0o644) -> None:
    """Write a file at once: a reader has the old content or the new, never a part of it.

    Text is written as UTF-8; a file is read from where it is. What is no regular file, such as
    /dev/stdout, is written to. Raises OSError, which has a path, and leaves the old file then.
    """
    data = content.encode() if isinstance(content, str) else content
    source = io.BytesIO(data) if isinstance(data, bytes) else data
    if path.exists() and not path.is_file():
        with path.open("wb") as file:
            shutil.copyfileobj(source, file)
        return
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            shutil.copyfileobj(source, file)
            os.fchmod(descriptor, mode)
        Path(name).replace(path)
    except BaseException as error:
        Path(name).unlink(missing_ok=True)
        if isinstance(error, OSError):  # a full disk has no path
            error.filename = error.filename or str(path)
        raise


def open_regular(path: Path) -> BinaryIO:
    """Open a file that another account may have put there, without a buffer. Raises OSError.

    No link is followed, and no pipe waited for.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not a regular file")
    return os.fdopen(descriptor, "rb", buffering=0)


def point_link(link: Path, target: str | Path) -> None:
    """Make a symbolic link point to `target`; at no moment is there none. Raises OSError."""
    new = link.with_name(f".{link.name}.new")
    new.unlink(missing_ok=True)
    new.symlink_to(target)
    new.replace(link)


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Let one process at a time work in a directory; the others wait. Raises OSError."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def reload_nginx() -> None:
    """Test nginx's configuration; if it passes, reload nginx. Raises NginxError."""
    for command in NGINX_TEST, NGINX_RELOAD:
        _run(command)


def nginx_dump() -> str:
    """nginx's whole configuration, with the files that it includes. Raises NginxError."""
    return _run(NGINX_DUMP)


def start(unit: str) -> None:
    """Let systemd start a unit, and do not wait for it. Raises NginxError.

    A timer that runs counts from now on again; a service that runs goes on.
    """
    verb = "restart" if unit.endswith(".timer") else "start"
    _run(("/usr/bin/systemctl", verb, "--no-block", unit))


def _run(command: Sequence[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise NginxError(str(error)) from None
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines() or [" ".join(command)]
        # A warning may come first.
        raise NginxError(next((line for line in lines if "[emerg]" in line), lines[0]))
    return done.stdout
