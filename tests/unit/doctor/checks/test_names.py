from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from mail_autoconfig.doctor.case import Case
from mail_autoconfig.doctor.checks.names import check_names
from mail_autoconfig.doctor.data import Outcome, Setting
from mail_autoconfig.inventory.read import parse

from ..conftest import DOMAIN, MAIL, SERVERS, World

SRV = f"_autodiscover._tcp.{DOMAIN}"
HERE = ["127.0.0.1"]


@pytest.fixture
def case(world: World) -> Case:
    """A domain whose names are right; nothing else below test is known."""
    world.names.under.clear()
    world.names.known |= {
        f"{DOMAIN} MX": [f"10 {MAIL}."],
        f"{MAIL} A": HERE,
        f"autoconfig.{DOMAIN} A": HERE,
        f"autodiscover.{DOMAIN} A": HERE,
        f"{SRV} SRV": [f"0 0 443 autodiscover.{DOMAIN}."],
    }
    return world.case()


def found(case: Case) -> list[str]:
    findings = asyncio.run(check_names(case))
    return [f"{each.subject} {each.code}: {each.what}" for each in findings]


def test_all_is_right(case: Case) -> None:
    assert found(case) == []


def test_no_mx(case: Case, world: World) -> None:
    del world.names.known[f"{DOMAIN} MX"]
    assert found(case) == [f"{DOMAIN} dns-no-mx: no MX record"]


@pytest.mark.parametrize("name", [f"autoconfig.{DOMAIN} A", f"autodiscover.{DOMAIN} A", SRV])
def test_one_name_is_enough(name: str, case: Case, world: World) -> None:
    known = world.names.known
    kept = {f"{DOMAIN} MX", f"{MAIL} A", f"autodiscover.{DOMAIN} A"} | {
        key for key in known if key.startswith(name)
    }
    for key in known.keys() - kept:
        del known[key]
    assert found(case) == []


def test_nothing_leads_here(case: Case, world: World) -> None:
    world.names.known = {f"{DOMAIN} MX": [f"10 {MAIL}."]}
    assert found(case) == [f"{DOMAIN} dns-nothing: no DNS record points mail clients to settings"]


def test_silent_resolver_is_the_first_to_be_told(case: Case, world: World) -> None:
    world.names.silent.add(SRV)
    (line,) = (each for each in found(case) if "dns-no-answer" in each)
    assert line == f"{SRV} SRV dns-no-answer: the resolver gets no answer"


def test_alias_at_the_domain(case: Case, world: World) -> None:
    world.names.known[f"{DOMAIN} CNAME"] = [f"{MAIL}."]
    target = f"the domain itself is a CNAME to {MAIL}."
    assert f"{DOMAIN} dns-alias: {target}" in found(case)


def test_alias_of_another_host_is_right(case: Case, world: World) -> None:
    world.names.known[f"autoconfig.{DOMAIN} CNAME"] = [f"{MAIL}."]
    del world.names.known[f"autoconfig.{DOMAIN} A"]
    assert found(case) == []


def test_alias_that_leads_nowhere(case: Case, world: World) -> None:
    world.names.known[f"autoconfig.{DOMAIN} CNAME"] = ["gone.test."]
    (line,) = found(case)
    assert line.startswith(
        f"autoconfig.{DOMAIN} dns-alias-nowhere: the name is a CNAME to gone.test."
    )


def test_alias_beside_other_records(
    case: Case, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such a server answers with what was asked for, at the alias's own name."""
    name = f"autoconfig.{DOMAIN}"
    usual = world.names._answer

    def answer(query: Any, asked: str, type_: str) -> Any:
        if (asked, type_) == (name, "TXT"):
            del world.names.known[f"{name} CNAME"]
            try:
                return usual(query, asked, type_)
            finally:
                world.names.known[f"{name} CNAME"] = [f"{MAIL}."]
        return usual(query, asked, type_)

    monkeypatch.setattr(world.names, "_answer", answer)
    world.names.known |= {f"{name} CNAME": [f"{MAIL}."], f"{name} TXT": ['"anything"']}
    assert found(case) == [f"{name} dns-alias-beside: the name has a CNAME and also TXT"]


def test_port_of_the_service(case: Case, world: World) -> None:
    world.names.known[f"{SRV} SRV"] = [f"0 0 8443 autodiscover.{DOMAIN}."]
    assert found(case) == [f"{SRV} srv-port: the SRV record names port 8443"]


def test_target_that_is_an_alias(case: Case, world: World) -> None:
    world.names.known |= {f"{SRV} SRV": ["0 0 443 a.test."], "a.test CNAME": [f"{MAIL}."]}
    assert found(case) == [f"{SRV} srv-target-alias: the SRV record's target a.test is a CNAME"]


def test_target_without_address(case: Case, world: World) -> None:
    world.names.known[f"{SRV} SRV"] = ["0 0 443 gone.test."]
    (line,) = found(case)
    assert line.startswith(f"{SRV} srv-target-unknown: ")


def test_service_that_is_not_offered_has_no_target(case: Case, world: World) -> None:
    world.names.known[f"{SRV} SRV"] = ["0 0 0 ."]
    assert found(case) == []


IMAP = Setting("imap", MAIL, 993, "tls", "u", ("password",))


@pytest.mark.parametrize(
    ("label", "value", "said"),
    [
        ("_imaps", f"0 1 993 {MAIL.upper()}.", None),
        ("_imaps", "0 1 993 other.test.", f"other.test, not {MAIL}"),
        ("_imaps", f"0 1 994 {MAIL}.", None),
        ("_imaps", "0 0 0 .", f"that there is no such service, not {MAIL}"),
        ("_imap", "0 0 0 .", None),
        ("_imap", f"0 1 143 {MAIL}.", None),
        ("_sieve", "0 1 4190 other.test.", None),
    ],
)
def test_mail_services(label: str, value: str, said: str | None, case: Case, world: World) -> None:
    case.outcomes = (Outcome("c", "C", "found", "", settings=(IMAP,)),)
    name = f"{label}._tcp.{DOMAIN}"
    world.names.known[f"{name} SRV"] = [value]
    findings = asyncio.run(check_names(case))
    assert {each.code for each in findings} == ({"srv-disagrees"} if said else set())
    if said:
        (finding,) = findings
        assert finding.subject == name
        there = finding.should.removesuffix(", as the published settings say")
        assert f"{finding.what.removeprefix('the SRV record says ')}, not {there}" == said


@pytest.fixture
def listed(case: Case) -> Case:
    case.configuration = parse({"domains": [{"name": DOMAIN, "servers": SERVERS, "pacc": True}]})
    return case


def test_records_of_the_inventory(listed: Case, world: World) -> None:
    missing = {line.partition(":")[0] for line in found(listed)}
    assert missing == {
        f"{label}.{DOMAIN} {type_} dns-optional"
        for label, type_ in (
            ("ua-auto-config", "A"),
            ("_ua-auto-config", "TXT"),
            ("_imaps._tcp", "SRV"),
            ("_submission._tcp", "SRV"),
        )
    }
    for finding in asyncio.run(check_names(listed)):
        if finding.subject.endswith("SRV"):
            name = finding.subject.removesuffix(" SRV")
            world.names.known[f"{name} SRV"] = [finding.should.replace("0 1", "7 9")]
    listed = Case(DOMAIN, listed.address, world.fetcher(), world.resolver(), listed.configuration)
    assert {line.partition(" ")[0] for line in found(listed)} == {
        f"ua-auto-config.{DOMAIN}",
        f"_ua-auto-config.{DOMAIN}",
    }


def test_wrong_records(listed: Case, world: World) -> None:
    world.names.known |= {
        f"_ua-auto-config.{DOMAIN} TXT": ['"v=UAAC1; a=sha256; d=AAAA"'],
        f"_imaps._tcp.{DOMAIN} SRV": ["0 1 993 other.test."],
    }
    wrong = [line for line in found(listed) if "dns-wrong" in line]
    assert wrong == [
        f'_ua-auto-config.{DOMAIN} TXT dns-wrong: the record is "v=UAAC1; a=sha256; d=AAAA"',
        f"_imaps._tcp.{DOMAIN} SRV dns-wrong: the record is 0 1 993 other.test.",
    ]


def test_inventory_of_other_domains(case: Case) -> None:
    case.configuration = parse({"domains": [{"name": "other.test", "servers": SERVERS}]})
    assert found(case) == []


def test_records_do_not_vouch_for_themselves(case: Case, world: World) -> None:
    """The replay of SRV records finds what they say."""
    stale = replace(IMAP, host="old.test")
    case.outcomes = (
        Outcome("c", "C", "found", "", settings=(IMAP,)),
        Outcome("srv", "S", "found", "", settings=(stale,)),
    )
    world.names.known[f"_imaps._tcp.{DOMAIN} SRV"] = ["0 1 993 old.test."]
    assert "srv-disagrees" in {each.code for each in asyncio.run(check_names(case))}


def test_settings_at_the_domain_itself(case: Case, world: World) -> None:
    world.names.known = {f"{DOMAIN} MX": [f"10 {MAIL}."]}
    case.outcomes = (Outcome("outlook", "O", "found", "", settings=(IMAP,)),)
    assert found(case) == []
