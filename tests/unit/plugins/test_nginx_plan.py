"""How our servers find a place beside the other sites of an nginx, or why there is none."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

import pytest

WANTED = [
    {"at": "80", "tls": False, "proxy": False},
    {"at": "443", "tls": True, "proxy": False},
]
BEHIND = [{"at": "127.0.0.1:8080", "tls": False, "proxy": False}]
ALL = "0.0.0.0:80 [::]:80 0.0.0.0:443 [::]:443"


def module(name: str) -> ModuleType:
    return importlib.import_module(
        f"ansible_collections.mailhost.autoconfig.plugins.plugin_utils.{name}"
    )


def plan(
    sites: str = "",
    open_: str = "",
    *,
    before: str = "user www-data;",
    includes: str = "include /etc/nginx/conf.d/*.conf; include /etc/nginx/sites-enabled/*;",
    names: tuple[str, ...] = ("autoconfig.example.com",),
    wanted: list[dict[str, Any]] = WANTED,
    to_come: int = 0,
) -> tuple[dict[str, Any], list[str]]:
    dump = (
        f"# configuration file /etc/nginx/nginx.conf:\n{before}\nhttp {{\n{includes}\n}}\n"
        f"# configuration file /etc/nginx/conf.d/theirs.conf:\n{sites}\n"
    )
    printed = "".join(
        f'LISTEN 0 511 {at} *:* users:(("nginx",pid=1,fd=1))\n' for at in open_.split()
    )
    sockets = module("nginx_listens").sockets(printed)
    found: tuple[dict[str, Any], list[str]] = module("nginx_plan").plan(
        dump, wanted, names, sockets, "or OTHERWISE", to_come
    )
    return found


def at(found: dict[str, Any]) -> list[str]:
    return [each["at"] for each in found["listens"]]


@pytest.mark.parametrize(
    ("sites", "open_", "expected"),
    [
        pytest.param("", "", "80 [::]:80 443 [::]:443", id="nothing"),
        pytest.param(
            "server { listen 443 ssl default_server reuseport; listen [::]:443 ssl;"
            " listen 443 quic; listen unix:/x; http2 on; }",
            ALL,
            "80 [::]:80 443 [::]:443",
            id="whole ports",
        ),
        pytest.param(
            "server { listen 80; } server { listen 192.0.2.1:443 ssl; }",
            "0.0.0.0:80 192.0.2.1:443",
            "80 [::]:80 192.0.2.1:443 [::]:443",
            id="a port at one address alone",
        ),
        pytest.param(
            "server { listen 443 ssl; listen 80; } server { listen 192.0.2.1:443 ssl; }",
            "0.0.0.0:80 0.0.0.0:443",
            "80 [::]:80 443 192.0.2.1:443 [::]:443",
            id="a port whole and at one address",
        ),
        pytest.param(
            "server { listen 192.0.2.1:443 ssl bind; listen [2001:db8::1]:443 ssl; }",
            "",
            "80 [::]:80 192.0.2.1:443 [::]:443 [2001:db8::1]:443",
            id="not started yet, with a socket of its own",
        ),
        pytest.param(
            "server { listen [::]:443 ssl ipv6only=off; listen [::]:80 ipv6only=off; }",
            "*:443 *:80",
            "[::]:80 [::]:443",
            id="one socket for both families",
        ),
        pytest.param(
            "server { listen 80; listen 443 ssl; } server { listen 127.0.0.1:80 proxy_protocol; }",
            ALL,
            "80 [::]:80 443 [::]:443",
            id="a local address that can't be shared",
        ),
    ],
)
def test_places(sites: str, open_: str, expected: str) -> None:
    found, problems = plan(sites, open_)
    assert problems == []
    assert at(found) == expected.split()


def test_where_the_host_itself_asks() -> None:
    found, _problems = plan(
        "server { listen 127.0.0.1:80 proxy_protocol; listen 192.0.2.1:80; listen 80; }", ALL
    )
    assert [each["ask"] for each in found["listens"]] == [
        *("127.0.0.9", "192.0.2.1", "::1", "127.0.0.1", "::1"),
    ]


@pytest.mark.parametrize(
    ("sites", "before", "open_", "expected"),
    [
        pytest.param(
            "",
            "stream {\n server { listen 443; } }",
            ALL,
            "nginx's stream has port 443 (/etc/nginx/nginx.conf:2); "
            "let it listen elsewhere, or OTHERWISE",
            id="stream",
        ),
        pytest.param(
            "",
            "stream { server { listen 192.0.2.1:443; } }",
            "192.0.2.1:443",
            "nginx's stream has 192.0.2.1:443 (/etc/nginx/nginx.conf:1); "
            "let it listen elsewhere, or OTHERWISE",
            id="stream at one address",
        ),
        pytest.param(
            "",
            "mail { server { listen 443; } }",
            ALL,
            "nginx's mail has port 443 (/etc/nginx/nginx.conf:1); "
            "let it listen elsewhere, or OTHERWISE",
            id="mail",
        ),
        pytest.param(
            "",
            "stream { server { listen 440-445; } }",
            ALL,
            "nginx's stream has port 443 (/etc/nginx/nginx.conf:1); "
            "let it listen elsewhere, or OTHERWISE",
            id="a range of ports",
        ),
        pytest.param(
            "server { listen 443; }",
            "",
            ALL,
            "another site of this nginx speaks plain http at port 443 "
            "(/etc/nginx/conf.d/theirs.conf:1), ours would not; "
            "let it listen elsewhere, or OTHERWISE",
            id="plain http where TLS should be",
        ),
        pytest.param(
            "server { listen 80 ssl; }",
            "",
            ALL,
            "another site of this nginx speaks TLS at port 80 "
            "(/etc/nginx/conf.d/theirs.conf:1), ours would not; "
            "let it listen elsewhere, or OTHERWISE",
            id="TLS where plain http should be",
        ),
        pytest.param(
            "server { listen 443 ssl proxy_protocol; }",
            "",
            ALL,
            "another site of this nginx is asked with the PROXY protocol at port 443 "
            "(/etc/nginx/conf.d/theirs.conf:1); "
            "let it listen elsewhere, or OTHERWISE",
            id="the PROXY protocol",
        ),
        pytest.param(
            "server { listen 127.0.0.1:80; }",
            "",
            "127.0.0.1:80",
            "nginx listens at port 80 of 127.0.0.1 alone (/etc/nginx/conf.d/theirs.conf:1), and "
            "can't take more of it while it runs; write listen 80 there and restart nginx, "
            "or OTHERWISE",
            id="a port that nobody else reaches",
        ),
        pytest.param(
            "server { listen 192.0.2.1:443 ssl backlog=99; }",
            "",
            ALL,
            "nginx has all of port 443 open, and /etc/nginx/conf.d/theirs.conf:1 asks for a socket "
            "of its own at 192.0.2.1:443, so nginx would not start again; take its backlog=99 "
            "away, or OTHERWISE",
            id="a socket of its own beside the whole port",
        ),
    ],
)
def test_listens_that_cannot_work(sites: str, before: str, open_: str, expected: str) -> None:
    _found, problems = plan(sites, open_, before=before)
    assert problems == [expected]


def test_behind_another_web_server() -> None:
    found, problems = plan("server { listen 8080; }", "0.0.0.0:8080", wanted=BEHIND)
    assert (at(found), problems) == (["127.0.0.1:8080"], [])
    _found, problems = plan(before="stream { server { listen 8080; } }", wanted=BEHIND)
    assert problems == [
        "nginx's stream has port 8080 (/etc/nginx/nginx.conf:1); "
        "let it listen elsewhere, or OTHERWISE"
    ]


@pytest.mark.parametrize("listen", ["192.0.2.1:8080", "8081-8090", "8070-8079"])
def test_stream_elsewhere_is_not_in_the_way(listen: str) -> None:
    before = f"stream {{ server {{ listen {listen}; }} }}"
    found, problems = plan(before=before, wanted=BEHIND)
    assert (at(found), problems) == (["127.0.0.1:8080"], [])


def test_listen_that_is_no_port() -> None:
    wanted = [{"at": "unix:/run/x", "tls": False, "proxy": False}]
    _found, problems = plan(wanted=wanted)
    assert problems == ["unix:/run/x is no address and port, such as 127.0.0.1:8080, or OTHERWISE"]


def test_http2_of_a_whole_port_is_not_switched_on_for_others() -> None:
    found, _problems = plan("server { listen 443 ssl; listen [::]:443 ssl http2; }", ALL)
    assert {each["at"]: each["http2"] for each in found["listens"] if each["tls"]} == {
        "443": False,
        "[::]:443": True,
    }


@pytest.mark.parametrize(
    ("includes", "directory"),
    [
        ("include /etc/nginx/conf.d/*.conf; include /etc/nginx/sites-enabled/*;", "sites-enabled"),
        ("include mime.types; include /etc/nginx/conf.d/*.conf;", "conf.d"),
        ("include conf.d/*.conf; include vhosts/*.vhost;", "conf.d"),
        ("include vhosts/*.conf;", "vhosts"),
    ],
)
def test_directory_that_nginx_includes(includes: str, directory: str) -> None:
    found, problems = plan(includes=includes)
    assert (found["directory"], problems) == (f"/etc/nginx/{directory}", [])


def test_no_directory_that_nginx_includes() -> None:
    _found, (problem,) = plan(includes="include mime.types;")
    assert problem == (
        "/etc/nginx/nginx.conf includes no directory of sites; "
        "write include /etc/nginx/conf.d/*.conf; into its http block"
    )


@pytest.mark.parametrize(
    ("before", "user", "group", "error_log"),
    [
        ("user www-data;", "www-data", "www-data", "/var/log/nginx/error.log"),
        (
            "user nginx; error_log /var/log/nginx/e.log notice;",
            "nginx",
            "nginx",
            "/var/log/nginx/e.log",
        ),
        ("user nginx web; error_log stderr;", "nginx", "web", ""),
        ("error_log syslog:server=x; error_log /e;", "nobody", "nogroup", "/e"),
    ],
)
def test_user_and_error_log(before: str, user: str, group: str, error_log: str) -> None:
    found, _problems = plan(before=before)
    assert (found["user"], found["group"], found["error_log"]) == (user, group, error_log)


def test_our_own_file_stays_where_it_is_and_its_hash_counts_for_nothing() -> None:
    text = (
        "# configuration file /etc/nginx/nginx.conf:\n"
        "http {\ninclude mine/*.conf; include sites-enabled/*;\n}\n"
        "# configuration file /etc/nginx/mine/zz-mail-autoconfig.conf:\n"
        "server_names_hash_bucket_size 64;\n"
    )
    found, problems = module("nginx_plan").plan(text, WANTED, [LONG], [], "")
    assert problems == []
    assert found["directory"] == "/etc/nginx/mine"
    assert found["bucket_size"] == 128


LONG = "autodiscover." + "a" * 40 + ".example.com"


@pytest.mark.parametrize(
    ("sites", "names", "bucket_size", "hash_size"),
    [
        ("", ("a.test",), 0, 0),
        ("", (LONG,), 128, 0),
        ("", ("a" * 46,), 0, 0),
        ("", ("a" * 47,), 128, 0),
        ("", ("a" * 111,), 512, 0),
        ("", tuple(f"{n}.test" for n in range(250)), 0, 0),
        ("", tuple(f"{n}.test" for n in range(251)), 0, 1004),
        ("server_names_hash_bucket_size 128;", (LONG,), 0, 0),
        ("server_names_hash_bucket_size 1k;", (LONG,), 0, 0),
        ("", tuple(f"{n}.test" for n in range(300)), 0, 1200),
        ("server_names_hash_max_size 4096;", tuple(f"{n}.test" for n in range(300)), 0, 0),
    ],
)
def test_hash_of_names(
    sites: str, names: tuple[str, ...], bucket_size: int, hash_size: int
) -> None:
    found, problems = plan(sites, names=names)
    assert (found["bucket_size"], found["hash_size"], problems) == (bucket_size, hash_size, [])


def test_hash_of_names_that_is_too_small() -> None:
    _found, problems = plan("server_names_hash_bucket_size 64;", names=(LONG,))
    assert problems == [
        "server_names_hash_bucket_size 64 of nginx is too small for our longest name "
        "(65 characters); raise it to 128 (/etc/nginx/conf.d/theirs.conf:1)"
    ]


@pytest.mark.parametrize(
    ("sites", "bucket_size", "hash_size", "longest"),
    [
        ("", 512, 400_004, 494),
        ("server_names_hash_bucket_size 64;", 0, 400_004, 46),
        ("server_names_hash_bucket_size 128; server_names_hash_max_size 4096;", 0, 0, 110),
    ],
)
def test_hash_of_names_that_nobody_knows_yet(
    sites: str, bucket_size: int, hash_size: int, longest: int
) -> None:
    """Names that come without a play find room, or are left out."""
    found, problems = plan(sites, names=("a.test",), to_come=100_000)
    assert problems == []
    sizes = found["bucket_size"], found["hash_size"], found["longest"]
    assert sizes == (bucket_size, hash_size, longest)


def test_no_nginx_yet() -> None:
    found, problems = module("nginx_plan").plan("", WANTED, ["a.test"], [], "")
    assert problems == []
    assert found["directory"] == "/etc/nginx/sites-enabled"
    assert at(found) == ["80", "[::]:80", "443", "[::]:443"]
