"""The role `dns` against the name servers of real Samba domain controllers.

It runs in a container of the lab, as a user who has no more rights than any other.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import dns.message
import dns.query
import dns.rdatatype
import pytest
import yaml

from support.deployed import ROOT, changes
from support.samba_lab import (
    ADMINISTRATOR,
    CONTROLLERS,
    INVENTORY,
    PASSWORD,
    SCENARIO,
    output,
    run,
    samba,
)

DOMAINS = yaml.safe_load((SCENARIO / "inventory/group_vars/all/domains.yml").read_text())
ONE, TWO = DOMAINS["autoconfig_domains"]
DC13, DC12 = DOMAINS["autoconfig_dns_servers"]
GENERIC = "autoconfig.hoster.test."


def push(
    *arguments: str, playbook: str = "dns", **variables: Any
) -> subprocess.CompletedProcess[str]:
    environment = {
        "ANSIBLE_COLLECTIONS_PATH": f"{ROOT}/collections",
        "ANSIBLE_INJECT_FACT_VARS": "false",
        "ANSIBLE_NOCOLOR": "true",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    variables = {"autoconfig_dns_servers": written(DOMAINS["autoconfig_dns_servers"])} | variables
    return run(
        "ansible",
        "env",
        *(f"{name}={value}" for name, value in environment.items()),
        *("ansible-playbook", "-i", str(INVENTORY), *arguments),
        *("-e", json.dumps(variables), f"mailhost.autoconfig.{playbook}"),
    )


def written(servers: list[dict[str, Any]], **other: Any) -> list[dict[str, Any]]:
    """Entries of autoconfig_dns_servers with the password in place of the variable."""
    return [server | {"kerberos_password": PASSWORD} | other for server in servers]


def pushed(*arguments: str, **variables: Any) -> str:
    result = push(*arguments, **variables)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def ask(controller: str, name: str, type_: str) -> list[str]:
    """What the controller's name server says."""
    query = dns.message.make_query(f"{name}.", type_)
    answer = dns.query.udp(query, CONTROLLERS[controller]["address"], timeout=10)
    wanted = dns.rdatatype.from_text(type_)
    return sorted(str(each) for found in answer.answer if found.rdtype == wanted for each in found)


def own_records(controller: str, zone: str) -> list[str]:
    """What tests/lab/images/samba/provision makes, and the zone itself, by samba-tool."""
    found = []
    for name in "@", "www", "*":
        said = samba(controller, "dns", "query", "localhost", zone, name, "ALL").splitlines()
        # Below the zone itself stand all other names; the serial counts each change.
        end = [index for index, line in enumerate(said) if line.startswith("  Name=")][1:2]
        found += [line for line in said[: end[0] if end else None] if "SOA: " not in line]
    return found


def in_the_zone(zone: str, code: str) -> str:
    """Run Python against dc13's `zone` in the container; what it prints."""
    begin = (
        "from mail_autoconfig.zones.samba import DirectoryServer, ZoneError\n"
        "from mail_autoconfig.zones.changes import Change, Content\n"
        f"server = DirectoryServer('dc13.corp13.test', 'autoconfig@CORP13.TEST', {PASSWORD!r})\n"
        f"zone = {zone!r}\n"
    )
    command = "env", f"PYTHONPATH={ROOT}/src", "python3", "-B", "-"
    return output("ansible", *command, said=begin + code)


@pytest.fixture(scope="module")
def untouched() -> dict[str, list[str]]:
    return {
        "one.test": own_records("dc13", "one.test"),
        "two.test": own_records("dc12", "two.test"),
    }


@pytest.fixture(scope="module", autouse=True)
def first_run(untouched: dict[str, list[str]]) -> str:
    assert any("192.0.2.80" in line for line in untouched["one.test"])
    push(playbook="remove")
    said = pushed()
    assert changes(said) == 1
    return said


@pytest.fixture
def restored() -> Iterator[None]:
    yield
    pushed()


def test_zones_hold_the_records_and_what_they_held(
    untouched: dict[str, list[str]], first_run: str
) -> None:
    assert own_records("dc13", "one.test") == untouched["one.test"]
    assert own_records("dc12", "two.test") == untouched["two.test"]
    assert ask("dc13", "autodiscover.one.test", "CNAME") == [GENERIC]
    assert ask("dc13", "autoconfig.one.test", "A") == ["198.18.41.10"]  # through the alias
    assert ask("dc13", "autoconfig.hoster.test", "A") == ["198.18.41.10"]
    assert ask("dc13", "_imaps._tcp.one.test", "SRV") == ["0 1 993 mail.gandi.net."]
    assert ask("dc13", "_pop3._tcp.one.test", "SRV") == []  # would be "0 0 0 ."
    assert ask("dc12", "_autodiscover._tcp.two.test", "SRV") == [f"0 0 443 {GENERIC}"]
    assert ask("dc12", "autodiscover.two.test", "CNAME") == []  # the wildcard's name
    left = "zone hoster.test: without autoconfig.hoster.test CAA, which Samba's name server refuses"
    assert left in first_run


def test_second_run_changes_nothing() -> None:
    assert changes(pushed()) == 0


def test_check_mode_shows_the_plan_and_changes_nothing() -> None:
    said = pushed(
        "--check", "--diff", autoconfig_dns_addresses=["198.18.41.11"], autoconfig_dns_ttl=7200
    )
    assert changes(said) == 1
    assert "-autoconfig.hoster.test. 3600 A 198.18.41.10" in said
    assert "+autoconfig.hoster.test. 7200 A 198.18.41.11" in said
    assert ask("dc13", "autoconfig.hoster.test", "A") == ["198.18.41.10"]


@pytest.mark.usefixtures("restored")
def test_values_and_times_to_live_change() -> None:
    addresses = ["198.18.41.11", "2001:db8::11"]
    assert changes(pushed(autoconfig_dns_addresses=addresses, autoconfig_dns_ttl=600)) == 1
    assert ask("dc13", "autoconfig.hoster.test", "A") == ["198.18.41.11"]
    assert ask("dc13", "autoconfig.hoster.test", "AAAA") == ["2001:db8::11"]
    answer = dns.query.udp(
        dns.message.make_query("_imaps._tcp.one.test.", "SRV"), CONTROLLERS["dc13"]["address"]
    )
    assert answer.answer[0].ttl == 600


@pytest.mark.usefixtures("restored")
def test_removed_domain_loses_its_records_and_nothing_else(
    untouched: dict[str, list[str]],
) -> None:
    assert changes(pushed(autoconfig_domains=[TWO])) == 1
    assert ask("dc13", "autodiscover.one.test", "CNAME") == []
    assert ask("dc13", "_autodiscover._tcp.one.test", "SRV") == []
    assert ask("dc13", "_mail-autoconfig.one.test", "TXT") == []
    assert own_records("dc13", "one.test") == untouched["one.test"]
    assert ask("dc12", "autoconfig.two.test", "CNAME") == [GENERIC]


@pytest.mark.usefixtures("restored")
def test_all_that_was_pushed_can_be_removed(untouched: dict[str, list[str]]) -> None:
    removed = push(playbook="remove")
    assert changes(removed.stdout) == 1, removed.stdout
    assert ask("dc12", "autoconfig.two.test", "CNAME") == []
    assert own_records("dc12", "two.test") == untouched["two.test"]
    code = "print(*sorted({name for name, _ in server.read(zone)}))"
    assert in_the_zone("one.test", code) == "*.one.test one.test www.one.test\n"


@pytest.mark.usefixtures("restored")
def test_foreign_record_stays_and_is_reported() -> None:
    pushed(autoconfig_domains=[TWO])
    foreign = "one.test", "autodiscover", "A", "192.0.2.7"
    samba("dc13", "dns", "add", "localhost", *foreign)
    try:
        result = push()
        assert result.returncode == 2
        assert "autodiscover.one.test A 192.0.2.7: not ours, or edited since" in result.stdout
        assert ask("dc13", "autodiscover.one.test", "A") == ["192.0.2.7"]
        assert ask("dc13", "autoconfig.one.test", "CNAME") == [GENERIC]
        assert changes(pushed(autoconfig_dns_keep=["autodiscover.one.test"])) == 0
        pushed(autoconfig_dns_replace=["autodiscover.one.test"])
        assert ask("dc13", "autodiscover.one.test", "CNAME") == [GENERIC]
    finally:
        found = run("dc13", "samba-tool", "dns", "delete", "localhost", *foreign, *ADMINISTRATOR)
        assert found.returncode, "the record was there still"


@pytest.mark.usefixtures("restored")
def test_directory_may_refuse() -> None:
    """Any account may add names; the zone's own name belongs to the administrators."""
    domains = [ONE | {"apex": True}, TWO]
    brief: dict[str, Any] = {"autoconfig_dns_ttl": 60, "autoconfig_dns_wait": 0}
    apex = {"autoconfig_domains": domains, **brief}
    refused = push(**apex)
    assert refused.returncode == 2
    line = "zone one.test: dc13.corp13.test refuses; let autoconfig@CORP13.TEST change these"
    assert line in refused.stdout
    assert "2 of 3 zones changed" in refused.stdout
    assert ask("dc13", "one.test", "A") == []
    samba("dc13", "group", "addmembers", "DnsAdmins", "autoconfig")
    try:
        pushed(**apex)
        assert ask("dc13", "one.test", "A") == ["198.18.41.10"]
        pushed()
        assert ask("dc13", "one.test", "A") == []
    finally:
        samba("dc13", "group", "removemembers", "DnsAdmins", "autoconfig")


def test_zone_that_changes_between_plan_and_push_is_not_touched() -> None:
    said = in_the_zone(
        "one.test",
        """
stale = Content(("elsewhere.test.",), 600)
other = Content(("x.test.",), 600)
for change in (
    Change(zone, "autoconfig.one.test", "CNAME", stale, other),
    Change(zone, "www.one.test", "CNAME", None, other),
    Change(zone, "www.one.test", "A", None, Content(("192.0.2.9",), 600)),
):
    # A change that could be made goes with the one that can't.
    new = Change(zone, "new.one.test", "A", None, Content(("192.0.2.9",), 600))
    try:
        server.change(zone, [new, change])
    except ZoneError as error:
        print(error)
""",
    )
    assert said.splitlines() == ["changed since it was read; nothing was changed; run again"] * 3
    assert ask("dc13", "new.one.test", "A") == ["192.0.2.80"]  # the wildcard's


def test_value_that_came_in_between_stays() -> None:
    in_the_zone(
        "one.test",
        """
both = Content(("192.0.2.1", "192.0.2.2"), 600)
seen = Content(("192.0.2.1",), 600)
new = Content(("192.0.2.3",), 600)
server.change(zone, [Change(zone, "x.one.test", "A", None, both)])
server.change(zone, [Change(zone, "x.one.test", "A", seen, new)])
""",
    )
    assert ask("dc13", "x.one.test", "A") == ["192.0.2.2", "192.0.2.3"]
    samba("dc13", "dns", "delete", "localhost", "one.test", "x", "A", "192.0.2.2")
    samba("dc13", "dns", "delete", "localhost", "one.test", "x", "A", "192.0.2.3")


@pytest.mark.usefixtures("restored")
def test_failing_servers_do_not_stop_the_other_zones() -> None:
    """One line each, without a password, and two.test is done."""
    good = written([DC12])
    pushed(autoconfig_domains=[ONE], autoconfig_dns_servers=good)
    wrong = [
        (
            written([DC13], kerberos_password="wr0ng-passw0rd", zones=["one.test"]),
            "zone one.test: dc13.corp13.test, autoconfig@CORP13.TEST: Password incorrect",
        ),
        (
            written([DC13], kerberos_account="nobody@corp13.test", zones=["hoster.test"]),
            "zone hoster.test: dc13.corp13.test, nobody@CORP13.TEST: Client 'nobody@CORP13.TEST' "
            "not found",
        ),
        (
            written([DC13], zones=["unserved.test"]),
            "zone unserved.test: dc13.corp13.test has no such zone",
        ),
        (
            written([DC13], address="dc14.corp13.test", zones=["nowhere.test"]),
            "zone nowhere.test: dc14.corp13.test, autoconfig@CORP13.TEST: Cannot contact any KDC",
        ),
    ]
    servers = [entry for entries, _ in wrong for entry in entries]
    result = push("-vvv", "--diff", autoconfig_dns_servers=servers + good)
    assert result.returncode == 2
    for _, line in wrong:
        assert line in result.stdout
    assert "1 of 5 zones changed" in result.stdout
    assert ask("dc12", "autoconfig.two.test", "CNAME") == [GENERIC]
    for secret in PASSWORD, "wr0ng-passw0rd":
        assert secret not in result.stdout + result.stderr
