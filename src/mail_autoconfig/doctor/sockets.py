"""Connections: a bounded number at a time, and whose trouble it is if there are none left."""

from __future__ import annotations

import errno
import resource
from contextlib import suppress

CONNECTIONS = 64
"""At a time, of web and of mail servers each."""
QUESTIONS = 64
"""To name servers at a time."""
_OWN = errno.EMFILE, errno.ENFILE


class OwnTroubleError(Exception):
    """This machine lacks something; it says nothing about a domain."""


def check_own(error: BaseException) -> None:
    """Raise OwnTroubleError if this process may open no more files."""
    cause: BaseException | None = error
    while cause:
        if isinstance(cause, OSError) and cause.errno in _OWN:
            raise OwnTroubleError(
                "too many open files; raise the limit (ulimit -n 4096), or give --at-once 4"
            ) from error
        cause = cause.__cause__ or cause.__context__


def allow_many() -> None:
    """Raise this process's own limit of open files, as far as it may."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4096 if hard == resource.RLIM_INFINITY else min(4096, hard)
    with suppress(ValueError, OSError):
        if _soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
