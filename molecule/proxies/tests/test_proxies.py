"""Each proxy of docs/behind-a-proxy.md in front of the server, with the page's own recipe."""

from __future__ import annotations

import http.client
import json
import subprocess
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from support.answers import CONFIG, JSON, POX, PROFILE, Case, Reply, cases, pox_request, run
from support.containers import proxied
from support.deployed import play
from support.proxies import BESIDE, FRONT, NAMES, Proxy, blocks, proxies

SCENARIO = Path(__file__).parents[1]
HOSTS = SCENARIO / "inventory/hosts.yml"
SERVERS = {BESIDE: "here", FRONT: "there"}
ADDRESSES = {BESIDE: "198.18.48.10", FRONT: "198.18.48.12"}
CLIENT = "198.18.48.1"  # this machine, as the containers see it
SOMEBODY, STRANGER = "somebody", "stranger"
OTHER = "other.example.com"
# Of tests/support/answers, all that is asked at a name of the recipes.
TABLE = [case for case in cases("com") if case.host in NAMES]
PROXIES = proxies()
# Many forms at once, each with another forged address; prints their statuses.
FLOOD = """
import http.client, socket, ssl, sys
name, body = "autoconfig.example.com", "email=a@example.com"
context = ssl._create_unverified_context()
def connect():
    raw = socket.create_connection((sys.argv[1], 443))
    return context.wrap_socket(raw, server_hostname=name)
def status(stream):
    answer = http.client.HTTPResponse(stream)
    answer.begin()
    return answer.status
head = f"POST /settings HTTP/1.1\\r\\nHost: {name}\\r\\nContent-Length: {len(body)}\\r\\n"
head += "Content-Type: application/x-www-form-urlencoded\\r\\nX-Forwarded-For: 203.0.113."
streams = [connect() for _ in range(30)]
for number, stream in enumerate(streams):
    stream.sendall(f"{head}{number}\\r\\n\\r\\n{body}".encode())
print(*map(status, streams))
"""
# In the place of nginx: takes each request and closes the connection.
CLOSES = """
import socket
s = socket.create_server(("0.0.0.0", 8080))
print("listens", flush=True)
while True:
    c, _ = s.accept(); c.recv(65536); c.close()
"""


class Started:
    """A proxy that runs, and the server behind it."""

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        self.address = ADDRESSES[proxy.machine]
        self.container = f"autoconfig-proxies-{proxy.machine}"
        self.server = f"autoconfig-proxies-{SERVERS[proxy.machine]}"

    def ask(
        self,
        scheme: str,
        method: str,
        host: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes = b"",
    ) -> Reply:
        """Send one request; a transport for tests/support/answers."""
        return proxied(self.address)(scheme, method, host, path, headers, body)

    def logs(self) -> str:
        """All that the proxy has written."""
        return execute(
            self.container, "sh", "-c", f"cat /dev/null $(find {self.proxy.logs} -type f)"
        )


def execute(container: str, *command: str) -> str:
    """Run a command in a container, which must succeed; return its output."""
    done = subprocess.run(
        ["docker", "exec", container, *command], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout


def start(proxy: Proxy) -> Started:
    """Start a proxy on its machine, on which nothing else runs, and wait until it passes on."""
    started = Started(proxy)
    subprocess.run(["docker", "restart", "--time", "0", started.container], check=True)
    write = "import json, os, sys\nfor path, text in json.load(sys.stdin).items():\n"
    write += "    os.makedirs(os.path.dirname(path), exist_ok=True); open(path, 'w').write(text)"
    subprocess.run(
        ["docker", "exec", "--interactive", started.container, "python3", "-c", write],
        input=json.dumps(dict(proxy.files)),
        text=True,
        check=True,
    )
    execute(started.container, "sh", "-ec", proxy.start)
    deadline = time.monotonic() + 20
    while not answers(started):
        assert time.monotonic() < deadline, started.logs()
        time.sleep(0.1)
    return started


def answers(started: Started) -> bool:
    """Whether Autoconfig is answered on both ports."""
    try:
        return all(
            started.ask(scheme, "GET", NAMES[0], CONFIG, {}).status == 200
            for scheme in ("http", "https")
        )
    except (OSError, http.client.HTTPException):
        return False


@pytest.fixture(scope="module", params=PROXIES, ids=lambda proxy: proxy.heading)
def started(request: pytest.FixtureRequest) -> Started:
    return start(request.param)


@pytest.mark.parametrize("case", TABLE, ids=lambda case: case.name)
def test_same_answer_as_direct(started: Started, case: Case) -> None:
    run(case, started.ask)


def test_domain_of_a_source(started: Started) -> None:
    """Its names stand in no list."""
    answer = started.ask("http", "GET", "autoconfig.sourced.com", CONFIG, {})
    assert (answer.status, b"<domain>sourced.com</domain>" in answer.body) == (200, True)
    host = "autodiscover.sourced.com"
    answer = started.ask("http", "GET", host, POX, {"Content-Type": "text/xml"})
    assert (answer.status, answer.headers["location"][:8]) == (302, "https://")
    unknown = started.ask("http", "GET", "autoconfig.unknown.com", CONFIG, {})
    assert unknown.status == 404


def test_plain_http_is_redirected_as_direct(started: Started) -> None:
    """By nginx, since a 301 of the proxy would turn a POST into a GET."""
    host = "autodiscover.example.com"
    body = pox_request("user@example.com")
    for method, path, sent, status, target in (
        ("GET", POX, b"", 302, POX),
        ("POST", "/AutoDiscover/autodiscover.XML", body, 307, POX),
        ("POST", "/whatever", body, 307, POX),
        ("GET", "/?lang=de", b"", 301, "/?lang=de"),
        ("GET", f"{PROFILE}?email=user%40example.com", b"", 301, None),
        ("GET", f"{JSON}/v1.0/user@example.com?Protocol=AutodiscoverV1", b"", 301, None),
    ):
        reply = started.ask("http", method, host, path, {"Content-Type": "text/xml"}, sent)
        where = f"https://{host}{target or path}"
        assert (reply.status, reply.headers.get("location")) == (status, where), path


def test_nginx_knows_the_client(started: Started) -> None:
    started.ask("https", "GET", NAMES[0], CONFIG, {"X-Forwarded-For": "203.0.113.9"})
    (line,) = execute(
        started.server, "tail", "-n", "1", "/var/log/nginx/mail-autoconfig.log"
    ).splitlines()
    assert line.startswith(f"{CLIENT} "), line


def test_limits_are_for_each_client(started: Started) -> None:
    """One that forges addresses reaches its own, and another is answered meanwhile."""
    said = execute(started.container, "python3", "-c", FLOOD, started.address).split()
    assert set(said) == {"200", "429"}
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    body = b"email=a%40example.com"
    assert started.ask("https", "POST", NAMES[0], "/settings", form, body).status == 200


@pytest.mark.parametrize(
    "started",
    [proxy for proxy in PROXIES if proxy.webroot],  # the others order by themselves, or otherwise
    ids=lambda proxy: proxy.heading,
    indirect=True,
)
def test_proxy_answers_its_authority(started: Started) -> None:
    path = "/.well-known/acme-challenge/token"
    file = f"{started.proxy.webroot}{path}"
    execute(started.container, "sh", "-c", "mkdir -p ${0%/*}; echo proof >$0", file)
    reply = started.ask("http", "GET", NAMES[0], path, {})
    assert (reply.status, reply.body) == (200, b"proof\n")


def ask_with_addresses(started: Started, host: str, localpart: str) -> set[int]:
    """Send the requests that have an address in their URLs or bodies; the statuses."""
    address = f"{localpart}@example.com"
    encoded = address.replace("@", "%40")
    requests = [
        (scheme, method, host, path, {"Content-Type": "text/xml"}, sent)
        for scheme in ("https", "http")
        for method, path, sent in (
            ("GET", f"{CONFIG}?emailaddress={encoded}", b""),
            ("GET", f"{PROFILE}?email={encoded}", b""),
            ("GET", f"{JSON}/v1.0/{address}?Protocol=AutodiscoverV1", b""),
            ("GET", f"/nothing/{address}", b""),
            ("POST", POX, pox_request(address)),
        )
    ]
    with ThreadPoolExecutor(len(requests)) as pool:  # HAProxy asks again for seconds
        return {reply.status for reply in pool.map(lambda each: started.ask(*each), requests)}


@pytest.fixture
def without_nginx(started: Started) -> Iterator[str]:
    """The server whose nginx does not run."""
    execute(started.server, "systemctl", "stop", "nginx")
    yield started.server
    execute(started.server, "systemctl", "start", "nginx")
    assert answers(started), "the proxy has to see at once that nginx is back"


def test_no_address_in_the_logs(started: Started, without_nginx: str) -> None:
    """Neither of requests that nginx answers nor of those that it can't."""
    closes = ["systemd-run", "--quiet", "--unit=closes", "--property=Type=exec"]
    assert min(ask_with_addresses(started, NAMES[1], SOMEBODY)) >= 500
    execute(without_nginx, *closes, "python3", "-c", CLOSES)
    execute(
        without_nginx, "timeout", "10", "sh", "-c", "until ss -Hltn | grep -q :8080; do :; done"
    )
    try:
        assert min(ask_with_addresses(started, NAMES[1], SOMEBODY)) >= 500
    finally:
        execute(without_nginx, "systemctl", "stop", "closes")
    execute(without_nginx, "systemctl", "start", "nginx")
    assert {200, 404} <= ask_with_addresses(started, NAMES[1], SOMEBODY)
    if started.proxy.keeps_log:
        ask_with_addresses(started, OTHER, STRANGER)
    deadline = time.monotonic() + 10
    while started.proxy.keeps_log and STRANGER not in started.logs():
        assert time.monotonic() < deadline, "the test does not see the log"
        time.sleep(0.2)
    found = [line for line in started.logs().splitlines() if SOMEBODY in line]
    assert found == []


def test_inventory_is_that_of_the_page() -> None:
    hosts = yaml.safe_load(HOSTS.read_text())["autoconfig_servers"]["hosts"]
    for name, heading in (
        ("here", "On the same server"),
        ("there", "On another machine, or in a container"),
    ):
        (block,) = blocks(heading)
        assert yaml.safe_load(block) == hosts[f"autoconfig-proxies-{name}"]


def test_nobody_else_is_answered() -> None:
    for headers in ({}, {"X-Forwarded-For": "192.0.2.2"}):
        connection = http.client.HTTPConnection("198.18.48.11", 8080, timeout=20)
        connection.request("GET", CONFIG, headers={"Host": NAMES[0]} | headers)
        assert connection.getresponse().status == 403
        connection.close()


def test_verify_asks_nginx_and_says_what_it_can_not_see() -> None:
    result = play("mailhost.autoconfig.verify", inventory=HOSTS)
    assert result.returncode == 0, result.stdout + result.stderr
    said = [line.strip().strip('",') for line in result.stdout.splitlines()]
    for start_of_line in (
        "13 domains, ",
        "The web server in front passes on, https and http: auto.example.com autodiscover.example",
        "The web server in front passes on, http alone, whatever the domain: autodiscover.* autoco",
        "Not verified from outside: run the doctor on any other machine, mail-autoconfig doctor u",
    ):
        assert any(line.startswith(start_of_line) for line in said), result.stdout
