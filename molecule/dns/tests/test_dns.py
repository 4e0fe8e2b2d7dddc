"""The role against a real Knot, BIND and PowerDNS, each of them primary of zones."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from mail_autoconfig.zones.changes import Change, Content, Key
from mail_autoconfig.zones.rfc2136 import UpdateServer
from support.deployed import ROOT, changes, play

SCENARIO = Path(__file__).parents[1]
DOMAINS = yaml.safe_load((SCENARIO / "inventory/group_vars/all/domains.yml").read_text())
LAB = yaml.safe_load((SCENARIO / "inventory/group_vars/all/lab.yml").read_text())
SECRET = LAB["lab_secret"]
WRONG = "d3Jvbmcgc2VjcmV0IG9mIHRoZSBzY2VuYXJpby1rZXk="
KNOT = UpdateServer(LAB["lab_knot"], key="autoconfig", secret=SECRET)
BIND = UpdateServer(LAB["lab_bind"], key="autoconfig", secret=SECRET)
POWERDNS = UpdateServer(LAB["lab_powerdns"], key="autoconfig", secret=SECRET)
KNOT_ENTRY, BIND_ENTRY, _ = DOMAINS["autoconfig_dns_servers"]
GENERIC = "autoconfig.hoster.test."
ONE = {"name": "one.test", "provider": "gandi"}
MARKER = "_mail-autoconfig.one.test"


def push(*arguments: str, **variables: Any) -> subprocess.CompletedProcess[str]:
    return play(
        "mailhost.autoconfig.dns",
        *arguments,
        inventory=SCENARIO / "inventory/hosts.yml",
        **variables,
    )


def pushed(*arguments: str, **variables: Any) -> str:
    result = push(*arguments, **variables)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def zone(name: str, server: UpdateServer = KNOT) -> dict[Key, Content]:
    """A zone without its serial."""
    content = server.read(name)
    content.pop((name, "SOA"))
    return content


def edit(name: str, type_: str, *values: str) -> None:
    """Change one.test behind the role's back."""
    before = KNOT.read("one.test").get((name, type_))
    after = Content(values, 600) if values else None
    KNOT.change("one.test", [Change("one.test", name, type_, before, after)])


@pytest.fixture
def restored() -> Iterator[None]:
    yield
    pushed()


def foreign(name: str) -> dict[Key, Content]:
    """What tests/lab/images/knot/start puts into a zone."""
    return {
        (name, "NS"): Content((f"ns1.{name}.", f"ns2.{name}."), 600),
        (f"ns1.{name}", "A"): Content((LAB["lab_knot"],), 600),
        (f"ns2.{name}", "A"): Content((LAB["lab_bind"],), 600),
        (name, "MX"): Content((f"10 mx.{name}.",), 600),
        (f"*.{name}", "A"): Content(("192.0.2.80",), 600),
        (f"www.{name}", "A"): Content(("192.0.2.81",), 600),
        (name, "TXT"): Content(('"v=spf1 mx -all"',), 600),
    }


def test_zones_hold_the_records_and_what_they_held() -> None:
    one, two, three = zone("one.test"), zone("two.test"), zone("three.test", BIND)
    for name, content in ("one.test", one), ("two.test", two):
        assert content.items() >= foreign(name).items()
        assert content[f"autoconfig.{name}", "CNAME"] == Content((GENERIC,), 3600)
        assert content[f"_autodiscover._tcp.{name}", "SRV"].values == (f"0 0 443 {GENERIC}",)
    assert one["autodiscover.one.test", "CNAME"].values == (GENERIC,)
    assert not [name for name, _ in two if name == "autodiscover.two.test"]
    assert three["autodiscover.three.test", "CNAME"].values == (
        GENERIC,
    )  # in autoconfig_dns_replace
    assert three["www.three.test", "A"] == Content(("192.0.2.81",), 600)
    four = zone("four.test", POWERDNS)
    assert four["autodiscover.four.test", "CNAME"] == Content((GENERIC,), 3600)
    assert four["www.four.test", "A"].values == ("192.0.2.81",)
    hoster = zone("hoster.test")
    assert hoster["autoconfig.hoster.test", "A"].values == ("198.18.34.10",)
    assert hoster["autoconfig.hoster.test", "CAA"].values == ('0 issue "letsencrypt.org"',)


def test_second_run_changes_nothing() -> None:
    serials = [
        KNOT.read("one.test")["one.test", "SOA"],
        BIND.read("three.test")["three.test", "SOA"],
    ]
    assert changes(pushed()) == 0
    assert serials == [
        KNOT.read("one.test")["one.test", "SOA"],
        BIND.read("three.test")["three.test", "SOA"],
    ]


def test_check_mode_shows_the_plan_and_changes_nothing() -> None:
    before = zone("one.test")
    said = pushed(
        "--check", "--diff", autoconfig_dns_addresses=["198.18.34.11"], autoconfig_dns_ttl=7200
    )
    assert changes(said) == 1
    assert "-autoconfig.hoster.test. 3600 A 198.18.34.10" in said
    assert "+autoconfig.hoster.test. 7200 A 198.18.34.11" in said
    assert zone("one.test") == before


@pytest.mark.usefixtures("restored")
def test_removed_domain_loses_its_records_and_nothing_else() -> None:
    said = pushed(autoconfig_domains=DOMAINS["autoconfig_domains"][1:])
    assert changes(said) == 1
    assert zone("one.test") == foreign("one.test")
    assert zone("two.test") != foreign("two.test")


@pytest.mark.usefixtures("restored")
def test_powerdns_takes_changes_and_removals() -> None:
    pushed(autoconfig_dns_ttl=600)
    assert zone("four.test", POWERDNS)["autodiscover.four.test", "CNAME"].ttl == 600
    pushed(autoconfig_domains=[ONE])
    assert zone("four.test", POWERDNS) == {
        ("four.test", "NS"): Content(("ns1.four.test.",), 3600),
        ("ns1.four.test", "A"): Content((LAB["lab_powerdns"],), 3600),
        ("www.four.test", "A"): Content(("192.0.2.81",), 3600),
    }


@pytest.mark.usefixtures("restored")
def test_powerdns_by_its_api() -> None:
    """octoDNS reads what dynamic updates wrote, and writes the same."""
    settings = {"host": LAB["lab_powerdns"], "api_key": SECRET}
    entry = {"provider": "powerdns", "settings": settings, "zones": LAB["lab_powerdns_zones"]}
    before = zone("four.test", POWERDNS)
    assert changes(pushed(autoconfig_dns_servers=[entry])) == 0

    output = pushed("-vvv", "--diff", autoconfig_dns_servers=[entry], autoconfig_domains=[ONE])
    assert "-autodiscover.four.test. 3600 CNAME" in output
    assert SECRET not in output
    assert zone("four.test", POWERDNS).keys() == {
        ("four.test", "NS"),
        ("ns1.four.test", "A"),
        ("www.four.test", "A"),
    }
    assert changes(pushed(autoconfig_dns_servers=[entry])) == 1
    assert zone("four.test", POWERDNS) == before

    wrong = entry | {"settings": settings | {"api_key": WRONG}}
    refused = push(autoconfig_dns_servers=[wrong])
    assert refused.returncode == 2
    assert "zone four.test: powerdns, read: PowerDNS unauthorized" in refused.stdout
    assert WRONG not in refused.stdout
    assert zone("four.test", POWERDNS) == before


@pytest.mark.usefixtures("restored")
def test_all_that_was_pushed_can_be_removed() -> None:
    """By the play that removes all; the one for the servers finds none here."""
    removed = play("mailhost.autoconfig.remove", inventory=SCENARIO / "inventory/hosts.yml")
    assert changes(removed.stdout) == 1, removed.stdout
    assert zone("one.test") == foreign("one.test")
    assert zone("hoster.test") == foreign("hoster.test")


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


@pytest.mark.usefixtures("restored")
def test_thousand_zones_in_one_call() -> None:
    zones = [f"n{number}.bulk.test" for number in range(1000)]
    variables = {
        "autoconfig_domains": [{"name": name, "provider": "gandi"} for name in zones],
        "autoconfig_dns_servers": [KNOT_ENTRY | {"zones": [*zones, "hoster.test"]}],
    }
    started = time.monotonic()
    assert changes(pushed(**variables)) == 1
    first = time.monotonic() - started
    started = time.monotonic()
    assert changes(pushed(**variables)) == 0
    print(f"1,000 zones: {first:.0f} s; again: {time.monotonic() - started:.0f} s")
    assert first < 120
    for name in zones[0], zones[999]:
        assert zone(name)[f"autoconfig.{name}", "CNAME"].values == (GENERIC,)
    pushed(**variables | {"autoconfig_domains": [ONE]})
    assert zone(zones[999]) == foreign(zones[999])


@pytest.mark.usefixtures("restored")
def test_many_domains_in_one_zone() -> None:
    """More than one message holds: whole domains go together."""
    names = [f"d{number}.two.test" for number in range(200)]
    variables = {
        "autoconfig_domains": [{"name": name, "provider": "gandi"} for name in names],
        "autoconfig_dns_servers": [KNOT_ENTRY],
        "autoconfig_dns_wait": 0,
    }
    assert changes(pushed(**variables)) == 1
    assert changes(pushed(**variables)) == 0
    assert zone("two.test")[f"autoconfig.{names[199]}", "CNAME"].values == (GENERIC,)
    pushed(**variables | {"autoconfig_domains": [ONE]})
    assert zone("two.test") == foreign("two.test")


def test_zone_files_are_right_for_bind() -> None:
    directory = ROOT / ".cache/dns-records"
    assert {path.name for path in directory.iterdir()} == {
        "records.md",
        "records.csv",
        *(f"{name}.test.zone" for name in ("hoster", "one", "two", "three", "four")),
    }
    snippet = (directory / "one.test.zone").read_text()
    head = "$TTL 60\n@ IN SOA ns.x. h.x. 1 1 1 1 1\n@ IN NS ns.x.\n"
    checked = subprocess.run(
        [
            "docker",
            "exec",
            "-i",
            "autoconfig-dns-bind9",
            "named-checkzone",
            "one.test",
            "/dev/stdin",
        ],
        input=head + snippet,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout


def test_without_servers_the_records_are_shown() -> None:
    said = pushed(autoconfig_dns_servers=[])
    assert "autodiscover        CNAME  3600  autoconfig.hoster.test." in said
    assert KNOT.address not in said


@pytest.mark.parametrize(
    ("variables", "line"),
    [
        (
            {"autoconfig_dns_addresses": []},
            "autoconfig_dns_addresses: no address for autoconfig.hoster.test; give the server's",
        ),
        (
            {"autoconfig_dns_addresses": ["x"]},
            "autoconfig_dns_addresses: 'x' does not appear to be an IPv4 or IPv6 address",
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
