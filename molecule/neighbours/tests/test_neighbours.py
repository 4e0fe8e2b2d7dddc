"""The sites of others stay as they are, whatever the roles do. The tests build on each other."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from support.answers import CONFIG
from support.deployed import changes, play, refusal
from support.neighbours import ADDRESS, INVENTORY, SERVER, ask, differences, files

HOST = f"autoconfig.example.{SERVER.suffix}"
OURS = "/etc/nginx/sites-enabled/zz-mail-autoconfig.conf"


def run(
    *arguments: str, playbook: str = "server", **variables: Any
) -> subprocess.CompletedProcess[str]:
    """Run a playbook of the collection beside the neighbours."""
    return play(f"mailhost.autoconfig.{playbook}", *arguments, inventory=INVENTORY, **variables)


@contextmanager
def changed(path: str, content: str, *, restart: bool = True) -> Iterator[None]:
    """A neighbour writes another file, for the time of a test."""
    SERVER.run("sh -c %s", f"test ! -e {path} || cp -a {path} /root/kept")
    SERVER.run("sh -c %s", f"cat > {path} <<'END'\n{content}\nEND")
    try:
        if restart:
            SERVER.run("systemctl restart nginx")
        yield
    finally:
        SERVER.run(
            "sh -c %s", f"if [ -e /root/kept ]; then mv /root/kept {path}; else rm {path}; fi"
        )
        SERVER.run("systemctl restart nginx")


def test_everything_of_theirs_is_as_before() -> None:
    """Byte for byte: files, links, owners, and what each site answers."""
    assert differences(SERVER) == {}


@pytest.mark.parametrize("address", ["127.0.0.1", ADDRESS])
@pytest.mark.parametrize("port", [80, 443])
def test_ours_answer_wherever_nginx_listens(address: str, port: int) -> None:
    """At the address that a site has to itself, too; nothing that is said for all sites holds."""
    said = ask(SERVER, [(address, port, HOST, CONFIG)])[f"{address} {port} {HOST} {CONFIG}"]
    assert "HTTP/1.1 200 OK" in said
    assert "<clientConfig" in said
    for header in ("X-Theirs", "Cache-Control: max-age=3600", "WWW-Authenticate"):
        assert header not in said
    lost = ask(SERVER, [(address, port, HOST, "/nothing")])[f"{address} {port} {HOST} /nothing"]
    assert "theirs.test" not in lost


def test_verify_asks_at_each_address() -> None:
    result = run(playbook="verify")
    assert result.returncode == 0, result.stdout
    assert "1 domain, all right" in result.stdout
    for address in ("127.0.0.1", ADDRESS):
        assert f"(item={address})" in result.stdout


def test_restart_keeps_each_site_up() -> None:
    SERVER.run("systemctl restart nginx")
    assert differences(SERVER) == {}
    test_ours_answer_wherever_nginx_listens(ADDRESS, 443)


STREAM = """
stream { server { listen 443; proxy_pass 127.0.0.1:8443; } }
"""


def test_what_cannot_work_is_refused_before_anything_changes() -> None:
    """nginx -t passes; the next start of nginx would fail, for all sites."""
    before = files(SERVER)
    path = "/etc/nginx/modules-enabled/99-theirs.conf"
    with changed(path, STREAM, restart=False):
        SERVER.run("nginx -t -q")
        said = refusal(run("--tags=nginx"))
    assert said.startswith(
        f"nginx's stream has port 443 ({path}:2); let it listen elsewhere, or set "
    )
    assert files(SERVER) == before


def test_another_nginx_has_the_port() -> None:
    SERVER.run("systemctl stop nginx")
    SERVER.run(
        "sh -c %s", "sed 's|/run/nginx.pid|/run/other.pid|' /etc/nginx/nginx.conf >/root/n.conf"
    )
    SERVER.run("systemd-run --quiet --unit=other --property=Type=forking nginx -c /root/n.conf")
    try:
        said = refusal(run("--tags=nginx"))
    finally:
        SERVER.run("systemctl stop other")
        SERVER.run("systemctl start nginx")
    assert "Ports 80 and 443 are taken by another nginx than nginx.service (process " in said


def test_reload_that_nginx_cannot_follow_is_taken_back() -> None:
    """The new place is taken where nginx's own list of sockets does not show it."""
    before = SERVER.run(f"sha256sum {OURS}")
    # Bound, but not listening: ss shows nothing, and nginx can't have it.
    taker = "import socket, time; s = socket.socket(); s.bind(('', 8081)); time.sleep(600)"
    SERVER.run("systemd-run --quiet --unit=taker --property=Type=exec python3 -c %s", taker)
    try:
        result = run("--tags=nginx", autoconfig_nginx_balancers=["198.18.47.99"])
    finally:
        SERVER.run("systemctl stop taker")
    assert result.returncode == 2
    assert "bind() to 0.0.0.0:8081 failed (98: Address already in use)" in result.stdout
    assert "so the one from before stays" in result.stdout
    assert SERVER.run(f"sha256sum {OURS}") == before
    assert differences(SERVER) == {}


def test_hash_of_names_that_is_too_small_for_ours() -> None:
    long = {"name": f"{'a' * 50}.{SERVER.suffix}", "provider": "gandi"}
    path = "/etc/nginx/conf.d/theirs.conf"
    content = SERVER.run(f"cat {path}").replace("bucket_size 128", "bucket_size 64")
    with changed(path, content, restart=False):
        said = refusal(run("--tags=nginx", autoconfig_domains=[long]))
    assert "raise it to 128 (/etc/nginx/conf.d/theirs.conf:2)" in said


def test_a_port_at_one_address_alone() -> None:
    """A reload can't give nginx the whole port then; ours listen where theirs does."""
    path = "/etc/nginx/sites-available/blog"
    content = SERVER.run(f"cat {path}").replace("listen 443 ssl default_server reuseport;", "")
    content = content.replace("    listen [::]:443 ssl default_server;\n", "")
    SERVER.run(f"mv {OURS} /root/ours")
    with changed(path, content):
        SERVER.run(f"mv /root/ours {OURS}")
        result = run("--tags=nginx")
        assert result.returncode == 0, result.stdout
        assert f"listen {ADDRESS}:443 ssl" in SERVER.run(f"cat {OURS}")
        test_ours_answer_wherever_nginx_listens(ADDRESS, 443)
        SERVER.run("systemctl restart nginx")
        test_ours_answer_wherever_nginx_listens(ADDRESS, 443)
    assert run("--tags=nginx").returncode == 0
    assert differences(SERVER) == {}


def test_remove_leaves_everything_of_theirs() -> None:
    result = run(playbook="remove")
    assert result.returncode == 0, result.stdout
    assert differences(SERVER) == {}


NGINX_ORG = """
user nginx;
events {}
http { include /etc/nginx/mime.types; include /etc/nginx/conf.d/*.conf; }
"""


def test_layout_of_nginx_org() -> None:
    """conf.d alone, and a user of its own, who reaches the socket."""
    SERVER.run("useradd --system nginx")
    with changed("/etc/nginx/nginx.conf", NGINX_ORG):
        result = run("--skip-tags=certificates", autoconfig_certificates_mode="selfsigned")
        assert result.returncode == 0, result.stdout
        ours = SERVER.run("find /etc/nginx -name '*mail-autoconfig*'").split()
        assert ours == ["/etc/nginx/conf.d/zz-mail-autoconfig.conf"]
        test_ours_answer_wherever_nginx_listens("127.0.0.1", 80)
        SERVER.run("systemctl restart nginx")
        assert run(playbook="remove").returncode == 0
        assert SERVER.run("find /etc/nginx -name '*mail-autoconfig*'") == ""
    assert differences(SERVER) == {}


def test_refused_file_leaves_all_as_before() -> None:
    """One error; Debian's example site is there again, and the file is gone."""
    default = "/etc/nginx/sites-enabled/default"
    SERVER.run("rm /etc/nginx/sites-enabled/blog")
    SERVER.run(f"ln -s /etc/nginx/sites-available/default {default}")
    SERVER.run("systemctl restart nginx")
    before = files(SERVER)
    result = run("--skip-tags=certificates", __autoconfig_socket="/run/socket; no_such_directive")
    assert result.returncode == 2
    assert result.stdout.count("fatal: ") == 1
    assert "no_such_directive" in result.stdout
    assert files(SERVER) == before
    assert SERVER.run("find /etc/nginx -name '*mail-autoconfig*'") == ""
    SERVER.run(f"rm {default}")
    SERVER.run("ln -s ../sites-available/blog /etc/nginx/sites-enabled/blog")
    SERVER.run("systemctl restart nginx")
    assert changes(run(playbook="remove").stdout) >= 0
    assert differences(SERVER) == {}
