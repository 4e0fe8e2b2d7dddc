from __future__ import annotations

from typing import Any

import pytest

from mail_autoconfig.verify.summary import Host, summarise

RECORDS = ["autodiscover.b.test. 3600 IN A 192.0.2.1", "autoconfig.b.test. 3600 IN A 192.0.2.1"]
NAMES = ["autodiscover.b.test", "autoconfig.b.test"]
WITHOUT = {
    name: {"domain": "b.test", "records": [record]}
    for name, record in zip(NAMES, RECORDS, strict=True)
}
ADD = "Add these DNS records (192.0.2.1 stands for your server)"
AGAIN = "Run this again, or wait: a timer looks each hour and orders what is missing."


def host(name: str = "server", report: dict[str, Any] | None = None, **found: Any) -> Host:
    return Host(name, {"domains": ["a.test", "b.test"], "asked": 24} | found, report or {})


def left_out(why: str) -> Host:
    return host(uncertified=WITHOUT, report={"left_out": dict.fromkeys(NAMES, why)})


def test_all_right() -> None:
    said = summarise([host()])
    assert (said.failed, said.lines) == (False, ["2 domains, all right; 24 answers."])


def test_rehearsal_that_is_right_says_what_comes_next() -> None:
    said = summarise([host()], rehearsal=True)
    assert not said.failed
    assert said.lines[1:] == [
        "Next:",
        "1. Set autoconfig_certificates_letsencrypt_environment: production, and run again.",
    ]


def test_name_without_a_record_is_told_and_no_failure() -> None:
    said = summarise([left_out("no record")], rehearsal=True)
    assert not said.failed
    assert said.lines == [
        "2 domains: 1 all right, 1 not; 24 answers.",
        "Left out: autodiscover.b.test, autoconfig.b.test",
        "   no record: give the name its DNS record",
        "Next:",
        f"1. {ADD}; playbooks/dns.yml shows all of all domains:",
        *(f"   {line}" for line in RECORDS),
        f"2. {AGAIN}",
        "3. When all is right, set autoconfig_certificates_letsencrypt_environment: production, "
        "and run again.",
    ]


def test_name_with_a_record_and_no_certificate_fails() -> None:
    hosts = [left_out("points elsewhere: 192.0.2.9 answers 404")]
    said = summarise(hosts)
    assert said.failed
    assert said.lines[1:3] == [
        "Left out: autodiscover.b.test, autoconfig.b.test",
        "   points elsewhere: 192.0.2.9 answers 404: the address is another server; correct the "
        "record, also the AAAA record",
    ]
    assert "Add these" not in "".join(said.lines)
    told = summarise(hosts, left_out_fails=False)
    assert (told.failed, told.lines) == (False, said.lines)


def test_certificate_without_the_name_for_no_known_reason_is_wrong() -> None:
    said = summarise([host(uncertified=WITHOUT)])
    assert said.failed
    assert said.lines[1:] == [
        "Wrong: the certificate that is shown does not have this name",
        "   b.test: https://autodiscover.b.test",
        "   b.test: https://autoconfig.b.test",
    ]


def test_order_that_waits_for_a_limit_is_no_failure() -> None:
    line = "mail-autoconfig-7: waits until 2026-01-01 00:00 UTC; there is none; limit: 300 orders"
    said = summarise([host(uncertified=WITHOUT, report={"waiting": [line]})])
    assert (said.failed, said.lines[1:2]) == (False, [f"Waits: {line}"])


def test_address_that_is_known_stands_for_nothing() -> None:
    without = {NAMES[0]: {"domain": "b.test", "records": [f"{NAMES[0]}. 3600 IN A 198.51.100.7"]}}
    said = summarise([host(uncertified=without, report={"left_out": {NAMES[0]: "no record"}})])
    assert "1. Add these DNS records; playbooks/dns.yml shows all of all domains:" in said.lines


def test_what_two_hosts_say_alike_is_said_once() -> None:
    waits = "mail-autoconfig-7: waits until 2026-01-01 00:00 UTC"
    both = [host(name, report={"waiting": [waits]}, proxy=["b.test: pass on"]) for name in "xy"]
    assert summarise(both).lines[1:] == [f"Waits: {waits}", "b.test: pass on"]


def test_rehearsal_that_fails_is_not_sent_to_production() -> None:
    failure = {"domain": "a.test", "what": "GET https://x", "why": "connection refused"}
    (last,) = summarise([host(failures=[failure])], rehearsal=True).lines[-1:]
    assert last.startswith("1. When all is right, set autoconfig_certificates_letsencrypt_")


def test_many_names_are_counted() -> None:
    many = {f"autoconfig.d{n}.test": f"d{n}.test" for n in range(10000)}
    uncertified = {
        name: {"domain": domain, "records": [f"{name}. 3600 IN A 192.0.2.7"]}
        for name, domain in many.items()
    }
    report = {"left_out": dict.fromkeys(many, "no record")}
    found = host(domains=[*many.values()], uncertified=uncertified, report=report)
    said = summarise([found])
    assert said.lines[0] == "10000 domains: 0 all right, 10000 not; 24 answers."
    assert said.lines[1].endswith("autoconfig.d9.test and 9990 more")
    assert "   and 9960 more" in said.lines
    assert len(said.lines) < 60


DOWN = {"problem": "not read: refused", "served": 3}


def test_sources_that_are_wrong_are_said_and_fail_no_run() -> None:
    sources = {"sources": {"a": DOWN, "b": {"problem": "", "served": 5}}, "problems": ["c: held"]}
    found = {"domains": ["a.test"], "asked": 12, "all": 9}
    one, two = Host("one", {**found, "sources": sources}), Host("two", found)
    said = summarise([one])
    assert not said.failed
    assert said.lines == [
        "1 of 9 domains: 1 all right, 0 not; 12 answers.",
        "Sources: a: not read: refused; domains of it that are answered: 3",
        "Sources: c: held",
    ]
    assert summarise([one, two]).lines[2] == "   on one"
    moves = {"sources": {"a\x1b[2J": DOWN}, "problems": ["c\n: held"]}
    assert summarise([Host("one", {**found, "sources": moves})]).lines[1:] == [
        "Sources: a?[2J: not read: refused; domains of it that are answered: 3",
        "Sources: c?: held",
    ]
    assert summarise([two]).lines == ["1 of 9 domains, all right; 12 answers."]


def test_wrong_answers_are_grouped_and_name_their_host() -> None:
    failures = [
        {"domain": "a.test", "what": f"GET https://x{number}.a.test", "why": "connection refused"}
        for number in range(12)
    ]
    said = summarise([host("one"), host("two", failures=failures)])
    assert said.failed
    assert said.lines[0] == "2 domains: 1 all right, 1 not; 48 answers."
    assert said.lines[1:3] == [
        "Wrong: connection refused",
        "   a.test: GET https://x0.a.test (two)",
    ]
    assert said.lines[-1] == "   and 2 more"


def test_what_two_hosts_lack_is_said_once() -> None:
    said = summarise([left_out("no record"), left_out("no record")])
    assert [line for line in said.lines if "autoconfig.b.test" in line] == [
        "Left out: autodiscover.b.test, autoconfig.b.test",
        f"   {RECORDS[1]}",
    ]


def test_host_that_could_not_be_asked() -> None:
    said = summarise([Host("one", problem="not asked: No such file or directory")])
    assert said.failed
    assert said.lines[1:] == ["Wrong: not asked: No such file or directory", "   one"]


def test_wildcard_and_renewal_that_waits() -> None:
    report = {"left_out": {"*.b.test": "no record"}, "awaited": {"autoconfig.a.test": "no record"}}
    said = summarise([host(uncertified=WITHOUT, report=report)])
    assert not said.failed
    assert "On a certificate, but failing the check of its renewal:" in said.lines
    assert "   autoconfig.a.test: no record" in said.lines


@pytest.mark.parametrize(
    ("report", "why"),
    [
        ({"left_out": dict.fromkeys(NAMES, "points elsewhere: x")}, "points elsewhere: x"),
        ({}, "not ordered yet"),
    ],
)
def test_customer_s_name_fails_nobody_else_s_run(report: dict[str, Any], why: str) -> None:
    sourced = {name: {**facts, "sourced": True} for name, facts in WITHOUT.items()}
    said = summarise([host(uncertified=sourced, report=report)])
    assert not said.failed
    assert said.lines[1] == "Left out: autodiscover.b.test, autoconfig.b.test"
    assert said.lines[2].startswith(f"   {why}: ")
