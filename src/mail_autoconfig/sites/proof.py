"""Asks nginx at the host itself whether a file is in force: a reload that fails says nothing."""

from __future__ import annotations

import errno
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache

from .settings import Place, Settings

_STEP = 5.0  # seconds for each step of a question
_PAUSE = 0.2  # seconds
_PATIENCE = 60.0  # seconds until the answers must have the digest; very many names take some
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
    """Ask until each answer has the digest; why one of them has not, or an empty string.

    One after the other: while nginx still loads the file, there is one question and not a thousand.
    """
    until = time.monotonic() + patience
    for question in asked:
        while why := _said(question, path, digest, ask or _ask):
            if time.monotonic() > until:
                place, name = question
                scheme = "https" if place.tls else "http"
                return f"{scheme}://{name} at {place.address} port {place.port}: {why}"
            time.sleep(_PAUSE)
    return ""


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
        with _context().wrap_socket(wire, server_hostname=name) as secured:
            return _talk(secured, name, path)


@cache
def _context() -> ssl.SSLContext:
    """Reads no authorities, which would take long: what is there may be a placeholder."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _talk(wire: socket.socket, name: str, path: str) -> str:
    wire.sendall(f"GET {path} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
    answer = b""
    while len(answer) < _LARGEST and (more := wire.recv(_LARGEST)):
        answer += more
    return answer.decode(errors="replace")
