from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest

from mail_autoconfig.sources.urls import is_local

from .samples import problems, raw, source

SECRET = "hunter2"
HTTP = {"type": "http", "preset": "mailcow", "domains": None}
LDAP = {"type": "ldap", "preset": "openldap", "domains": None}


@pytest.mark.parametrize(
    "keys",
    [
        {"url": "postgresql://reader@db.example.com/postfix"},
        {"url": "mysql://reader@db.example.com:3306/postfix"},
        {"url": "mariadb://reader@localhost/postfix?unix_socket=/run/mysqld/mysqld.sock"},
        {"url": "sqlite:////var/lib/mail/users.sqlite"},
        {**HTTP, "url": "https://mail.example.com:8443/base"},
        {**HTTP, "url": "http://localhost:8080"},
        {**HTTP, "url": "http://nginx-mailcow:8080", "tls": False},
        {**LDAP, "url": "ldaps://ldap.example.com/dc=example,dc=com"},
        {**LDAP, "url": "ldap://ldap.example.com"},
        {**LDAP, "url": "ldapi://%2Frun%2Fslapd%2Fldapi"},
    ],
)
def test_right(keys: dict[str, Any]) -> None:
    assert source(**keys).url == keys["url"]


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"url": None}, "missing; write postgresql://…"),
        ({"url": f"postgresql://u:{SECRET}@db/x"}, "a password in it"),
        ({"url": f"postgresql://db/x?password={SECRET}"}, "a password in it"),
        ({"url": f"postgresql://u:{SECRET}@db/x y"}, "spaces or control characters in it"),
        ({"url": f"postgresql://u:{SECRET}@[db/x"}, "not a URL"),
        ({"url": f"postgresql://u:{SECRET}@db:port/x"}, "not a URL"),
        ({"url": "oracle://db/x"}, 'no scheme "oracle"; write one of postgresql://, mysql://, '),
        ({"url": "sqlite://users.sqlite"}, "not the path of a file; write sqlite:////PATH"),
        ({"url": "sqlite:///"}, "not the path of a file; write sqlite:////PATH"),
        ({"url": "sqlite:///var/lib/users.sqlite"}, "not the path of a file; write sqlite:////"),
        ({"url": f"postgresql://db/x?sslpassword={SECRET}"}, "a password in it"),
        ({**LDAP, "url": "ldaps:///dc=example"}, "no host in it; write ldaps://HOST/…"),
        ({**LDAP, "url": "ldaps://a.example/dc=x??sub?(mail=*)"}, "? or # in it; what follows"),
        ({**HTTP, "url": "https:///api"}, "no host in it; write https://HOST/…"),
        ({**HTTP, "url": "https://a.example/api?v=1"}, "? or # in it; what follows"),
        ({**HTTP, "url": "https://a.example/#api"}, "? or # in it; what follows"),
        ({**HTTP, "url": f"https://a.example/?access_token={SECRET}"}, "a password in it"),
        (
            {**HTTP, "url": "http://mail.example.com"},
            "without TLS, to another host; write https://",
        ),
        ({**HTTP, "url": f"https://a.example/?token={SECRET}"}, "a password in it"),
        ({**LDAP, "url": "ldaps://cn=reader@ldap.example.com"}, "a user in it; write user: DN"),
    ],
)
def test_wrong(keys: dict[str, Any], said: str) -> None:
    (line,) = problems(raw(**keys))
    assert line.startswith(f"source customers, url: {said}")
    assert SECRET not in line


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("postgresql://localhost/x", True),
        ("postgresql:///x", True),
        ("postgresql:///x?host=/run/postgresql", True),
        ("postgresql:///x?host=db.example.com", False),
        ("postgresql://localhost/x?hostaddr=192.0.2.1", False),
        ("postgresql://db.example.com/x", False),
        ("mysql://[::1]/x", True),
        ("sqlite:////x", True),
        ("ldapi://%2Frun%2Fldapi", True),
    ],
)
def test_local(url: str, local: bool) -> None:
    assert is_local(urlsplit(url)) == local
