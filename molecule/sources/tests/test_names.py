"""Names on certificates, of domains that come and go without a play."""

from __future__ import annotations

import json
import re
import ssl
import time
from collections.abc import Iterator

import pytest

from support import deployed
from support.deployed import Server, changes
from support.sources_lab import (
    EVERY,
    INVENTORY,
    THIRTEEN,
    TWELVE,
    add_certified,
    log_in,
    play,
    read,
    remove_certified,
    seconds_until,
)

DOMAIN = "own.customers.test"
NAMES = f"autodiscover.{DOMAIN}", f"autoconfig.{DOMAIN}"
HOST = "mail.corp.deb13.test"
UNIT = "mail-autoconfig-names.service"
STATE = "/var/lib/mail-autoconfig/names"
LINK = "/etc/mail-autoconfig/tls/mail-autoconfig-sources"
LIVE = "/etc/mail-autoconfig/certbot/live/mail-autoconfig-sources"
ORDERED = 180  # seconds: Pebble and certbot need some for each order


def answers(server: Server = THIRTEEN, domain: str = DOMAIN) -> bool:
    """Whether Outlook is answered at the domain's own name, with a certificate that verifies."""
    try:
        found = log_in(server, f"user@{domain}", at=f"autodiscover.{domain}")
    except (ssl.SSLError, OSError):
        return False
    return found == (HOST, f"user@{domain}")


def served(server: Server = THIRTEEN) -> list[str]:
    text = server.host.run(f"cat {STATE}/nginx.conf").stdout
    return sorted(set(re.findall(r"server_name (\S+);", text)))


def is_gone() -> bool:
    """Neither nginx nor certbot knows them."""
    return not served() and not any(THIRTEEN.host.file(path).exists for path in (LINK, LIVE))


@pytest.fixture
def domain() -> Iterator[str]:
    """A customer with names on a certificate, who goes after the test."""
    add_certified(DOMAIN)
    yield DOMAIN
    remove_certified(DOMAIN)
    seconds_until(is_gone, EVERY + ORDERED)


def test_names_come_and_go_without_a_play() -> None:
    assert not answers()
    add_certified(DOMAIN)
    try:
        came = seconds_until(answers, EVERY + ORDERED)
        assert served() == sorted(NAMES)
        at = THIRTEEN.certificate(NAMES[1])
        assert {name for _kind, name in at["subjectAltName"]} == {*NAMES}
        path = f"/mail/config-v1.1.xml?emailaddress=user%40{DOMAIN}"
        for scheme in "http", "https":
            assert THIRTEEN.ask(scheme, "GET", NAMES[1], path).status == 200
        plain = THIRTEEN.ask("http", "GET", NAMES[0], "/")
        assert plain.headers["location"] == f"https://{NAMES[0]}/"
        status = json.loads(THIRTEEN.run("mail-autoconfig sources status --json"))["names"]
        assert (status["names"], status["certificates"], status["problem"]) == (2, 1, "")
    finally:
        remove_certified(DOMAIN)
    went = seconds_until(is_gone, EVERY + ORDERED)
    print(f"came after {came:.1f} s, went after {went:.1f} s")
    assert not answers()


def test_site_changes_nothing_after_the_service_did(domain: str) -> None:
    """Neither on the server that the names lead to, nor on the other, which gets no certificate."""
    seconds_until(
        lambda: answers(domain=domain) and served(TWELVE) == sorted(NAMES), EVERY + ORDERED
    )
    done = deployed.play("mailhost.autoconfig.site", inventory=INVENTORY)
    assert done.returncode == 0, done.stdout + done.stderr
    assert changes(done.stdout) == 0, done.stdout
    assert f"Left out: {NAMES[0]}, {NAMES[1]}" in done.stdout
    assert answers()


def test_inventory_takes_the_domain_over_and_gives_it_back(domain: str) -> None:
    seconds_until(answers, EVERY + ORDERED)
    own = {"autoconfig_domains": [{"name": domain, "provider": "acme_mail"}]}
    for variables, names in ((own, []), ({}, sorted(NAMES))):
        done = play("--limit", THIRTEEN.name, **variables)
        assert done.returncode == 0, done.stdout + done.stderr
        assert served() == names
        assert answers()
        again = play("--limit", THIRTEEN.name, **variables)
        assert changes(again.stdout) == 0, again.stdout


@pytest.mark.usefixtures("domain")
def test_nginx_that_somebody_broke_loses_nothing() -> None:
    seconds_until(answers, EVERY + ORDERED)
    THIRTEEN.run("sh -c 'echo oops > /etc/nginx/conf.d/theirs.conf'")
    text = THIRTEEN.run(f"cat {STATE}/nginx.conf {STATE}/certificates.json")
    other = "other.customers.test"
    add_certified(other)
    try:
        read(THIRTEEN)
        seconds_until(lambda: "nginx: " in said(), EVERY + ORDERED)
        assert THIRTEEN.run(f"cat {STATE}/nginx.conf {STATE}/certificates.json") == text
        assert answers()
        shown = THIRTEEN.host.run("mail-autoconfig sources status")
        assert shown.rc == 1
        (line,) = [line for line in shown.stdout.splitlines() if line.startswith("names: nginx: ")]
        assert "theirs.conf" in line
        assert line.endswith("what was there stays")
        metrics = THIRTEEN.run("cat /var/lib/prometheus/node-exporter/mail-autoconfig-names.prom")
        assert "mail_autoconfig_names_problem 1" in metrics
        assert "Traceback" not in said()
        THIRTEEN.run("rm /etc/nginx/conf.d/theirs.conf")
        seconds_until(lambda: answers(domain=other), 2 * EVERY + ORDERED)
    finally:
        THIRTEEN.run("rm -f /etc/nginx/conf.d/theirs.conf")
        remove_certified(other)
    # One after the other: of three domains two at once would not be believed.
    seconds_until(lambda: served() == sorted(NAMES), EVERY + ORDERED)


def status() -> str:
    return str(THIRTEEN.host.run("mail-autoconfig sources status").stdout)


def said() -> str:
    """What the last run that did something says in the journal."""
    return THIRTEEN.run(f"journalctl --unit {UNIT} --since -1min --output cat")


def test_name_of_another_site_of_this_nginx_stays_with_it() -> None:
    """Until that site is gone."""
    site = f"server {{ listen 80; server_name {NAMES[0]}; return 418; }}"
    THIRTEEN.run("sh -c %s", f"echo '{site}' > /etc/nginx/conf.d/theirs.conf")
    try:
        THIRTEEN.run("systemctl reload nginx")
        add_certified(DOMAIN)
        seconds_until(lambda: served() == [NAMES[1]], EVERY + ORDERED)
        assert THIRTEEN.ask("http", "GET", NAMES[0], "/").status == 418
        left_out = f"left out: {NAMES[0]}: another site of this nginx serves it"
        # It is said once nginx has the file in force.
        seconds_until(lambda: left_out in status(), EVERY + ORDERED)
        THIRTEEN.run("rm /etc/nginx/conf.d/theirs.conf")
        seconds_until(lambda: served() == sorted(NAMES), EVERY + ORDERED)
    finally:
        THIRTEEN.run("rm -f /etc/nginx/conf.d/theirs.conf")
        remove_certified(DOMAIN)
    seconds_until(is_gone, EVERY + ORDERED)


def test_store_writes_nothing_into_nginx_but_names() -> None:
    """Whoever has the account that reads the sources has no part in root's nginx."""
    script = """
import json, sys
from pathlib import Path
sys.path.insert(0, "/usr/local/bin/mail-autoconfig")
from mail_autoconfig.store.entry import Entry
from mail_autoconfig.store.write import write
path, definition, *names = sys.argv[1:]
write(Path(path), {}, [Entry(name, "x", json.loads(definition)) for name in names])
"""
    store = "/var/lib/mail-autoconfig/store/domains.store"
    definition = json.dumps({"provider": "gandi", "discovery": "certificate"})
    hostile = ["x.test; return 200 pwned", "x.test;}include /etc/passwd", "$host", "~.*"]
    command = "runuser -u mail-autoconfig-sources -- python3 -c"
    THIRTEEN.run("systemctl stop mail-autoconfig-sources.timer")
    try:
        THIRTEEN.run(command + " %s" * 7, script, store, definition, *hostile)
        report = json.loads(THIRTEEN.run("mail-autoconfig names --json"))
    finally:
        THIRTEEN.run(f"rm {store} /var/lib/mail-autoconfig/sources/report.json")
        THIRTEEN.run("systemctl start mail-autoconfig-sources.timer")
    assert report["left_out_count"] == 8
    assert set(report["left_out"].values()) == {"not a host name"}
    assert served() == []
    read(THIRTEEN)


def test_run_costs_nothing_where_nothing_is_new() -> None:
    """Its condition is asked after each reading."""
    read(THIRTEEN)
    time.sleep(EVERY)
    began = THIRTEEN.run("date +%s").strip()
    before = THIRTEEN.run(f"cat {STATE}/report.json")
    time.sleep(2 * EVERY)
    assert THIRTEEN.run(f"cat {STATE}/report.json") == before
    assert not THIRTEEN.run(f"journalctl --unit {UNIT} --since @{began} --output cat --quiet")


def test_sandbox(server: Server) -> None:
    found = server.run(f"systemd-analyze security --no-pager {UNIT}")
    score = re.search(r"exposure level.*: ([0-9.]+)", found)
    assert score
    assert float(score[1]) < 4
