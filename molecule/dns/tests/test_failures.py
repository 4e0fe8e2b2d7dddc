"""What the role does where something is in its way, against a real Knot and BIND."""

from __future__ import annotations

import subprocess
import time
from typing import Any

import pytest

from mail_autoconfig.zones.changes import Change, Content
from support.deployed import changes
from support.dns_lab import (
    BIND,
    BIND_ENTRY,
    DOMAINS,
    GENERIC,
    KNOT,
    KNOT_ENTRY,
    ONE,
    SECRET,
    WRONG,
    edit,
    foreign,
    push,
    pushed,
    zone,
)


@pytest.mark.usefixtures("restored")
def test_conflicting_record_stays_and_is_reported() -> None:
    pushed(autoconfig_domains=DOMAINS["autoconfig_domains"][1:])
    edit("autodiscover.one.test", "A", "192.0.2.7")
    try:
        result = push()
        assert result.returncode == 2
        assert "autodiscover.one.test A 192.0.2.7: not ours, or edited since" in result.stdout
        content = zone("one.test")
        assert content["autodiscover.one.test", "A"] == Content(("192.0.2.7",), 600)
        assert ("autoconfig.one.test", "CNAME") in content
        left = pushed(autoconfig_dns_keep=["autodiscover.one.test"])
        assert changes(left) == 1  # the files
        assert zone("one.test") == content
        replace = [*DOMAINS["autoconfig_dns_replace"], "autodiscover.one.test"]
        pushed(autoconfig_dns_replace=replace)
        assert zone("one.test")["autodiscover.one.test", "CNAME"].values == (GENERIC,)
    finally:
        edit("autodiscover.one.test", "A")


@pytest.mark.usefixtures("restored")
def test_edited_record_is_left() -> None:
    edit("autoconfig.one.test", "CNAME", "elsewhere.test.")
    said = pushed(autoconfig_domains=DOMAINS["autoconfig_domains"][1:])
    assert "autoconfig.one.test CNAME elsewhere.test.: edited since it was made" in said
    left = {("autoconfig.one.test", "CNAME"): Content(("elsewhere.test.",), 600)}
    assert zone("one.test") == foreign("one.test") | left
    edit("autoconfig.one.test", "CNAME")


def test_zone_that_changes_between_plan_and_push_is_not_touched() -> None:
    """The update asks the server that all is as it was read."""
    before = zone("one.test")
    stale = Content(("elsewhere.test.",), 600)
    change = Change("one.test", "autoconfig.one.test", "CNAME", stale, Content(("x.test.",), 600))
    alias = Change("one.test", "www.one.test", "CNAME", None, Content(("x.test.",), 600))
    for wrong in change, alias:
        with pytest.raises(Exception, match="changed since it was read"):
            KNOT.change("one.test", [wrong])
    assert zone("one.test") == before


@pytest.mark.usefixtures("restored")
def test_failing_servers_do_not_stop_the_other_zones() -> None:
    """The wrong key, or no server there: one line each, without a secret, and two.test is done."""
    good = KNOT_ENTRY | {"zones": ["two.test"]}
    pushed(autoconfig_domains=[ONE], autoconfig_dns_servers=[good])
    wrong = {
        f"{KNOT.address}: the secret of key autoconfig is wrong": KNOT_ENTRY
        | {"key_secret": WRONG},
        f"{BIND.address}: the secret of key autoconfig is wrong": BIND_ENTRY
        | {"key_secret": WRONG},
        f"{BIND.address} does not know the key other": BIND_ENTRY | {"key_name": "other"},
        f"{KNOT.address} does not serve the zone, or": KNOT_ENTRY | {"key_name": "other"},
        f"{KNOT.address} port 54: Connection refused": KNOT_ENTRY | {"port": 54},
    }
    entries = [
        entry | {"zones": [f"n{number}.bulk.test"]} for number, entry in enumerate(wrong.values())
    ]
    result = push("-vvv", "--diff", autoconfig_dns_servers=[*entries, good])
    assert result.returncode == 2
    for number, line in enumerate(wrong):
        assert f"zone n{number}.bulk.test: {line}" in result.stdout
    assert "1 of 6 zones changed" in result.stdout
    assert zone("two.test") != foreign("two.test")
    for secret in SECRET, WRONG:
        assert secret not in result.stdout + result.stderr


@pytest.mark.usefixtures("restored")
def test_zone_that_is_not_served_among_twenty() -> None:
    zones = [f"n{number}.bulk.test" for number in range(20)]
    zones[6] = "unserved.test"
    result = push(
        autoconfig_domains=[{"name": name, "provider": "gandi"} for name in zones],
        autoconfig_dns_servers=[KNOT_ENTRY | {"zones": zones}],
        autoconfig_dns_wait=0,
    )
    assert result.returncode == 2
    assert f"zone unserved.test: {KNOT.address} does not serve the zone" in result.stdout
    assert "19 of 20 zones changed" in result.stdout
    del zones[6]
    pushed(
        autoconfig_domains=[ONE],
        autoconfig_dns_servers=[KNOT_ENTRY | {"zones": zones}],
        autoconfig_dns_wait=0,
    )
    assert zone("n19.bulk.test") == foreign("n19.bulk.test")


@pytest.mark.usefixtures("restored")
def test_name_server_that_lags_is_reported() -> None:
    subprocess.run(["docker", "stop", "--time=1", "autoconfig-dns-bind9"], check=True)
    try:
        result = push(
            autoconfig_dns_servers=[KNOT_ENTRY], autoconfig_domains=[ONE], autoconfig_dns_wait=1
        )
    finally:
        subprocess.run(["docker", "start", "autoconfig-dns-bind9"], check=True)
    assert result.returncode == 2
    assert "zone one.test: ns2.one.test does not answer for the zone" in result.stdout
    time.sleep(2)


@pytest.mark.parametrize(
    ("variables", "line"),
    [
        (
            {"autoconfig_dns_addresses": []},
            "autoconfig_dns_addresses: no address for autoconfig.hoster.test; give the server's",
        ),
        (
            {"autoconfig_dns_addresses": ["x"]},
            "autoconfig_dns_addresses: 'x' is not possible; use an address such as 192.0.2.1",
        ),
        ({"autoconfig_dns_owner": "a b"}, 'autoconfig_dns_owner: "a b" is not a word of letters'),
        (
            {"autoconfig_dns_replace": ["a b"]},
            'autoconfig_dns_replace: "a b" is not a name such as autoconfig.example.com',
        ),
    ],
)
def test_bad_input(variables: dict[str, Any], line: str) -> None:
    result = push(**variables)
    assert result.returncode == 2
    assert changes(result.stdout) == 0
    assert line in result.stdout
