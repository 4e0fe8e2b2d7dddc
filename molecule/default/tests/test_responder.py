"""The program as a service."""

from __future__ import annotations

import ast
import plistlib
import re
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from support.answers import POX, PROFILE, pox_request
from support.deployed import CA, SERVERS, Server, changes, converge, play, refusal
from support.sandbox import exposure

CONFIGURATION = "/etc/mail-autoconfig/config.json"


def test_service_is_enabled_and_runs_as_its_own_user(server: Server) -> None:
    for unit in ("mail-autoconfig.socket", "mail-autoconfig.service"):
        assert server.host.service(unit).is_enabled
        assert server.host.service(unit).is_running
    pid = server.run("systemctl show --value --property MainPID mail-autoconfig.service").strip()
    assert server.run(f"ps -o user= -p {pid}").strip() not in ("root", "www-data")


@pytest.mark.parametrize(("name", "most"), [("", 1.5), ("-sign", 1.5), ("-certificates", 2.0)])
def test_sandbox(server: Server, name: str, most: float) -> None:
    assert exposure(server.run, f"mail-autoconfig{name}.service") <= most
    assert server.run(f"systemctl show --value --property LimitCORE mail-autoconfig{name}") == "0\n"


def test_socket_is_for_the_web_server_alone(server: Server) -> None:
    socket = server.host.file("/run/mail-autoconfig/socket")
    assert (socket.user, socket.group, socket.mode) == ("root", "www-data", 0o660)


def test_check_on_the_host(server: Server) -> None:
    assert server.run(f"mail-autoconfig check {CONFIGURATION}").endswith("all right\n")


def test_man_page_and_completion_are_where_debian_looks(server: Server) -> None:
    """bash-completion looks in /usr/local/share by itself, as man does."""
    page = server.run("cat /usr/local/share/man/man1/mail-autoconfig.1")
    assert ".SS mail\\-autoconfig doctor\n" in page
    completion = "/usr/local/share/bash-completion/completions/mail-autoconfig"
    words = f"COMP_WORDS=(mail-autoconfig ver) COMP_CWORD=1; . {completion}; _mail_autoconfig"
    assert server.run("bash -c %s", f"{words}; echo ${{COMPREPLY[@]}}") == "verify\n"


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


def fetch_profile(server: Server) -> bytes:
    domain = f"corp.{server.suffix}"
    path = f"{PROFILE}?email=user@{domain}"
    return server.ask("https", "GET", f"autoconfig.{domain}", path).body


def verify_profile(signed: bytes) -> subprocess.CompletedProcess[bytes]:
    """What a device does: the chain in the profile must end at an authority that it trusts."""
    command = ["openssl", "cms", "-verify", "-inform", "DER", "-purpose", "any", "-CAfile", str(CA)]
    return subprocess.run(command, input=signed, capture_output=True, check=False)


def test_profile_is_signed_with_the_certificate_in_force(server: Server) -> None:
    signed = fetch_profile(server)
    verified = verify_profile(signed)
    assert verified.returncode == 0, verified.stderr
    (mail,) = plistlib.loads(verified.stdout)["PayloadContent"]
    assert mail["IncomingMailServerHostName"] == f"mail.corp.{server.suffix}"
    damaged = signed.replace(b"mail.corp.", b"mail.cork.")
    assert verify_profile(damaged).returncode != 0


def test_many_profiles_at_once_are_all_signed(server: Server) -> None:
    with ThreadPoolExecutor(10) as pool:
        profiles = pool.map(fetch_profile, [server] * 20)
    assert all(verify_profile(signed).returncode == 0 for signed in profiles)


def test_program_can_not_read_the_key(server: Server) -> None:
    pid = server.run("systemctl show --value --property MainPID mail-autoconfig.service").strip()
    status = server.run(f"cat /proc/{pid}/status")
    (user, group), groups = re.findall(r"[UG]id:\t(\d+)", status), status.partition("Groups:")[2]
    who = f"--reuid {user} --regid {group} --groups {','.join(groups.split(chr(10))[0].split())}"
    key = "/etc/mail-autoconfig/tls/current/privkey.pem"
    assert server.host.run(f"setpriv {who} cat {key}").rc != 0
    assert server.host.run(f"cat {key}").rc == 0


def test_profiles_are_not_signed_where_that_is_not_wanted() -> None:
    try:
        assert changes(converge("--tags=responder", autoconfig_sign_profiles=False)) > 0
        assert changes(converge("--tags=responder", autoconfig_sign_profiles=False)) == 0
        for server in SERVERS:
            assert fetch_profile(server).startswith(b"<?xml")
            assert not server.host.file("/run/mail-autoconfig/sign").exists
            assert not server.host.service("mail-autoconfig-sign.service").is_running
    finally:
        converge("--tags=responder")


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


def main_process(server: Server) -> str:
    return server.run("systemctl show --value --property MainPID mail-autoconfig.service").strip()


def post(server: Server) -> float:
    """Ask by POST, which must be answered; return how many seconds it takes."""
    body = pox_request(f"user@corp.{server.suffix}")
    start = time.monotonic()
    answer = server.ask("https", "POST", f"autodiscover.corp.{server.suffix}", POX, {}, body)
    assert answer.status == 200
    return time.monotonic() - start


def test_answers_again_at_once_however_often_it_is_killed(server: Server) -> None:
    """Within a second; on a busy machine, within some times what a start of Python takes."""
    start = time.monotonic()
    server.run("mail-autoconfig --version")
    most = max(1.0, 6 * (time.monotonic() - start))
    for unit in ("mail-autoconfig", "mail-autoconfig-sign"):
        for _ in range(6):
            server.run(f"systemctl kill --signal=KILL {unit}.service")
            assert post(server) < most
        assert verify_profile(fetch_profile(server)).returncode == 0
    for unit in ("mail-autoconfig", "mail-autoconfig-sign"):
        assert server.host.service(f"{unit}.socket").is_running
        assert server.host.service(f"{unit}.service").is_running
    for unit in (
        "mail-autoconfig.service",
        "mail-autoconfig.socket",
        "mail-autoconfig-sign.socket",
    ):
        show = "systemctl show --value --property StartLimitIntervalUSec,TriggerLimitIntervalUSec"
        assert "0" in server.run(f"{show} {unit}").split()


def test_crash_of_one_worker_is_not_seen(server: Server) -> None:
    (first, *_others) = server.run(f"pgrep --parent {main_process(server)}").split()
    server.run(f"kill -KILL {first}")
    for _ in range(3):
        post(server)


def test_reload_after_something_is_mounted_over_tmp(server: Server) -> None:
    server.run("mount -t tmpfs none /tmp")
    try:
        server.run("systemctl reload mail-autoconfig.service")
        server.run("systemctl is-active mail-autoconfig.service")
        post(server)
    finally:
        server.run("umount /tmp")


def test_profiles_at_once_are_never_unsigned(server: Server) -> None:
    """More than may wait: the others are sent away, and told when to come back."""
    flood = (
        "import http.client, collections, concurrent.futures, socket, ssl\n"
        "t = ssl._create_unverified_context()\n"
        f"n = 'autoconfig.corp.{server.suffix}'\n"
        "def ask(_):\n"
        "    c = http.client.HTTPSConnection(n, context=t)\n"
        "    c._create_connection = lambda *_: socket.create_connection(('127.0.0.1', 443))\n"
        f"    c.request('GET', '{PROFILE}?email=user@corp.{server.suffix}')\n"
        "    a = c.getresponse(); body = a.read(); c.close()\n"
        "    kind = 'no' if a.status != 200 else 'unsigned' if body[:1] == b'<' else 'signed'\n"
        "    return a.status, kind, bool(a.getheader('retry-after'))\n"
        "with concurrent.futures.ThreadPoolExecutor(150) as pool:\n"
        "    print(sorted(set(pool.map(ask, range(300)))))\n"
    )
    found = server.run("python3 -c %s", flood)
    allowed = {(200, "signed", False), (429, "no", True), (503, "no", True)}
    assert set(ast.literal_eval(found)) <= allowed
    assert (200, "signed", False) in ast.literal_eval(found)


def test_second_run_in_check_mode_finds_nothing_to_do() -> None:
    output = converge("--check", "--diff")
    assert "changed=0" in output
    assert not re.search(r"changed=[1-9]", output)


@pytest.mark.parametrize(
    ("variables", "line"),
    [
        (
            {"autoconfig_page_texts": {"de": {"titel": "Hallo"}}},
            'autoconfig_page_texts, de: unknown key "titel"; did you mean "title"?',
        ),
        (
            {"autoconfig_page_logo": "/etc/hostname"},
            "autoconfig_page_logo: not an image; use SVG, PNG, JPEG",
        ),
        (
            {
                "autoconfig_domains": [
                    {"name": "a.test", "provider": "gandi", "autoconfig_xml": "<"}
                ]
            },
            "domain a.test, autoconfig_xml: not well-formed in line 1: ",
        ),
    ],
)
def test_override_that_is_not_right_is_refused_before_a_host_changes(
    variables: dict[str, Any], line: str
) -> None:
    assert line in refusal(play("mailhost.autoconfig.server", "--tags=responder", **variables))


def test_own_logo_texts_and_contact(tmp_path: Path) -> None:
    logo = tmp_path / "logo.svg"
    logo.write_text('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>')
    own = {
        "autoconfig_page_logo": str(logo),
        "autoconfig_page_texts": {"en": {"title": "A <title>"}},
        "autoconfig_page_contact": {"name": "A & B", "email": "help@a.test"},
    }
    try:
        converge("--tags=responder", **own)
        assert changes(converge("--tags=responder", **own)) == 0
        for server in SERVERS:
            page = server.ask("https", "GET", f"autoconfig.corp.{server.suffix}", "/").body.decode()
            assert "<h1>A &lt;title&gt;</h1>" in page
            assert 'src="data:image/svg+xml;base64,PHN2Zy' in page
            assert 'A &amp; B\n<a href="mailto:help@a.test">' in page
    finally:
        converge("--tags=responder")
