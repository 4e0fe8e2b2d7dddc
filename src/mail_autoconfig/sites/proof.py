"""Asks nginx at the host itself whether a file is in force: a reload that fails says nothing."""

from __future__ import annotations

import errno
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Sequence

from .settings import Place, Settings

_STEP = 5.0  # seconds for each step of a question
_PAUSE = 0.2  # seconds
_PATIENCE = 15.0  # seconds until the answers must have the digest
_LARGEST = 1 << 16  # bytes of an answer
_NOT_HERE = errno.EADDRNOTAVAIL, errno.ENETUNREACH, errno.EAFNOSUPPORT

Question = tuple[Place, str]
"""Where nginx is asked, and for which name."""


def questions(
    settings: Settings, plain: Sequence[str], secure: Sequence[str]
) -> Iterator[Question]:
    """Each name at each place: a name of each server over http, and over TLS."""
    for place in settings.places:
        for name in secure if place.tls else plain:
            yield place, name


def unproven(
    asked: Iterable[Question],
    path: str,
    digest: str,
    ask: Callable[[Question, str], str] | None = None,
    patience: float = _PATIENCE,
) -> str:
    """Ask until all answers have the digest; why one of them has not, or an empty string."""
    until, left = time.monotonic() + patience, list(asked)
    while True:
        said = {question: _said(question, path, digest, ask or _ask) for question in left}
        left = [question for question in left if said[question]]
        if not left:
            return ""
        if time.monotonic() > until:
            (place, name), *_more = left
            scheme = "https" if place.tls else "http"
            where = f"{scheme}://{name} at {place.address} port {place.port}"
            return f"{where}: {said[left[0]]}"
        time.sleep(_PAUSE)


def _said(question: Question, path: str, digest: str, ask: Callable[[Question, str], str]) -> str:
    try:
        return "" if digest in ask(question, path) else "something else answers"
    except OSError as error:
        # Some hosts have no ::1.
        return "" if error.errno in _NOT_HERE else error.strerror or str(error)


def _ask(question: Question, path: str) -> str:
    """What this host gets there. Raises OSError."""
    place, name = question
    source = (place.address, 0) if place.address[:1].isdigit() else None
    with socket.create_connection((place.address, place.port), _STEP, source) as wire:
        if not place.tls:
            return _talk(wire, name, path)
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE  # it may be a placeholder
        with context.wrap_socket(wire, server_hostname=name) as secured:
            return _talk(secured, name, path)


def _talk(wire: socket.socket, name: str, path: str) -> str:
    wire.sendall(f"GET {path} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
    answer = b""
    while len(answer) < _LARGEST and (more := wire.recv(_LARGEST)):
        answer += more
    return answer.decode(errors="replace")
