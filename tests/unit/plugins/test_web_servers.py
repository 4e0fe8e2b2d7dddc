"""Whether the ports are free, and the present configuration is right."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

NGINX = {"name": "nginx", "unit": "nginx.service", "ports": ["80", 443], "cure": "stop it"}
# As ss prints it.
SOCKETS = """\
LISTEN 0 128  0.0.0.0:22    0.0.0.0:* users:(("sshd",pid=1,fd=3))
LISTEN 0 511  0.0.0.0:80    0.0.0.0:* users:(("nginx",pid=9,fd=6),("nginx",pid=2,fd=6))
LISTEN 0 4096    [::]:8443     [::]:* users:(("other",pid=3,fd=4))
"""
APACHE = 'LISTEN 0 511 *:443 *:* users:(("apache2",pid=5,fd=6),("apache2",pid=4,fd=6))\n'
CADDY = 'LISTEN 0 511 [::]:80 [::]:* users:(("caddy",pid=5,fd=6))\n'
OPENRESTY = 'LISTEN 0 511 0.0.0.0:443 0.0.0.0:* users:(("nginx",pid=77,fd=6))\n'
UNKNOWN = "LISTEN 0 511 0.0.0.0:443 0.0.0.0:*\n"
# Of the unit, where a container hides its processes.
HIDDEN = "LISTEN 0 511 0.0.0.0:443 0.0.0.0:* ino:1 sk:2 cgroup:/system.slice/nginx.service <->\n"
ONE_ADDRESS = 'LISTEN 0 511 192.0.2.9:443 0.0.0.0:* users:(("vpn",pid=8,fd=6))\n'


def check(
    listeners: str, server: dict[str, Any] = NGINX, **result: Any
) -> tuple[dict[str, Any], list[str]]:
    module = importlib.import_module(
        "ansible_collections.mailhost.autoconfig.plugins.plugin_utils.web_servers"
    )
    seen = {"group": "/system.slice/nginx.service", "processes": [2, 9], "rc": 0} | result
    found: tuple[dict[str, Any], list[str]] = module.check([server], [seen], listeners, ["a.test"])
    return found


@pytest.mark.parametrize(
    ("listeners", "problems"),
    [
        ("", []),
        (SOCKETS, []),
        (SOCKETS + HIDDEN, []),
        (SOCKETS + APACHE, ["Port 443 is taken by apache2; stop it"]),
        (APACHE + APACHE + CADDY, ["Ports 80 and 443 are taken by apache2 and caddy; stop it"]),
        (
            SOCKETS + OPENRESTY,
            ["Port 443 is taken by another nginx than nginx.service (process 77); stop it"],
        ),
        (
            SOCKETS + UNKNOWN,
            ["Port 443 is taken by a program that is not shown (in a container?); stop it"],
        ),
    ],
)
def test_ports(listeners: str, problems: list[str]) -> None:
    assert check(listeners) == ({}, problems)


def test_another_address_of_a_port_that_nginx_has_at_one_alone() -> None:
    dump = (
        "# configuration file /etc/nginx/nginx.conf:\nhttp { include sites-enabled/*; server {"
        " listen 80; listen 192.0.2.1:443 ssl; } }\n"
    )
    mine = SOCKETS + 'LISTEN 0 511 192.0.2.1:443 0.0.0.0:* users:(("nginx",pid=9,fd=6))\n'
    server = NGINX | {"listens": [{"at": 443, "tls": True, "proxy": False}], "otherwise": ""}
    found, problems = check(mine + ONE_ADDRESS, server, stdout=dump)
    assert problems == []
    assert [each["at"] for each in found["nginx"]["listens"]] == ["192.0.2.1:443", "[::]:443"]
    _found, problems = check(ONE_ADDRESS, server)
    assert problems == ["Port 443 is taken by vpn; stop it"]


def test_configuration_that_a_web_server_refuses() -> None:
    lines = ["[warn] old word", "[emerg] unknown directive", "test failed"]
    assert check(SOCKETS, rc=1, stderr_lines=lines)[1] == [
        "nginx refuses its present configuration, before anything was changed: "
        "[emerg] unknown directive; mend that first"
    ]
    assert len(check("", rc=1, stderr_lines=[])[1]) == 1


def test_configuration_that_is_refused_since_something_came_beside_ours() -> None:
    said = "[emerg] duplicate in /etc/nginx/sites-enabled/zz-mail-autoconfig.conf:7"
    (problem,) = check("", rc=1, stderr_lines=[said])[1]
    assert problem.endswith(
        "zz-mail-autoconfig.conf:7; take what is new there out, or zz-mail-autoconfig.conf for the "
        "moment, and run again"
    )
