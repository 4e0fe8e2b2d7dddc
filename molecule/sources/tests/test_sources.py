"""Domains of real databases and of a directory, which come and go without a play."""

from __future__ import annotations

import re
import time

import pytest

from support import deployed
from support.deployed import Server, changes, refusal
from support.sources_lab import (
    DATABASES,
    EVERY,
    INVENTORY,
    PATIENCE,
    SECRET,
    SERVICE,
    THIRTEEN,
    TWELVE,
    add,
    log_in,
    plain,
    play,
    read,
    remove,
    seconds_of_a_run,
    seconds_until,
    status,
)

HOST = "mail.corp.deb13.test"


@pytest.mark.parametrize(
    "domain",
    [
        pytest.param("first.customers.test", id="PostgreSQL"),
        pytest.param("paid.customers.test", id="MariaDB"),
        pytest.param("people.customers.test", id="LDAP"),
        pytest.param("local.{suffix}", id="SQLite"),
    ],
)
def test_domains_of_each_source_are_answered(server: Server, domain: str) -> None:
    domain = domain.format(suffix=server.suffix)
    assert log_in(server, f"user@{domain}") == (HOST, f"user@{domain}")
    assert plain(server, domain) == 200


def test_domains_that_a_query_leaves_out_are_not(server: Server) -> None:
    assert log_in(server, "user@unpaid.customers.test") is None
    assert plain(server, "unpaid.customers.test") == 404


def test_log_in_names_of_a_directory(server: Server) -> None:
    """A mailbox that nobody has gets what its address says, as all did without the source."""
    for address, name in {
        "camille.doe@people.customers.test": "camille",
        "Info@people.customers.test": "camille",
        "nobody@people.customers.test": "nobody@people.customers.test",
    }.items():
        assert log_in(server, address) == (HOST, name)


def test_each_source_is_right(server: Server) -> None:
    found = status(server)
    assert {name: each["domains"] for name, each in found.items()} == {
        "postfixadmin": 3,
        "hosting": 1,
        "people": 1,
        "local": 1,
        "staff": 1,
    }
    assert not [each["problem"] for each in found.values() if each["problem"]]


def test_customer_comes_and_goes_without_a_play() -> None:
    domain = "comes.customers.test"
    assert plain(THIRTEEN, domain) == 404
    add(domain)
    try:
        came = seconds_until(lambda: plain(THIRTEEN, domain) == 200, EVERY + PATIENCE)
        time.sleep(1)  # until then each worker has seen it
        assert log_in(THIRTEEN, f"user@{domain}") == (HOST, f"user@{domain}")
    finally:
        remove(domain)
    went = seconds_until(lambda: log_in(THIRTEEN, f"user@{domain}") is None, EVERY + PATIENCE)
    run = seconds_of_a_run(THIRTEEN)
    print(f"came after {came:.1f} s, went after {went:.1f} s; a run takes {run:.1f} s")
    # The promise, where a run takes a second at most; on a busy machine each look takes long too.
    assert max(came, went) <= EVERY + max(2 * run - 1, 1)


def test_play_changes_nothing_after_the_service_did() -> None:
    domain = "between.customers.test"
    add(domain)
    try:
        read(THIRTEEN)
        assert log_in(THIRTEEN, f"user@{domain}")
        done = play("--limit", THIRTEEN.name)
        assert done.returncode == 0, done.stdout + done.stderr
        assert changes(done.stdout) == 0, done.stdout
        assert log_in(THIRTEEN, f"user@{domain}")
    finally:
        remove(domain)


@pytest.mark.parametrize(
    ("break_it", "mend_it", "said"),
    [
        pytest.param(
            "systemctl stop postgresql", "systemctl start postgresql", "refused", id="down"
        ),
        pytest.param(
            'runuser -u postgres -- psql -q postfix -c "ALTER TABLE domain RENAME TO gone"',
            'runuser -u postgres -- psql -q postfix -c "ALTER TABLE gone RENAME TO domain"',
            "domain",
            id="renamed",
        ),
        pytest.param(
            "runuser -u postgres -- psql -q postfix -c \"ALTER USER reader PASSWORD 'other'\"",
            f"runuser -u postgres -- psql -q postfix -c \"ALTER USER reader PASSWORD '{SECRET}'\"",
            "password",
            id="password",
        ),
        pytest.param(
            'runuser -u postgres -- psql -q postfix -c "UPDATE domain SET active = false"',
            'runuser -u postgres -- psql -q postfix -c "UPDATE domain SET active = true"',
            "0 of 3",
            id="emptied",
        ),
    ],
)
def test_database_that_fails_takes_nothing_away(break_it: str, mend_it: str, said: str) -> None:
    began = THIRTEEN.run("date +%s").strip()
    DATABASES.check_output(break_it)
    try:
        read(THIRTEEN)
        found = status(THIRTEEN)
        addresses = "user@first.customers.test", "user@paid.customers.test"
        answers = [log_in(THIRTEEN, address) for address in addresses]
        journal = THIRTEEN.run(f"journalctl --unit {SERVICE} --since @{began} --output cat")
    finally:
        DATABASES.check_output(mend_it)
    read(THIRTEEN)
    assert answers == [(HOST, address) for address in addresses]
    assert said in found["postfixadmin"]["problem"]
    assert "\n" not in found["postfixadmin"]["problem"]
    assert not found["hosting"]["problem"]
    assert "Traceback" not in journal
    assert SECRET not in journal
    assert [line for line in journal.splitlines() if said in line]
    assert not status(THIRTEEN)["postfixadmin"]["problem"]


def test_database_that_hangs_keeps_no_other_waiting() -> None:
    """Its run goes on for a minute; the other sources are read meanwhile."""
    domain = "meanwhile.customers.test"
    DATABASES.check_output("pkill -STOP mariadbd")
    try:
        THIRTEEN.run(f"systemctl restart --no-block {SERVICE}")
        run = f"systemctl show -P InvocationID {SERVICE}"
        time.sleep(3)
        hangs = THIRTEEN.run(run)
        add(domain)
        came = seconds_until(lambda: log_in(THIRTEEN, f"user@{domain}") is not None, PATIENCE)
        still = THIRTEEN.run(run)
        paid = log_in(THIRTEEN, "user@paid.customers.test")
    finally:
        DATABASES.check_output("pkill -CONT mariadbd")
        remove(domain)
    read(THIRTEEN)
    print(f"came after {came:.1f} s")
    assert still == hangs
    assert paid == (HOST, "user@paid.customers.test")
    assert not status(THIRTEEN)["hosting"]["problem"]


def test_no_output_has_a_secret() -> None:
    """Also where the passwords are written, and where they are wrong."""
    THIRTEEN.run("sh -c 'echo {} > /etc/mail-autoconfig/sources-secrets.json'")
    done = play("-vvv", "--diff", "--limit", THIRTEEN.name)
    assert done.returncode == 0, done.stdout + done.stderr
    assert changes(done.stdout) > 0
    assert SECRET not in done.stdout + done.stderr
    assert not [each["problem"] for each in status(THIRTEEN).values() if each["problem"]]
    assert SECRET not in THIRTEEN.run("journalctl --no-pager")
    assert SECRET not in THIRTEEN.run("systemctl show %s", SERVICE)


def test_sandbox(server: Server) -> None:
    said = server.run("systemd-analyze security --no-pager %s", SERVICE)
    score = re.search(r"exposure level.*: ([0-9.]+)", said)
    assert score
    assert float(score[1]) < 2


def test_only_its_own_account_reads_the_passwords(server: Server) -> None:
    file = server.host.file("/etc/mail-autoconfig/sources-secrets.json")
    assert (file.user, file.mode) == ("mail-autoconfig-sources", 0o400)
    assert server.run("systemctl show -P User %s", SERVICE).strip() == file.user
    main = server.run("systemctl show -P MainPID mail-autoconfig.service").strip()
    groups = server.run("grep ^Groups: /proc/%s/status", main).split()
    store = server.host.file("/var/lib/mail-autoconfig/store/domains.store")
    assert store.mode == 0o640
    assert str(store.gid) in groups
    assert not server.host.file("/etc/mail-autoconfig/config.json").contains(SECRET)
    assert not server.host.file("/etc/mail-autoconfig/sources.json").contains(SECRET)


def test_monitor_asks_for_their_domains() -> None:
    THIRTEEN.host.run("systemctl start mail-autoconfig-doctor.service")
    metrics = "/var/lib/prometheus/node-exporter"
    doctor = THIRTEEN.run("cat %s/mail-autoconfig-doctor.prom", metrics)
    found = 'client_success{domain="first.customers.test",client="thunderbird"} 1'
    assert f"mail_autoconfig_doctor_{found}" in doctor.splitlines()
    read(THIRTEEN)
    sources = THIRTEEN.run("cat %s/mail-autoconfig-sources.prom", metrics)
    assert 'mail_autoconfig_source_domains{source="people"} 1' in sources.splitlines()


def test_timer_reads_again(server: Server) -> None:
    def last() -> float:
        return min(float(each["read"]) for each in status(server).values())

    before = last()
    seconds_until(lambda: last() > before, EVERY + PATIENCE)


def test_dns_has_the_records_of_their_domains() -> None:
    done = deployed.play(
        "mailhost.autoconfig.dns",
        inventory=INVENTORY,
        autoconfig_generic_host="auto.customers.test",
        autoconfig_dns_addresses=["198.18.49.12"],
        autoconfig_dns_files_path="",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for name in "first.customers.test", "people.customers.test", "local.deb12.test":
        assert f"{name}" in done.stdout
    assert "_imaps._tcp" in done.stdout
    assert "unpaid.customers.test" not in done.stdout


def test_verify_asks_for_their_domains(server: Server) -> None:
    store = "/var/lib/mail-autoconfig/store/domains.store"
    common = "mail-autoconfig verify --any-ca --connect 127.0.0.1:443 --connect-http 127.0.0.1:80"
    said = server.run(f"{common} --store {store} /etc/mail-autoconfig/config.json")
    assert said.startswith("7 domains, ")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"url": "postgresql://reader:hunter2@databases.test/x"},
            "source x, url: a password in it",
        ),
        ({"domain": {"provider": "acme"}}, 'source x, domain: provider: no provider "acme"'),
    ],
)
def test_what_is_wrong_is_said_before_anything_changes(
    change: dict[str, object], said: str
) -> None:
    usual = {"name": "x", "type": "sql", "url": "postgresql://databases.test/x"}
    source = usual | {"preset": "postfixadmin", "domain": {"provider": "gandi"}} | change
    done = play("--limit", TWELVE.name, autoconfig_sources=[source], autoconfig_sources_secrets={})
    (line,) = refusal(done).splitlines()
    assert line.startswith(said)
    assert "hunter2" not in done.stdout + done.stderr


def test_names_that_nobody_can_certify_are_refused() -> None:
    """With what to write in their place."""
    result = play("--limit", TWELVE.name, autoconfig_certificates_mode="selfsigned")
    (line,) = refusal(result).splitlines()
    assert line.startswith("autoconfig_certificates_mode is selfsigned")
    assert "write discovery: srv for the domains of autoconfig_sources" in line


def test_removed_where_there_are_none() -> None:
    """The last of this file: the other tests need them."""
    own = [{"name": "own.deb12.test", "provider": "gandi"}]
    given = {
        "autoconfig_sources": [],
        "autoconfig_sources_secrets": {},
        "autoconfig_domains": own,
    }
    TWELVE.run("systemctl stop mail-autoconfig-sources.timer %s", SERVICE)
    TWELVE.host.run("mv /etc/mail-autoconfig/sources.json /root")
    assert TWELVE.host.run("systemctl start %s", SERVICE).rc != 0  # systemd is to forget it
    TWELVE.host.run("mv /root/sources.json /etc/mail-autoconfig")
    TWELVE.run("systemctl start mail-autoconfig-sources.timer")
    made = [play("--limit", TWELVE.name, **given) for _ in range(2)]
    assert [each.returncode for each in made] == [0, 0], made[0].stdout + made[0].stderr
    assert [changes(each.stdout) > 0 for each in made] == [True, False]
    assert TWELVE.host.run("systemctl cat %s", SERVICE).rc == 1
    assert SERVICE not in TWELVE.run("systemctl list-units --all --plain")
    for path in (
        "/etc/mail-autoconfig/sources.json",
        "/etc/mail-autoconfig/sources-secrets.json",
        "/var/lib/mail-autoconfig/sources",
        "/var/lib/mail-autoconfig/store",
        "/etc/systemd/system/mail-autoconfig-names.service",
        "/etc/mail-autoconfig/names.json",
        "/etc/mail-autoconfig/nginx",
        "/var/lib/mail-autoconfig/names",
    ):
        assert not TWELVE.host.file(path).exists
    assert not TWELVE.host.user("mail-autoconfig-sources").exists
    assert log_in(TWELVE, "user@first.customers.test") is None
    assert log_in(TWELVE, "user@own.deb12.test")
