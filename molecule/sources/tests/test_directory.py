"""Domains and log-in names of a real Samba domain controller, as Active Directory has them."""

from __future__ import annotations

import time

import pytest
import testinfra
from testinfra.host import Host

from support.deployed import Server
from support.sources_lab import PATIENCE, SERVICE, THIRTEEN, log_in, seconds_until, status

HOST = "mail.corp.deb13.test"
CONTROLLER: Host = testinfra.get_host("docker://autoconfig-sources-dc")
SETTINGS = "/etc/mail-autoconfig/sources.json"
EVERY = 30  # seconds: the scenario's inventory; other sources have less
PEOPLE = 1100 + 2  # molecule/sources/people.py: Camille has two addresses


def samba(*arguments: str) -> str:
    return str(
        CONTROLLER.check_output(" ".join(["samba-tool", *["%s"] * len(arguments)]), *arguments)
    )


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("camille.doe@staff.customers.test", "camille@corp.test"),
        ("Info@staff.customers.test", "camille@corp.test"),
        ("person.0@staff.customers.test", "user0@corp.test"),
        ("person.1099@staff.customers.test", "user1099@corp.test"),
        ("nobody@staff.customers.test", "nobody@staff.customers.test"),
    ],
)
def test_log_in_name_of_an_address(server: Server, address: str, name: str) -> None:
    """Over LDAPS on one server, switched to TLS on the other."""
    assert log_in(server, address) == (HOST, name)


def test_more_than_a_page_of_results(server: Server) -> None:
    """In three pages. Active Directory gives 1,000 to who asks for none, Samba gives all."""
    found = status(server)["staff"]
    assert (found["problem"], found["domains"], found["logins"]) == ("", 1, PEOPLE)


def test_user_comes_and_goes_without_a_play() -> None:
    address = "new@fresh.customers.test"
    assert log_in(THIRTEEN, address) is None
    samba("user", "create", "new", "Pa55-of-a-person", "--mail-address", address)
    try:
        came = seconds_until(lambda: log_in(THIRTEEN, address) is not None, EVERY + PATIENCE)
        time.sleep(1)  # until then each worker has seen it
        assert log_in(THIRTEEN, address) == (HOST, "new@corp.test")
        samba("user", "disable", "new")
        went = seconds_until(lambda: log_in(THIRTEEN, address) is None, EVERY + PATIENCE)
    finally:
        samba("user", "delete", "new")
    print(f"came after {came:.1f} s, went after {went:.1f} s")


def test_certificate_is_verified() -> None:
    """By the certificate of another authority it is not."""
    THIRTEEN.run("sed --in-place=.kept s,/etc/ssl/dc.pem,/etc/ssl/lab.pem, %s", SETTINGS)
    try:
        THIRTEEN.run("systemctl restart %s", SERVICE)
        found = status(THIRTEEN)["staff"]
    finally:
        THIRTEEN.run("mv %s.kept %s", SETTINGS, SETTINGS)
        THIRTEEN.run("touch %s", SETTINGS)  # so that it is read at once, as after a play
        THIRTEEN.run("systemctl restart %s", SERVICE)
    assert "certificate verify failed" in found["problem"]
    assert found["logins"] == PEOPLE  # what was there stays
    assert not status(THIRTEEN)["staff"]["problem"]
