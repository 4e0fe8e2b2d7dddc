"""Connections to addresses and to unix sockets, some of which stay open."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Callable
from typing import TypeVar

Address = tuple[str, int] | str
"""Host and port, or the path of a unix socket."""
_Answer = TypeVar("_Answer")
_PAUSE = 0.02  # seconds


def connect(address: Address, timeout: float) -> socket.socket:
    """Connect. Raises OSError."""
    if isinstance(address, tuple):
        return socket.create_connection(address, timeout)
    stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        stream.settimeout(timeout)
        deadline = time.monotonic() + timeout
        while True:
            try:
                stream.connect(address)
                return stream
            except BlockingIOError:  # the queue of the socket is full
                if time.monotonic() > deadline:
                    raise
            time.sleep(_PAUSE)
    except OSError:
        stream.close()
        raise


class Kept:
    """Connections that stay open: in each thread one to an address, the last that it asked."""

    def __init__(self, timeout: float) -> None:
        """`timeout` is in seconds, for each step of a request."""
        self._timeout = timeout
        self._local = threading.local()
        self._all: list[http.client.HTTPConnection] = []

    def close(self) -> None:
        """Close the connections of all threads."""
        for connection in self._all:
            connection.close()

    def ask(
        self, address: Address, exchange: Callable[[http.client.HTTPConnection], _Answer]
    ) -> _Answer:
        """Do one `exchange` on a connection to `address`.

        The server may have closed one that was open before; then a new one is asked. Raises
        OSError, http.client.HTTPException.
        """
        if getattr(self._local, "address", None) == address and self._local.connection.sock:
            try:
                return exchange(self._local.connection)
            except (http.client.HTTPException, OSError):
                self._local.connection.close()
        connection = self._open(address)
        try:
            return exchange(connection)
        except BaseException:
            connection.close()
            raise

    def _open(self, address: Address) -> http.client.HTTPConnection:
        if hasattr(self._local, "connection"):
            self._local.connection.close()
        connection = http.client.HTTPConnection("localhost", timeout=self._timeout)
        connection.auto_open = 0
        connection.sock = connect(address, self._timeout)
        self._local.address, self._local.connection = address, connection
        self._all.append(connection)
        return connection
