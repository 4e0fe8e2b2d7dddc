from __future__ import annotations

import hashlib
import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Event

import pytest

from support import answers
from support.served import ENVIRONMENT, PROGRAM, Service, UnixConnection, ask


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


def workers(service: Service) -> list[int]:
    assert service.process
    number = service.process.pid
    children = Path(f"/proc/{number}/task/{number}/children")
    return [int(child) for child in children.read_text().split()]


def kill_worker(service: Service, number: int) -> None:
    """Kill one worker, ask, and wait until there is another one."""
    os.kill(number, signal.SIGKILL)
    assert service.ask() == 200
    end = time.monotonic() + 10
    while len(left := workers(service)) < 2 or number in left:
        assert time.monotonic() < end
        time.sleep(0.01)


def test_crash_of_a_worker_is_not_seen(service: Service) -> None:
    service.start("--workers=2", "--socket", str(service.socket))
    first, second = workers(service)
    kill_worker(service, first)
    kill_worker(service, second)
    assert not {first, second} & set(workers(service))
    assert service.ask() == 200
    assert "a worker died" in service.log.read_text()


def test_workers_end_with_the_process_that_began_them(service: Service) -> None:
    service.start("--workers=2", "--socket", str(service.socket))
    found = workers(service)
    service.signal(signal.SIGKILL)
    end = time.monotonic() + 10
    while any(Path(f"/proc/{each}/exe").exists() for each in found):
        assert time.monotonic() < end
        time.sleep(0.01)


def test_reload_replaces_the_workers(service: Service) -> None:
    service.start("--workers=1", "--socket", str(service.socket))
    (before,) = workers(service)
    service.reload()
    assert before not in workers(service)[-1:]
    for _ in range(5):  # a signal in the middle of another's work is not lost
        service.signal(signal.SIGHUP)
    service.write({"domains": [{"name": "new.test", "provider": "gandi"}]})
    service.signal(signal.SIGHUP)
    end = time.monotonic() + 10
    while service.ask("new.test") != 200:
        assert time.monotonic() < end
        time.sleep(0.05)


def test_bad_file_at_the_start_under_systemd_does_not_take_a_core(service: Service) -> None:
    """systemd starts it again at once, for ever."""
    service.write({"domains": []})
    with service.log.open("ab") as log:
        service.process = subprocess.Popen(
            [*PROGRAM, "--socket", str(service.socket), str(service.file)],
            env=ENVIRONMENT | {"NOTIFY_SOCKET": "/dev/null"},
            stderr=log,
        )
    end = time.monotonic() + 30
    while signal.SIGCHLD not in blocked(service.process):  # its first step
        assert time.monotonic() < end
        time.sleep(0.05)
    with pytest.raises(subprocess.TimeoutExpired):
        service.process.wait(3)
    service.signal(signal.SIGTERM)  # but a stop is not kept waiting
    assert service.process.wait(10) == 1
    service.process = None
    assert "no domain; name at least one" in service.log.read_text()


def blocked(process: subprocess.Popen[bytes]) -> set[int]:
    """The signals that a process does not take now."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    bits = int(status.partition("SigBlk:")[2].split()[0], 16)
    return {number for number in signal.valid_signals() if bits >> (number - 1) & 1}


def port_of(process: subprocess.Popen[bytes]) -> int:
    """The TCP port at which a process listens."""
    links = [str(each.readlink()) for each in Path(f"/proc/{process.pid}/fd").iterdir()]
    for line in Path(f"/proc/{process.pid}/net/tcp").read_text().splitlines()[1:]:
        _number, local, _remote, state, *_, inode = line.split()[:10]
        if state == "0A" and f"socket:[{inode}]" in links:
            return int(local.partition(":")[2], 16)
    raise AssertionError("it does not listen")


def test_drain_says_so_and_goes_on(service: Service) -> None:
    service.start("--port", "0", "--drain", "2")
    assert service.process
    port = port_of(service.process)

    def get(path: str) -> http.client.HTTPResponse:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
            return answer

    assert get("/healthz").status == 200
    service.signal(signal.SIGTERM)
    assert service.notice() == "STOPPING=1"
    begun = time.monotonic()
    while get("/healthz").status != 503:
        assert time.monotonic() < begun + 1
    answer = get(f"{answers.CONFIG}?emailaddress=user@example.test")
    assert (answer.status, answer.getheader("connection")) == (200, "close")
    assert service.process.wait(10) in (0, -signal.SIGTERM)
    assert time.monotonic() >= begun + 2
    service.process = None


def test_second_signal_ends_the_drain(service: Service) -> None:
    service.start("--port", "0", "--drain", "60")
    service.signal(signal.SIGTERM)
    assert service.notice() == "STOPPING=1"
    service.signal(signal.SIGTERM)
    assert service.process
    assert service.process.wait(10) in (0, -signal.SIGTERM)
    service.process = None


@pytest.mark.parametrize(("way", "status"), [("--port", 301), ("--socket", 200)])
def test_port_alone_is_behind_a_proxy(service: Service, way: str, status: int) -> None:
    """On a unix socket our nginx is in front, which has its own rules."""
    service.start(way, "0" if way == "--port" else str(service.socket))
    assert service.process
    connection: http.client.HTTPConnection
    if way == "--port":
        connection = http.client.HTTPConnection("127.0.0.1", port_of(service.process), timeout=10)
    else:
        connection = UnixConnection(service.socket)
    with closing(connection):
        host = {"Host": "autoconfig.example.test", "X-Forwarded-Proto": "http"}
        connection.request("GET", "/", headers=host)
        assert connection.getresponse().status == status
