"""The role against a real Knot, BIND and PowerDNS, each of them primary of zones."""

from __future__ import annotations

import subprocess
import time

import pytest

from mail_autoconfig.zones.changes import Content
from support.deployed import ROOT, changes, play
from support.dns_lab import (
    BIND,
    DOMAINS,
    GENERIC,
    KNOT,
    KNOT_ENTRY,
    LAB,
    ONE,
    POWERDNS,
    SCENARIO,
    SECRET,
    WRONG,
    foreign,
    push,
    pushed,
    zone,
)


def test_zones_hold_the_records_and_what_they_held() -> None:
    one, two, three = zone("one.test"), zone("two.test"), zone("three.test", BIND)
    for name, content in ("one.test", one), ("two.test", two):
        assert content.items() >= foreign(name).items()
        assert content[f"autoconfig.{name}", "CNAME"] == Content((GENERIC,), 3600)
        assert content[f"_autodiscover._tcp.{name}", "SRV"].values == (f"0 0 443 {GENERIC}",)
    assert one["autodiscover.one.test", "CNAME"].values == (GENERIC,)
    assert not [name for name, _ in two if name == "autodiscover.two.test"]
    replaced = three["autodiscover.three.test", "CNAME"]  # in autoconfig_dns_replace
    assert replaced.values == (GENERIC,)
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
