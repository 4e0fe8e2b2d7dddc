from __future__ import annotations

import pytest

from mail_autoconfig.issuer.contents import (
    ROOM,
    SERVERS,
    Certificate,
    RoomError,
    checksum,
    contents,
    servers,
)

FIRST, SECOND = "mail-autoconfig", "mail-autoconfig-2"


def test_servers() -> None:
    assert servers({SECOND: ["c.test"], FIRST: ["b.test", "a.test"]}) == (
        "server {\n"
        "    server_name a.test b.test;\n"
        "    ssl_certificate ../tls/mail-autoconfig.pem;\n"
        "    ssl_certificate_key ../tls/mail-autoconfig.pem;\n"
        "    include server.conf;\n"
        "}\n"
        "server {\n"
        "    server_name c.test;\n"
        "    ssl_certificate ../tls/mail-autoconfig-2.pem;\n"
        "    ssl_certificate_key ../tls/mail-autoconfig-2.pem;\n"
        "    include server.conf;\n"
        "}\n"
    )


def test_a_name_that_moves_is_in_one_server() -> None:
    found = servers({FIRST: ["a.test"], SECOND: ["a.test"], "mail-autoconfig-3": ["b.test"]})
    assert found.count("a.test") == 1
    assert "mail-autoconfig-2" not in found


def test_a_secret_more_for_each_64() -> None:
    last = f"mail-autoconfig-{ROOM + 1}"
    found = contents(
        {FIRST: Certificate(frozenset({"a.test"}), "A"), last: Certificate(frozenset(), "B")}, 2
    )
    assert [sorted(each) for each in found] == [[f"{FIRST}.pem", SERVERS], [f"{last}.pem"]]
    assert found[1] == {f"{last}.pem": "B"}
    with pytest.raises(RoomError, match=f"{last}: set issuer.secrets to 2"):
        contents({last: Certificate(frozenset(), "B")}, 1)


def test_without_certificates_there_is_no_server() -> None:
    assert contents({}, 2) == [{SERVERS: ""}, {}]


def test_checksum_is_that_of_the_contents() -> None:
    assert checksum([{"a": "1", "b": "2"}]) == checksum([{"b": "2", "a": "1"}])
    assert checksum([{"a": "1"}]) != checksum([{"a": "2"}])
