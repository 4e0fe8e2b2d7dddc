from __future__ import annotations

from typing import Any

import pytest

from mail_autoconfig.inventory.read import ConfigurationError
from mail_autoconfig.zones.rfc2136 import UpdateServer
from mail_autoconfig.zones.samba import DirectoryServer
from mail_autoconfig.zones.servers import parse_servers

SECRET = "c2VjcmV0LW9mLXRoZS10ZXN0"
ACCOUNT = {
    "address": "DC.ad.example",
    "kerberos_account": "autoconfig@ad.example",
    "kerberos_password": SECRET,
    "zones": ["ad.example"],
}
GOOD = {"address": "ns.example", "key_name": "k", "key_secret": SECRET, "zones": ["example.com"]}


def test_servers() -> None:
    servers = parse_servers(
        [
            GOOD | {"zones": ["Example.com", "bücher.example."]},
            {"provider": "gandi", "settings": {"token": "t"}, "zones": ["example.org"]},
            {"address": "2001:db8::1", "port": 5353, "zones": ["example.net"]},
            ACCOUNT,
        ]
    )
    assert list(servers) == [
        "example.com",
        "xn--bcher-kva.example",
        "example.org",
        "example.net",
        "ad.example",
    ]
    assert servers["ad.example"] == DirectoryServer(
        "dc.ad.example", "autoconfig@AD.EXAMPLE", SECRET
    )
    assert servers["example.com"] == UpdateServer("ns.example", 53, "k", SECRET, "hmac-sha256")
    assert servers["example.net"] == UpdateServer("2001:db8::1", 5353)


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ({}, ": not a list of servers"),
        (["x"], "[0]: not a mapping"),
        ([GOOD | {"key": 1}], '[0]: unknown key "key"; use zones, address, port, key_n'),
        ([GOOD | {"zones": []}], "[0], zones: no zone; list the zones of this server"),
        ([GOOD | {"zones": ["a b"]}], '[0], zones: "a b" is not a zone such as example.co'),
        ([GOOD, GOOD], "[1], zones: example.com is listed twice; remove one"),
        ([GOOD | {"address": ""}], "[0]: no address and no provider; give one of them"),
        ([GOOD | {"port": 0}], "[0]: port: 0 is not a port; use 1 to 65535"),
        ([GOOD | {"key_algorithm": "x"}], '[0]: key_algorithm: no "x"; use one of hmac-'),
        ([GOOD | {"key_secret": ""}], "[0]: key_name and key_secret belong together; give"),
        ([GOOD | {"key_secret": f"{SECRET}!"}], "[0]: key_name is not a name, or key_secret"),
        ([{"provider": "x", "zones": ["example.com"]}], '[0]: no provider "x"; use cloudf'),
        ([{"provider": "gandi", "settings": 1}], "[0]: settings: not a mapping"),
        ([{"provider": "gandi", "zones": ["d.d"]}], "[0]: provider gandi, settings: "),
        ([{"provider": "gandi", "token": "x"}], '[0]: unknown key "token"; use zones, pro'),
        (
            [ACCOUNT | {"address": "192.0.2.1"}],
            "[0]: address: '192.0.2.1' is not a host name; give the domain controller's",
        ),
        (
            [ACCOUNT | {"kerberos_account": "autoconfig"}],
            '[0]: kerberos_account: "autoconfig" is not like name@example.com',
        ),
        (
            [ACCOUNT | {"kerberos_account": "-k@example.com"}],  # kinit would take it for an option
            '[0]: kerberos_account: "-k@example.com" is not like name@example.com',
        ),
        (
            [ACCOUNT | {"kerberos_password": ""}],
            "[0]: kerberos_password: not one line; give the account's password",
        ),
        (
            [ACCOUNT | {"key_name": "x"}],
            '[0]: unknown key "key_name"; use zones, address, kerberos_account, ',
        ),
    ],
)
def test_wrong_servers(raw: Any, problem: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_servers(raw)
    assert caught.value.problems[0].startswith(f"autoconfig_dns_servers{problem}")
    assert SECRET not in str(caught.value)
