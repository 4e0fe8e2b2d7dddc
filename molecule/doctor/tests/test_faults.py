"""The doctor against BIND, dnsmasq, nginx, Dovecot and Postfix, each fault made on purpose."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from mail_autoconfig.doctor.catalogue import FAULTS
from support import faults
from support.doctor_table import LAB, ROWS, shown
from support.strangers import FAULTY, HEALTHY, STRANGERS, Stranger

ROOT = Path(__file__).parents[3]
INVENTORY = Path(__file__).parents[1] / "inventory/group_vars/all/lab.yml"
LAB_NAME = yaml.safe_load(INVENTORY.read_text())["lab_name"]
CA = ROOT / ".cache/lab/doctor/certificates/ca.pem"
WRONG = "not-the-password"
Report = dict[str, Any]


def doctor(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command as an administrator does, with the lab's resolver and authority."""
    return program("doctor", "--json", *arguments, **environment)


def program(command: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    lab = ["--name-server", faults.RESOLVER, "--ca", str(CA)]
    return subprocess.run(
        [sys.executable, "-m", "mail_autoconfig", command, *lab, *arguments],
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")} | environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def reports(result: subprocess.CompletedProcess[str]) -> dict[str, Report]:
    assert result.returncode in (0, 1, 2), result.stderr
    found = json.loads(result.stdout)["domains"]
    return {report["domain"].removesuffix(".test"): report for report in found}


def codes(report: Report) -> set[str]:
    """The faults; which clients they stop is the replays' to say."""
    return {
        finding["code"]
        for finding in report["findings"]
        if not finding["code"].startswith("client-")
    }


def logged_in(name: str) -> bool:
    """Whether Dovecot was told of a user of this domain."""
    command = ["docker", "logs", f"autoconfig-{LAB_NAME}-mail"]
    logs = subprocess.run(command, capture_output=True, text=True, check=True)
    return f"user=<user@{name}.test>" in logs.stderr + logs.stdout


@pytest.fixture(scope="module")
def all_domains() -> dict[str, Report]:
    return reports(doctor("--allow-private", *(f"user@{name}.test" for name in faults.FAULTS)))


@pytest.fixture(scope="module")
def with_inventory(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Report]:
    path = tmp_path_factory.mktemp("inventory") / "config.json"
    names = "dns-missing", "dns-wrong", "healthy", "three-records"
    path.write_text(json.dumps(faults.inventory(*names)))
    users = (f"user@{name}.test" for name in names)
    return reports(doctor("--allow-private", "--inventory", str(path), *users))


@pytest.mark.parametrize("name", faults.FAULTS)
def test_domain_has_its_fault_and_no_other(name: str, all_domains: dict[str, Report]) -> None:
    found = all_domains[name]["findings"]
    assert codes(all_domains[name]) == faults.expected(name), found
    if name == "healthy":
        assert found == []


@pytest.fixture(scope="module")
def strangers() -> dict[str, Report]:
    return reports(doctor("--allow-private", *(f"user@{name}.test" for name in STRANGERS)))


@pytest.mark.parametrize("name", FAULTY)
def test_cause_at_a_strangers_server_is_named_first(
    name: str, strangers: dict[str, Report]
) -> None:
    assert told(FAULTY[name], strangers[name]) == "first", strangers[name]["findings"]


@pytest.mark.parametrize("name", HEALTHY)
def test_healthy_strangers_server(name: str, strangers: dict[str, Report]) -> None:
    weighty = [each for each in strangers[name]["findings"] if each["severity"] != "note"]
    assert weighty == []


def test_exit_code_of_healthy_strangers() -> None:
    assert doctor("--allow-private", *(f"user@{name}.test" for name in HEALTHY)).returncode == 0


def told(stranger: Stranger, report: Report) -> str:
    """How the cause is named: first, late or missed."""
    found = [
        (each["code"], each["subject"].startswith(stranger.subject)) for each in report["findings"]
    ]
    wanted = stranger.first, True
    return "missed" if wanted not in found else "first" if found[0] == wanted else "late"


def test_figures_of_strangers_servers(
    strangers: dict[str, Report], capsys: pytest.CaptureFixture[str]
) -> None:
    count = Counter(told(FAULTY[name], strangers[name]) for name in FAULTY)
    wrong = [name for name in HEALTHY if strangers[name]["severity"] != "ok"]
    with capsys.disabled():
        print(
            f"\n{len(FAULTY)} faulty set-ups: {count['first']} named first, {count['late']} late, "
            f"{count['missed']} missed; {len(HEALTHY)} healthy: {len(wrong)} false alarms"
        )
    assert count["first"] >= 0.9 * len(FAULTY)
    assert not wrong


def test_text_to_paste_where_one_is_missing(strangers: dict[str, Report]) -> None:
    """And none where all is right."""
    texts = {
        name: [each["kind"] for each in report["proposals"]] for name, report in strangers.items()
    }
    assert texts["wildcard-vhost"] == ["config"]
    assert texts["json"] == ["pox"]
    assert not [name for name in HEALTHY if texts[name]]


def test_table_of_a_domain_without_anything_fits_two_screens() -> None:
    """Each reason stands once, whichever clients have it."""
    result = program("doctor", "--allow-private", "user@dns-nothing.test")
    assert len(result.stdout.splitlines()) <= 48
    assert "KMail fails for the same reasons" in result.stdout


def test_accepted_finding_weighs_nothing() -> None:
    result = doctor(
        *("--allow-private", "--ignore", "dns-no-mx", "--ignore", "web-case:elsewhere"),
        "user@dns-no-mx.test",
    )
    (found,) = [
        each for each in reports(result)["dns-no-mx"]["findings"] if each["code"] == "dns-no-mx"
    ]
    assert (result.returncode, found["severity"]) == (0, "accepted")


@pytest.mark.parametrize(("password", "settings"), [(faults.PASSWORD, True), (WRONG, False)])
def test_log_in_at_autodiscover(password: str, settings: bool) -> None:
    """mailcow's way: the settings are behind Basic, over verified TLS."""
    found = log_in("mailcow-log-in", password)["clients"][0]
    assert found["verdict"] == "log-in"
    assert bool(found["settings"]) == settings


@pytest.mark.parametrize("code", LAB)
def test_line_and_remedy_are_those_of_the_table(
    code: str,
    all_domains: dict[str, Report],
    with_inventory: dict[str, Report],
    strangers: dict[str, Report],
) -> None:
    row = ROWS[code]
    special: dict[str, Callable[[], Report]] = {
        "dns-missing": lambda: with_inventory["dns-missing"],
        "dns-optional": lambda: with_inventory["three-records"],
        "dns-wrong": lambda: with_inventory["dns-wrong"],
        "mail-login": lambda: log_in("mail-login", WRONG),
        "address-private": lambda: reports(doctor("user@healthy.test"))["healthy"],
    }

    def usual() -> Report:
        if code in faults.FAULTS:
            return all_domains[code]
        return strangers[next(name for name, each in STRANGERS.items() if code in each.shows)]

    report = special.get(code, usual)()
    found = [each for each in report["findings"] if each["code"] == code]
    assert found
    for each in found:
        assert each["severity"] == row.severity
        assert shown(row.line).fullmatch(each["what"]), each
        assert shown(row.should).fullmatch(each["should"]), each
        assert shown(row.remedy).fullmatch(each["remedy"]), each


def log_in(name: str, password: str) -> Report:
    result = doctor(
        "--allow-private", "--log-in", f"user@{name}.test", MAIL_AUTOCONFIG_PASSWORD=password
    )
    assert password not in result.stdout + result.stderr
    return reports(result)[name]


def test_right_password_opens_each_published_server() -> None:
    assert log_in("healthy", faults.PASSWORD)["findings"] == []
    assert logged_in("healthy")


def test_wrong_password_is_refused_by_each_published_server() -> None:
    found = log_in("mail-login", WRONG)["findings"]
    refused = [each["subject"].split()[0] for each in found if each["code"] == "mail-login"]
    assert sorted(refused) == ["imap", "pop3", "smtp"]


def test_no_password_goes_to_a_server_whose_certificate_does_not_name_it() -> None:
    assert codes(log_in("imap-other-name", faults.PASSWORD)) == {"tls-wrong-name"}
    assert not logged_in("imap-other-name")


def test_no_password_goes_where_http_led() -> None:
    assert "autoconfig-http-only" in codes(log_in("tls-wrong-name", faults.PASSWORD))
    assert not logged_in("tls-wrong-name")


def test_import_of_a_live_domain(all_domains: dict[str, Report]) -> None:
    """The inventory has the servers that Thunderbird ends with, and the doctor reads it."""
    result = program("import", "--allow-private", "--from-domain", "healthy.test")
    (domain,) = yaml.safe_load(result.stdout)["autoconfig_domains"]
    (thunderbird,) = [
        each["settings"]
        for each in all_domains["healthy"]["clients"]
        if each["client"] == "thunderbird"
    ]
    assert [(each["type"], each["host"], each["security"]) for each in domain["servers"]] == [
        (each["type"], each["host"], each["security"]) for each in thunderbird
    ]
    assert (result.returncode, result.stderr) == (0, "")


def test_records_are_held_against_the_inventory(with_inventory: dict[str, Report]) -> None:
    assert codes(with_inventory["healthy"]) == set()
    found = with_inventory["dns-missing"]["findings"]
    assert {each["subject"] for each in found if each["code"] == "dns-missing"} == {
        "autoconfig.dns-missing.test A"
    }


def test_readmes_three_records_are_enough(with_inventory: dict[str, Report]) -> None:
    """Clients at hand need no other: README's table has no record of RFC 6186."""
    report = with_inventory["three-records"]
    assert report["severity"] == "ok"
    assert {each["subject"] for each in report["findings"] if each["code"] == "dns-optional"} == {
        f"_{service}._tcp.three-records.test SRV" for service in ("imaps", "pop3s", "submissions")
    }


@pytest.mark.parametrize(("name", "code"), [("healthy", 0), ("dns-no-mx", 1), ("pox-root", 2)])
def test_exit_code(name: str, code: int) -> None:
    assert doctor("--allow-private", f"user@{name}.test").returncode == code


def test_what_the_lab_proves_is_what_the_table_says() -> None:
    made = {code for name in faults.FAULTS for code in faults.expected(name)}
    made |= {code for each in STRANGERS.values() for code in each.shows} | {"dns-optional"}
    assert made | {"address-private", "dns-missing", "dns-wrong", "mail-login"} == set(LAB)
    assert set(LAB) <= set(FAULTS)
