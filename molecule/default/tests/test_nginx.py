"""nginx in front of the responder."""

from __future__ import annotations

import re
import socket
import ssl
import time
from collections.abc import Iterator

import pytest

from support.answers import CONFIG, JSON, POX, not_modified, pox_request
from support.deployed import CA, SERVERS, Server, changes, converge, play, refusal

OTHER_SITE = """
server {
    listen 80 default_server;
    listen 443 ssl;
    server_name other.test;
    ssl_certificate /etc/mail-autoconfig/tls/placeholder/fullchain.pem;
    ssl_certificate_key /etc/mail-autoconfig/tls/placeholder/privkey.pem;
    location / { return 200 "the other site"; }
}
"""
# Listens at a port, as a web server that is not nginx.
TAKER = (
    "systemd-run --quiet --unit=taker-{port} --property=Type=exec "
    "python3 -m http.server --bind 0.0.0.0 {port}"
)


def handshake(
    server: Server, name: str, *, minimum: ssl.TLSVersion, maximum: ssl.TLSVersion
) -> str:
    context = ssl.create_default_context(cafile=str(CA))
    context.minimum_version, context.maximum_version = minimum, maximum
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.set_alpn_protocols(["h2", "http/1.1"])
    raw = socket.create_connection(("127.0.0.1", server.port(443)), 20)
    with context.wrap_socket(raw, server_hostname=name) as connection:
        return f"{connection.version()} {connection.selected_alpn_protocol()}"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_modern_tls_with_http2(server: Server, version: ssl.TLSVersion) -> None:
    name = f"autodiscover.example.{server.suffix}"
    spoken = handshake(server, name, minimum=version, maximum=version)
    assert spoken == f"{version.name.replace('_', '.')} h2"


def test_tls_as_mozilla_advises(server: Server) -> None:
    """Each of our servers that speaks TLS, the first of the port included, says so itself."""
    ours = server.run("cat /etc/nginx/sites-enabled/zz-mail-autoconfig.conf")
    blocks = [block for block in ours.split("\nserver {") if "listen 443 ssl" in block]
    assert len(blocks) == 2
    assert all("ssl_protocols TLSv1.2 TLSv1.3;" in block for block in blocks)


def test_sessions_are_resumed(server: Server) -> None:
    name = f"autodiscover.example.{server.suffix}"
    ask = f"openssl s_client -connect 127.0.0.1:443 -servername {name} -tls1_2"
    server.run(f"{ask} -sess_out /tmp/session </dev/null")
    assert "Reused" in server.run(f"{ask} -sess_in /tmp/session </dev/null")


def test_unknown_name_gets_no_certificate(server: Server) -> None:
    with pytest.raises((ssl.SSLError, ConnectionError)):
        handshake(
            server,
            f"autodiscover.unknown.{server.suffix}",
            minimum=ssl.TLSVersion.TLSv1_2,
            maximum=ssl.TLSVersion.TLSv1_3,
        )


def test_ipv6_where_the_host_has_it(server: Server) -> None:
    has_ipv6 = server.host.file("/proc/net/if_inet6").exists
    listens = server.run("ss --no-header --listening --tcp --numeric")
    assert ("[::]:443" in listens) == has_ipv6


def test_answers_survive_the_responder_and_no_log_holds_an_address(server: Server) -> None:
    """GET answers come from the cache; whatever fails is logged without the address."""
    domain = f"corp.{server.suffix}"
    host = f"autoconfig.{domain}"

    def secret(number: int) -> str:
        return f"?emailaddress=secret-{number}%40{domain}"

    first = server.ask("https", "GET", host, CONFIG + secret(1))
    assert first.status == 200
    server.run("systemctl stop mail-autoconfig.socket mail-autoconfig.service")
    try:
        time.sleep(11)  # longer than an answer is fresh
        assert server.ask("https", "GET", host, CONFIG + secret(2)).body == first.body
        # What is not cached fails, and what fails is what nginx would log with its request line.
        assert server.ask("https", "GET", host, f"{CONFIG}?x=secret-3@{domain}").status == 502
        body = pox_request(f"secret-4@{domain}")
        assert server.ask("https", "POST", host, f"{POX}?secret-5@{domain}", {}, body).status == 502
        long = body.ljust(64 * 1024 + 1)
        assert server.ask("https", "POST", host, f"{POX}?secret-6@{domain}", {}, long).status == 413
        assert server.ask("http", "GET", host, f"{CONFIG}?x=secret-7@{domain}").status == 502
        assert server.ask("https", "GET", host, f"/secret-8@{domain}").status == 404
        for path in (f"{JSON}/v1.0/secret-20@{domain}", f"{JSON}?Email=secret-21@{domain}"):
            assert server.ask("https", "GET", host, path).status == 502
        # What nginx refuses before it knows whom it is for.
        for request in (
            f"GET {CONFIG}?emailaddress=secret-10@{domain} HTTP/1.0\r\n\r\n",
            f"GET {CONFIG}?emailaddress=secret-11@{domain}{'x' * 41000} HTTP/1.1\r\n\r\n",
            f"GET /secret-12@{domain}%zz HTTP/1.1\r\nHost: {host}\r\n\r\n",
            f"GET /secret-13@{domain} HTTP/1.1\r\nHost: unknown.test\r\n\r\n",
            f"secret-14@{domain} / HTTP/1.1\r\n\r\n",
        ):
            with socket.create_connection(("127.0.0.1", server.port(80)), 20) as connection:
                connection.sendall(request.encode())
                assert connection.recv(12)[9:10] == b"4"
    finally:
        server.run("systemctl start mail-autoconfig.socket mail-autoconfig.service")
    assert server.ask("https", "GET", host, CONFIG + secret(9)).status == 200
    assert server.host.run("grep -rac secret- /var/log/").stdout.count(":0\n") > 0
    assert server.host.run("grep -ra secret- /var/log/").stdout == ""
    assert "secret-" not in server.run("journalctl --all --no-pager")
    assert " autoconfig 200 " in server.run("cat /var/log/nginx/mail-autoconfig.log")


def test_cached_answers_leave_descriptors_for_clients(server: Server) -> None:
    """Each server block keeps its own open; a worker process of Debian's has 1024 for all."""
    kept = re.findall(r"open_file_cache max=(\d+)", server.run("nginx -T"))
    assert kept
    assert sum(map(int, kept)) <= 100


def test_copy_that_is_still_right(server: Server) -> None:
    host = f"autoconfig.corp.{server.suffix}"
    tag = server.ask("https", "GET", host, CONFIG).headers["etag"]
    for query in ("", "?x=y"):  # from the cache, and not
        path = CONFIG + query
        not_modified(server.ask("https", "GET", host, path, {"If-None-Match": f'"old", {tag}'}))
        assert server.ask("https", "GET", host, path, {"If-None-Match": '"old"'}).status == 200


def test_an_address_that_must_not_be_answered_shares_no_key_with_one_that_is(
    server: Server,
) -> None:
    domain = f"example.{server.suffix}"
    host = f"autoconfig.{domain}"
    for _ in range(2):
        for query, status in [
            (f"?emailaddress=user%40{domain}", 200),
            (f"?emailaddress=a%40b%40{domain}", 404),
            (f"?emailaddress=a@b@{domain}", 404),
            (f"?emailaddress=user%40{domain}.invalid", 404),
            (f"?emailaddress=%40{domain}", 404),
            ("?emailaddress=u%40-", 404),
            ("?emailaddress=u@-", 404),
            ("?emailaddress=", 200),
            ("", 200),
            ("?emailaddress=u@-", 404),
        ]:
            assert server.ask("https", "GET", host, CONFIG + query).status == status, query


@pytest.mark.parametrize(("method", "path"), [("GET", CONFIG), ("POST", POX)])
def test_rate_limit(server: Server, method: str, path: str) -> None:
    """One client's flood is refused; it runs in the container, against 127.0.0.1."""
    time.sleep(13)  # until the limit has forgotten the flood before
    flood = (
        "import http.client, collections, socket, ssl\n"
        "t = ssl._create_unverified_context()\n"
        f"n = 'autoconfig.corp.{server.suffix}'\n"
        "c = http.client.HTTPSConnection(n, context=t)\n"
        "c._create_connection = lambda *_: socket.create_connection(('127.0.0.1', 443))\n"
        "found = collections.Counter()\n"
        "for _ in range(1500):\n"
        f"    c.request('{method}', '{path}')\n"
        "    a = c.getresponse(); a.read(); found[a.status] += 1\n"
        "    if a.will_close: c.close()\n"
        "print(*sorted(found), found[200])\n"
    )
    *statuses, answered = server.run("python3 -c %s", flood).split()
    assert statuses == ["200", "429"]
    assert int(answered) >= 600


@pytest.fixture
def other_site() -> Iterator[None]:
    """Another site on the same nginx, the default of port 80 and alone on 443 before us."""
    path = "/etc/nginx/sites-enabled/other.conf"
    for server in SERVERS:
        server.run("sh -c %s", f"printf '%s' '{OTHER_SITE}' > {path}")
        server.run("nginx -t -q")
        server.run("systemctl reload nginx")
    yield
    for server in SERVERS:
        server.run(f"rm {path}")
        server.run("systemctl reload nginx")


@pytest.mark.usefixtures("other_site")
def test_lives_beside_another_site() -> None:
    before = [server.run("sha256sum /etc/nginx/sites-enabled/other.conf") for server in SERVERS]
    # Debian 12's nginx has HTTP/2 for all sites of a port or for none, and theirs has none.
    assert changes(converge("--tags=nginx", f"--limit={SERVERS[1].name}")) == 0
    converge("--tags=nginx")
    assert changes(converge("--tags=nginx")) == 0
    for server, checksum in zip(SERVERS, before, strict=True):
        assert server.run("sha256sum /etc/nginx/sites-enabled/other.conf") == checksum
        # Unknown names still get the other site, over http and over https.
        assert server.ask("http", "GET", "unknown.test", "/").body == b"the other site"
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = server.connection("https", "unknown.test", context)
        connection.request("GET", "/", headers={"Host": "unknown.test"})
        assert connection.getresponse().read() == b"the other site"
        connection.close()
        host = f"autoconfig.corp.{server.suffix}"
        assert server.ask("https", "GET", host, CONFIG).status == 200


def test_configuration_that_nginx_refuses_is_taken_back(server: Server) -> None:
    before = server.run("sha256sum /etc/nginx/sites-available/zz-mail-autoconfig.conf")
    result = play(
        "mailhost.autoconfig.server",
        "--tags=nginx",
        f"--limit={server.name}",
        __autoconfig_socket="/run/socket; no_such_directive",
    )
    assert result.returncode == 2
    assert "nginx refuses the new configuration, so the one from before stays" in result.stdout
    assert "no_such_directive" in result.stdout
    assert server.run("sha256sum /etc/nginx/sites-available/zz-mail-autoconfig.conf") == before
    server.run("nginx -t -q")
    files = server.run("ls /etc/nginx/sites-available").split()
    assert files == ["default", "zz-mail-autoconfig.conf"]


@pytest.fixture
def ports_taken() -> Iterator[None]:
    """Another program on ports 80 and 443."""
    for server in SERVERS:
        server.run("systemctl stop nginx")
        for port in (80, 443):
            server.run(TAKER.format(port=port))
        server.run("timeout 10 sh -c 'until ss -Hltn | grep -q :443; do sleep .1; done'")
    yield
    for server in SERVERS:
        server.run("systemctl stop taker-80 taker-443")
    converge("--tags=nginx")


@pytest.mark.usefixtures("ports_taken")
def test_ports_taken_by_another_program() -> None:
    said = refusal(play("mailhost.autoconfig.server", "--tags=nginx"))
    assert "Ports 80 and 443 are taken by python3; stop that program, or set" in said

    converge("--tags=nginx", autoconfig_nginx_behind_proxy=True)
    for server in SERVERS:
        host = f"autodiscover.corp.{server.suffix}"
        body = pox_request(f"user@corp.{server.suffix}").decode()
        script = (
            "import http.client\n"
            "c = http.client.HTTPConnection('127.0.0.1', 8080)\n"
            "def ask(method, path, proto, body=None):\n"
            f"    c.request(method, path, body, {{'Host': '{host}', "
            "'X-Forwarded-For': '203.0.113.9', 'X-Forwarded-Proto': proto})\n"
            "    a = c.getresponse()\n"
            "    print(a.status, a.getheader('Location'), b'IMAP' in a.read())\n"
            f"ask('POST', '{POX}', 'https', {body!r})\n"
            f"ask('GET', '{POX}', 'http')\n"
            f"ask('GET', '{CONFIG}', 'http')\n"
        )
        assert server.run("python3 -c %s", script).splitlines() == [
            "200 None True",
            f"302 https://{host}{POX} False",
            "200 None False",
        ]
        assert "203.0.113.9 " in server.run("tail -n 1 /var/log/nginx/mail-autoconfig.log")
        listens = server.run("ss --no-header --listening --tcp --numeric --processes")
        ours = [line for line in listens.splitlines() if "nginx" in line]
        assert all("127.0.0.1:8080" in line for line in ours), ours
