from __future__ import annotations

import ssl
import sys
from pathlib import Path
from typing import Any

import pytest
from ldap3.core.exceptions import LDAPInvalidCredentialsResult, LDAPOperationResult

from mail_autoconfig.sources.readers import ldap
from mail_autoconfig.sources.rows import SourceError
from support.local_servers import certificate

from ..directory import directory
from ..samples import collected, failure, logins, read_all, source
from ..web import serving

SECRET = "hunter2"
DOMAINS = {"filter": "(mail=*)", "domain": "mail"}


def of(url: str = "ldaps://ldap.example/dc=test", **keys: Any) -> Any:
    return source(type="ldap", url=url, **{"domains": DOMAINS, **keys})


def mail(*values: str) -> dict[str, Any]:
    return {"objectClass": "inetOrgPerson", "mail": list(values)}


def test_values_of_attributes(monkeypatch: pytest.MonkeyPatch) -> None:
    directory(
        monkeypatch, [{**mail("a@a.example", "a@b.example"), "uid": "m1"}, mail("c@c.example")]
    )
    query = {"filter": "(mail=*)", "address": ["MAIL", "nothing"], "login": "uid"}
    found = collected(of(logins=query))
    assert sorted(found.domains) == ["a.example", "b.example", "c.example"]
    assert logins(found) == {"a.example": {"a": "m1"}, "b.example": {"a": "m1"}}


def test_attribute_with_options() -> None:
    """What a real server gives that is asked for mail; ldap3's double gives the first alone."""
    values = {"mail": [b"a@a.example"], "mail;lang-de": [b"b@b.example"], "mailbox": [b"c"]}
    assert ldap._cell(("Mail",), values) == [b"a@a.example", b"b@b.example"]
    assert ldap._cell(("mail;lang-de",), values) == [b"b@b.example"]


def test_base_below_a_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    """ldap3 takes all of the URL for the path."""
    monkeypatch.setattr("ldap3.Connection", Recorder)
    connection: Any = ldap.connect(of("ldapi://%2Frun%2Fslapd%2Fldapi/dc=test"), {})
    assert connection.server.host == "//run/slapd/ldapi"


def test_more_than_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = directory(monkeypatch, [mail(f"x@d{number}.example") for number in range(1201)])
    searches: list[int] = []
    search = connection.search

    def counted(*given: Any, **keys: Any) -> Any:
        searches.append(given[10])
        return search(*given, **keys)

    monkeypatch.setattr(connection, "search", counted)
    assert len(collected(of()).domains) == 1201
    assert searches == [500, 500, 500]


def test_base_of_the_query(monkeypatch: pytest.MonkeyPatch) -> None:
    directory(monkeypatch, [mail("a@a.example")])
    assert failure(of(domains={**DOMAINS, "base": "ou=none,dc=test"})) == (
        "noSuchObject: incorrect base object"
    )


def test_usual_base(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = directory(monkeypatch, [mail("a@a.example")])
    entry = {"raw_attributes": {"namingContexts": [b"dc=test", b"dc=other"]}}
    asked = iter([[entry], [{"raw_attributes": {}}]])

    class Root:
        def search(self, *_arguments: object, **_keys: object) -> None:
            self.response = next(asked)

    root: Any = Root()
    assert ldap._usual_base(root) == "dc=test"
    with pytest.raises(SourceError, match="no base; write it to the URL"):
        ldap._usual_base(root)
    connection.unbind()


def result(code: int, description: str, message: str = "") -> LDAPOperationResult:
    return LDAPOperationResult(result=code, description=description, message=message)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (result(49, "invalidCredentials", f"{SECRET} 80090308"), "user or password is wrong"),
        (result(50, "insufficientAccessRights"), "insufficientAccessRights"),
        (result(1, "operationsError", "bind first"), "operationsError: bind first"),
    ],
)
def test_server_says_no(
    error: LDAPOperationResult, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(result(49, ""), LDAPInvalidCredentialsResult)
    connection = directory(monkeypatch, [])

    def search(*_arguments: object, **_keys: object) -> None:
        raise error

    monkeypatch.setattr(connection, "search", search)
    assert failure(of(user="cn=reader"), {"password": SECRET}) == said


@pytest.mark.parametrize(
    ("code", "description", "said"),
    [
        (4, "sizeLimitExceeded", ": the server gives cn=reader a part of the entries only; raise "),
        (11, "timeLimitExceeded", ""),
        (10, "referral", ": write the server and the base that have the entries to url"),
    ],
)
def test_part_of_the_entries_is_refused(
    code: int, description: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To ldap3 not each of these is an error."""
    connection = directory(monkeypatch, [mail("a@a.example"), mail("b@b.example")])
    search = connection.search

    def limited(*given: Any, **keys: Any) -> None:
        search(*given, **keys)
        connection.result = {**connection.result, "result": code, "description": description}

    monkeypatch.setattr(connection, "search", limited)
    connection.user = "cn=reader"
    assert failure(of(user="cn=reader")).startswith(f"{description}{said}")


class Recorder:
    """A connection that says what is done with it."""

    def __init__(self, server: Any, **keys: Any) -> None:
        self.server, self.keys = server, keys
        self.done: list[str] = []

    def open(self) -> None:
        self.done.append("open")

    def start_tls(self) -> None:
        self.done.append("start_tls")

    def bind(self) -> None:
        self.done.append("bind")


@pytest.mark.parametrize(
    ("url", "keys", "done"),
    [
        ("ldap://l.example/dc=test", {}, ["open", "start_tls", "bind"]),
        ("ldaps://l.example/dc=test", {}, ["open", "bind"]),
        ("ldap://l.example/dc=test", {"tls": False}, ["open", "bind"]),
        ("ldap://localhost/dc=test", {}, ["open", "bind"]),
        ("ldapi://%2Frun%2Fslapd%2Fldapi", {}, ["open", "bind"]),
    ],
)
def test_password_is_sent_after_tls(
    url: str, keys: dict[str, Any], done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ldap3.Connection", Recorder)
    connection: Any = ldap.connect(of(url, user="cn=reader", **keys), {"password": SECRET})
    assert connection.done == done
    assert connection.keys["password"] == SECRET
    assert connection.keys["read_only"]
    assert connection.server.tls.validate == ssl.CERT_REQUIRED
    assert connection.server.ssl == url.startswith("ldaps")


def test_nobody_there() -> None:
    assert "Connection refused" in failure(of("ldap://127.0.0.1:1/dc=test"))


# Where it refuses a certificate, ldap3 leaves the socket to the garbage; Python 3.14 speaks of it.
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_certificate_is_verified(tmp_path: Path) -> None:
    """Before the password is sent."""
    own = certificate(tmp_path, ["localhost"])
    with serving({}, own) as (url, _asked):
        place = url.replace("https", "ldaps") + "/dc=test"
        for keys in ({}, {"tls": False}):
            said = failure(of(place, user="cn=reader", **keys), {"password": SECRET})
            assert "CERTIFICATE_VERIFY_FAILED" in said


# The server is a thread of this test; and ldap3 asks what is old on Python 3.11.
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning", "ignore:ssl.match")
def test_certificate_of_another_name(tmp_path: Path) -> None:
    """In a process of its own, since ldap3 leaves the connection open."""
    own = certificate(tmp_path, ["other.example"])
    with serving({}, own) as (url, _asked):
        place = url.replace("https", "ldaps") + "/dc=test"
        found = read_all([of(place, tls_ca=str(own))], {}, tmp_path)
    assert found["customers"].problem == "the server's certificate is not for localhost"


def test_authorities_that_are_not_there() -> None:
    assert failure(of(tls_ca="/nowhere/ca.pem")) == "invalid CA public key file"


def test_no_ldap3(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ldap3.core.exceptions", None)
    assert failure(of()) == "needs Debian's python3-ldap3"
