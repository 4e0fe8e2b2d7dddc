from __future__ import annotations

import hashlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from mail_autoconfig import cli
from mail_autoconfig.server import serve
from support import answers

SOURCE = Path(serve.__file__).parents[2]
ENVIRONMENT = {"PYTHONPATH": str(SOURCE), "PATH": os.environ["PATH"]}
PROGRAM = [sys.executable, "-m", "mail_autoconfig", "serve"]

# What systemd does with the socket of a socket unit (sd_listen_fds(3)).
INHERIT = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
os.execv(sys.executable, [sys.executable, "-m", "mail_autoconfig", "serve", *sys.argv[2:]])
"""


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=10)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(10)
        self.sock.connect(str(self._path))


class Service:
    """The program as systemd runs it: with a socket for its notices."""

    def __init__(self, directory: Path) -> None:
        self.file = directory / "config.json"
        self.socket = directory / "socket"
        self.log = directory / "log"
        self.write(answers.configuration())
        self._notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._notices.bind(str(directory / "notify"))
        self._notices.settimeout(10)
        self._environment = ENVIRONMENT | {"NOTIFY_SOCKET": str(directory / "notify")}
        self.process: subprocess.Popen[bytes] | None = None

    def write(self, raw: Any) -> None:
        new = self.file.with_suffix(".new")
        new.write_text(json.dumps(raw), "utf-8")
        new.replace(self.file)

    def start(self, *arguments: str, inherit: int | None = None) -> None:
        program = PROGRAM if inherit is None else [sys.executable, "-c", INHERIT, str(inherit)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*program, *arguments, str(self.file)],
                env=self._environment,
                stderr=log,
                pass_fds=[] if inherit is None else [inherit],
            )
        assert self.notice().startswith("READY=1\n")

    def notice(self) -> str:
        return self._notices.recv(1000).decode()

    def signal(self, number: signal.Signals) -> None:
        assert self.process
        self.process.send_signal(number)

    def reload(self) -> None:
        self.signal(signal.SIGHUP)
        assert self.notice().startswith("RELOADING=1\nMONOTONIC_USEC=")
        assert self.notice().startswith("READY=1\n")

    def stop(self) -> None:
        if self.process:
            self.signal(signal.SIGTERM)
            # uvicorn 0.29 and later raises the signal again after the orderly end.
            assert self.process.wait(10) in (0, -signal.SIGTERM)
            assert self.notice() == "STOPPING=1"
            self.process = None

    def close(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
        self._notices.close()

    def ask(self, domain: str = "example.test") -> int:
        with closing(UnixConnection(self.socket)) as connection:
            return ask(connection, domain)

    def health(self) -> dict[str, Any]:
        with closing(UnixConnection(self.socket)) as connection:
            connection.request("GET", "/healthz")
            answer: dict[str, Any] = json.loads(connection.getresponse().read())
            return answer


def ask(connection: http.client.HTTPConnection, domain: str) -> int:
    connection.request("GET", f"{answers.CONFIG}?emailaddress=user@{domain}")
    response = connection.getresponse()
    response.read()
    return response.status


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    service = Service(tmp_path)
    yield service
    service.close()


def test_answers_on_a_unix_socket_and_stops_on_sigterm(service: Service) -> None:
    service.start("--socket", str(service.socket))
    assert service.ask() == 200
    assert service.ask("other.test") == 404
    assert service.socket.stat().st_mode & 0o777 == 0o660
    service.stop()
    assert service.log.read_text() == ""


def test_socket_left_by_a_killed_run_is_replaced(service: Service) -> None:
    service.start("--socket", str(service.socket))
    service.signal(signal.SIGKILL)
    assert service.process
    service.process.wait()
    service.start("--socket", str(service.socket))
    assert service.ask() == 200


def test_reload_under_load_drops_no_request(service: Service) -> None:
    service.start("--socket", str(service.socket))
    end = Event()

    def keep_asking(number: int) -> list[int]:
        statuses = []
        with closing(UnixConnection(service.socket)) as kept:
            while not end.is_set():
                statuses.append(ask(kept, "example.test") if number % 2 else service.ask())
        return statuses

    with ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(keep_asking, number) for number in range(4)]
        try:
            for count in range(1, 6):
                raw = answers.configuration()
                raw["domains"] += [
                    {"name": f"d{number}.test", "provider": "gandi"}
                    for number in range(500 * count)
                ]
                service.write(raw)
                service.reload()
                assert service.health()["domains"] == len(raw["domains"])
        finally:
            end.set()
        statuses = [status for future in asking for status in future.result()]
    assert len(statuses) > 100
    assert set(statuses) == {200}


def test_health_names_the_file_in_force(service: Service) -> None:
    service.start("--socket", str(service.socket))
    digest = hashlib.sha256(service.file.read_bytes()).hexdigest()
    assert service.health()["configuration"] == digest


def test_bad_file_leaves_the_old_configuration(service: Service) -> None:
    service.start("--socket", str(service.socket))
    service.write({"domains": [{"name": "example.test", "provider": "gandy"}]})
    service.reload()
    assert service.ask() == 200
    log = service.log.read_text()
    assert 'config.json: domain example.test, provider: no provider "gandy"' in log
    assert "the previous configuration stays in force" in log


def test_bad_file_at_the_start(service: Service) -> None:
    service.write({"domains": []})
    ended = subprocess.run(
        [*PROGRAM, "--socket", str(service.socket), str(service.file)],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr == "config.json: autoconfig_domains: no domain; name at least one\n"


def test_restart_on_an_inherited_socket_drops_no_connection(service: Service) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(service.socket))
        listening.listen(10)
        service.start(inherit=listening.fileno())
        assert service.ask() == 200
        service.stop()
        with closing(UnixConnection(service.socket)) as waiting:
            waiting.request("GET", "/healthz")
            service.start(inherit=listening.fileno())
            assert waiting.getresponse().status == 200


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_tcp_socket(host: str) -> None:
    if host == "::1" and not Path("/proc/net/if_inet6").exists():
        pytest.skip("this machine has no IPv6")
    (listening,) = serve.open_sockets(None, host, 0)
    with listening, socket.create_connection(listening.getsockname()[:2], 5):
        assert listening.getsockname()[0] == host


def test_taken_port() -> None:
    (listening,) = serve.open_sockets(None, "127.0.0.1", 0)
    with listening, pytest.raises(serve.SocketError, match="can't listen: Address already in use"):
        serve.open_sockets(None, "127.0.0.1", listening.getsockname()[1])


def test_no_socket(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert cli.main(["serve", str(tmp_path / "config.json")]) == 1
    message = "no socket to listen on: give --socket or --port, or let systemd start the program\n"
    assert capsys.readouterr().err == message


def test_notify_reaches_an_abstract_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"mail-autoconfig-test-{os.getpid()}-{time.monotonic_ns()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notices:
        notices.bind(f"\0{name}")
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
        serve.notify("READY=1", "STATUS=ready")
        assert notices.recv(100) == b"READY=1\nSTATUS=ready"
