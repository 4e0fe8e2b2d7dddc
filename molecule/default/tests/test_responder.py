"""The program as a service."""

from __future__ import annotations

import re
import threading
import time

from answers import POX, pox_request
from deployed import Server, converge, play, refusal

CONFIGURATION = "/etc/mail-autoconfig/config.json"


def test_service_is_enabled_and_runs_as_its_own_user(server: Server) -> None:
    for unit in ("mail-autoconfig.socket", "mail-autoconfig.service"):
        assert server.host.service(unit).is_enabled
        assert server.host.service(unit).is_running
    pid = server.run("systemctl show --value --property MainPID mail-autoconfig.service").strip()
    assert server.run(f"ps -o user= -p {pid}").strip() not in ("root", "www-data")


def test_sandbox(server: Server) -> None:
    report = server.run("systemd-analyze security mail-autoconfig.service")
    found = re.search(r"Overall exposure level for mail-autoconfig.service: ([0-9.]+)", report)
    assert found
    assert float(found[1]) <= 1.5


def test_socket_is_for_the_web_server_alone(server: Server) -> None:
    socket = server.host.file("/run/mail-autoconfig/socket")
    assert (socket.user, socket.group, socket.mode) == ("root", "www-data", 0o660)


def test_check_on_the_host(server: Server) -> None:
    assert server.run(f"mail-autoconfig check {CONFIGURATION}").endswith("all right\n")


def test_configuration_that_fails_its_check_on_the_host_changes_nothing() -> None:
    result = play(
        "mailhost.autoconfig.server",
        "--tags=responder",
        __responder_content='{"domains": [{"name": "example.org", "provider": "gandy"}]}',
    )
    refusal(result)
    assert 'no provider \\"gandy\\"' in result.stdout


def test_bad_file_under_a_running_service_keeps_the_old_configuration(server: Server) -> None:
    server.run(f"cp {CONFIGURATION} /tmp/config.json")
    try:
        server.run(f"sh -c 'echo broken > {CONFIGURATION}'")
        server.run("systemctl reload mail-autoconfig.service")
        time.sleep(1)
        body = pox_request(f"user@corp.{server.suffix}")
        answer = server.ask("https", "POST", f"autodiscover.corp.{server.suffix}", POX, {}, body)
        assert f"mail.corp.{server.suffix}".encode() in answer.body
        log = server.run("journalctl --unit mail-autoconfig.service --lines 5")
        assert "stays in force" in log
    finally:
        server.run(f"cp /tmp/config.json {CONFIGURATION}")
        server.run("systemctl reload mail-autoconfig.service")


def test_reload_and_restart_drop_no_request(server: Server) -> None:
    """Requests that change nothing in the cache: POX goes to the responder each time."""
    body = pox_request(f"user@corp.{server.suffix}")
    statuses: list[int] = []
    stop = threading.Event()

    def client() -> None:
        connection = server.connection("https", f"autodiscover.corp.{server.suffix}")
        while not stop.wait(0.05):  # 20 a second: below the rate limit
            connection.request("POST", POX, body, {"Host": f"autodiscover.corp.{server.suffix}"})
            answer = connection.getresponse()
            answer.read()
            statuses.append(answer.status)
        connection.close()

    thread = threading.Thread(target=client)
    thread.start()
    try:
        for _ in range(10):
            server.run("systemctl reload mail-autoconfig.service")
        for _ in range(3):
            server.run("systemctl restart mail-autoconfig.service")
    finally:
        stop.set()
        thread.join()
    assert len(statuses) > 10
    assert set(statuses) == {200}


def test_second_run_in_check_mode_finds_nothing_to_do() -> None:
    output = converge("--check", "--diff")
    assert "changed=0" in output
    assert not re.search(r"changed=[1-9]", output)
