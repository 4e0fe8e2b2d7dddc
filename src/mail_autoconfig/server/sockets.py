"""Listening sockets, and the notices to systemd."""

from __future__ import annotations

import os
import socket
from pathlib import Path

_FIRST_INHERITED = 3  # sd_listen_fds(3)


class SocketError(Exception):
    """No socket to listen on; the text says what to do."""


def open_sockets(path: Path | None, host: str, port: int | None) -> list[socket.socket]:
    """Return the listening sockets: a unix one at `path`, host and port, or those from systemd.

    Raises SocketError.
    """
    try:
        if path is not None:
            return [_unix_socket(path)]
        if port is not None:
            return [_tcp_socket(host, port)]
    except OSError as error:
        where = path or f"{host}, port {port}"
        raise SocketError(f"{where}: can't listen: {error.strerror}") from None
    inherited = _inherited_sockets()
    if not inherited:
        raise SocketError(
            "no socket to listen on: give --socket or --port, or let systemd start the program"
        )
    return inherited


def _tcp_socket(host: str, port: int) -> socket.socket:
    """Of all addresses, `::`, those of IPv4 are some; where there is no IPv6, they are all."""
    if host == "::":
        if socket.has_dualstack_ipv6():
            address = (host, port)
            return socket.create_server(address, family=socket.AF_INET6, dualstack_ipv6=True)
        host = "0.0.0.0"  # noqa: S104 (what is asked for)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family)


def _unix_socket(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)  # left by a run that was killed
    unix_socket = socket.socket(socket.AF_UNIX)
    unix_socket.bind(str(path))
    path.chmod(0o660)
    unix_socket.listen(socket.SOMAXCONN)
    return unix_socket


def _inherited_sockets() -> list[socket.socket]:
    """The sockets of sd_listen_fds(3)."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return []
    count = int(os.environ.get("LISTEN_FDS", "0"))
    return [socket.socket(fileno=_FIRST_INHERITED + number) for number in range(count)]


def notify(*states: str) -> None:
    """Tell systemd, if it started us (sd_notify(3))."""
    address = os.environ.get("NOTIFY_SOCKET")
    if address:
        if address.startswith("@"):  # the abstract name space
            address = "\0" + address[1:]
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify_socket:
            notify_socket.sendto("\n".join(states).encode(), address)
