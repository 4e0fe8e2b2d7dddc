from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import pytest

from mail_autoconfig import cli
from mail_autoconfig.server import sockets


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_tcp_socket(host: str) -> None:
    if host == "::1" and not Path("/proc/net/if_inet6").exists():
        pytest.skip("this machine has no IPv6")
    (listening,) = sockets.open_sockets(None, host, 0)
    with listening, socket.create_connection(listening.getsockname()[:2], 5):
        assert listening.getsockname()[0] == host


@pytest.mark.parametrize("ipv6", [True, False])
def test_all_addresses(ipv6: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both families at one socket, or IPv4 alone where a machine has no other."""
    reached = ["127.0.0.1"]
    if not ipv6:
        monkeypatch.setattr(socket, "has_dualstack_ipv6", lambda: False)
    elif Path("/proc/net/if_inet6").exists():
        reached.append("::1")
    (listening,) = sockets.open_sockets(None, "::", 0)
    with listening:
        for host in reached:
            socket.create_connection((host, listening.getsockname()[1]), 5).close()
    assert (listening.family == socket.AF_INET6) == (len(reached) > 1)


def test_taken_port() -> None:
    (listening,) = sockets.open_sockets(None, "127.0.0.1", 0)
    with (
        listening,
        pytest.raises(sockets.SocketError, match="can't listen: Address already in use"),
    ):
        sockets.open_sockets(None, "127.0.0.1", listening.getsockname()[1])


def test_no_socket(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert cli.main(["serve", str(tmp_path / "config.json")]) == 1
    message = "no socket to listen on: give --socket or --port, or let systemd start the program\n"
    assert capsys.readouterr().err == message


def test_notify_reaches_an_abstract_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"mail-autoconfig-test-{os.getpid()}-{time.monotonic_ns()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notices:
        notices.bind(f"\0{name}")
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
        sockets.notify("READY=1", "STATUS=ready")
        assert notices.recv(100) == b"READY=1\nSTATUS=ready"
