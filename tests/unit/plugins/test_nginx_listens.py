"""Where the sites of an nginx listen, and which sockets are open."""

from __future__ import annotations

import importlib
from types import ModuleType

import pytest


def module(name: str) -> ModuleType:
    return importlib.import_module(
        f"ansible_collections.mailhost.autoconfig.plugins.plugin_utils.{name}"
    )


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("listen 443 ssl;", [("*", 443, 443)]),
        ("listen *:80; listen 0.0.0.0:81;", [("*", 80, 80), ("*", 81, 81)]),
        (
            "listen 192.0.2.1; listen [2001:db8::1];",
            [("192.0.2.1", 80, 80), ("[2001:db8::1]", 80, 80)],
        ),
        ("listen 8000-8443;", [("*", 8000, 8443)]),
        ("listen [::]:443 ipv6only=off;", [("[::]", 443, 443)]),
        ("listen localhost:8080;", [("localhost", 8080, 8080)]),
        ("server_name a.test;", [("*", 80, 80)]),
        ("listen unix:/run/x.sock; listen 443 quic;", []),
    ],
)
def test_listens_of_a_site(inside: str, expected: list[tuple[str, int, int]]) -> None:
    text = f"# configuration file /etc/nginx/nginx.conf:\nhttp {{ server {{ {inside} }} }}\n"
    found = module("nginx_listens").listens(module("nginx_dump").read(text))
    assert [(each.address, each.first, each.last) for each in found] == expected


@pytest.mark.parametrize(
    ("inside", "words", "binds"),
    [
        ("listen 443 ssl http2;", {"ssl", "http2"}, False),
        ("listen 443; ssl on;", {"ssl"}, False),
        ("listen 443; ssl off;", set(), False),
        ("listen 443 default_server;", {"default_server"}, False),
        ("listen 443 backlog=99;", {"backlog=99"}, True),
        ("listen 443 so_keepalive=on;", {"so_keepalive=on"}, True),
        ("listen 443 reuseport;", {"reuseport"}, True),
    ],
)
def test_what_a_listen_asks_for(inside: str, words: set[str], binds: bool) -> None:
    text = f"# configuration file /etc/nginx/nginx.conf:\nhttp {{ server {{ {inside} }} }}\n"
    (found,) = module("nginx_listens").listens(module("nginx_dump").read(text))
    assert (found.words, found.binds) == (words, binds)


def test_stream_mail_and_ours() -> None:
    text = (
        "# configuration file /n.conf:\n"
        "stream { server { listen 443; } server { listen 53 udp; } }\n"
        "mail { server { listen 143; } } http { include d/*; }\n"
        "# configuration file /d/zz-mail-autoconfig.conf:\nserver { listen 80; }\n"
        "include /var/lib/mail-autoconfig/names/nginx*.conf;\n"
        "# configuration file /var/lib/mail-autoconfig/names/nginx.conf:\nserver { include /e; }\n"
        "# configuration file /e:\nlisten 80;\n"
    )
    found = module("nginx_listens").listens(module("nginx_dump").read(text))
    assert [(each.kind, each.first) for each in found] == [("stream", 443), ("mail", 143)]


def test_control_group_tells_where_processes_are_hidden() -> None:
    printed = (
        "LISTEN 0 4096 [::]:443 [::]:* ino:87 cgroup:/system.slice/haproxy.service <->\n"
        'LISTEN 0 511 0.0.0.0:80 0.0.0.0:* users:(("x",pid=9,fd=6)) cgroup:/system.slice/x\n'
    )
    hidden, shown = module("nginx_listens").sockets(printed)
    assert hidden.belongs_to({1}, "/system.slice/haproxy.service")
    assert not hidden.belongs_to({1}, "/system.slice/nginx.service")
    assert not hidden.belongs_to({1})
    assert shown.belongs_to({9})
    assert not shown.belongs_to({1}, "/system.slice/x")


def test_sockets_and_their_holders() -> None:
    printed = (
        'LISTEN 0 511 0.0.0.0:80 0.0.0.0:* users:(("nginx",pid=9,fd=6),("nginx",pid=2,fd=6))\n'
        "LISTEN 0 511 *:443 *:*\n"
        'LISTEN 0 511 [fe80::1%eth0]:80 [::]:* users:(("a b",pid=3,fd=1))\n'
        'LISTEN 0 4096 127.0.0.53%lo:53 0.0.0.0:* users:(("systemd-resolve",pid=4,fd=1))\n'
    )
    listens = module("nginx_listens")
    first, second, third, fourth = listens.sockets(printed)
    assert (first.address, second.address, third.address, fourth.address) == (
        *("*", listens.DUAL, "[fe80::1]", "127.0.0.53"),
    )
    assert first.belongs_to({2, 9, 10})
    assert not first.belongs_to({9})
    assert not second.belongs_to({9})
    assert second.is_in_the_way_of("192.0.2.1")
    assert second.is_in_the_way_of("[::1]")
    assert first.is_in_the_way_of("192.0.2.1")
    assert not first.is_in_the_way_of("[::]")
    assert third.is_in_the_way_of("[::]")
    assert not third.is_in_the_way_of("[fe80::2]")
