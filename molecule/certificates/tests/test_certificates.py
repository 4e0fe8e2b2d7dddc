"""From 262 names to one, with Pebble. The tests build on each other, in their order."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import yaml

from mail_autoconfig.certificates.certbot import _LAUNCHER
from support.certified import (
    ASSIGNMENT,
    SCENARIO,
    SERVERS,
    assign,
    both,
    certificates,
    changed,
    converge,
    is_served,
    on_the_wire,
    run,
)
from support.deployed import ROOT, Server, play

GOOD = [f"d{number}" for number in range(126)]
BAD = {
    "dead": "no record",
    "elsewhere": "points elsewhere: ",
    "closed": "port 80 of 198.18.43.3: Connection refused",
    "forbidden": "CAA of forbidden.{suffix} allows other.test",
    "account": "CAA accounturi of account.{suffix} allows https://acme.test/1, not https://acme.",
}
SIXTY = {"autoconfig_domains": "{{ lab_good[:30] }}"}
PROGRAM = "/usr/local/bin/mail-autoconfig certificates"
SETTINGS = "/etc/mail-autoconfig/authority.json"
REPORT = "/var/lib/mail-autoconfig/certificates/report.json"
WINDOWS = "/var/lib/mail-autoconfig/certificates/renewal-info.json"
UNIT = "mail-autoconfig-certificates"


def test_262_names_of_which_some_fail(server: Server) -> None:
    """They are left out, with why; all the others are certified and served."""
    found = certificates(server)
    assert len(found) == 6
    # Pebble takes any number of names, and knows no CAA.
    assert max(len(names) for _, names in found.values()) <= 50
    assert frozenset[str]().union(*(names for _, names in found.values())) == both(server, *GOOD)
    left_out = json.loads(server.run(f"cat {REPORT}"))["left_out"]
    assert left_out.keys() == both(server, *BAD)
    for label, reason in BAD.items():
        for name in both(server, label):
            assert left_out[name].startswith(reason.format(suffix=server.suffix))
    names = [f"autodiscover.{label}.{server.suffix}" for label in GOOD[::5]]
    with ThreadPoolExecutor(4) as pool:
        served = set(pool.map(lambda name: on_the_wire(server, name), names))
    assert served == {serial for serial, _ in found.values()}


def test_one_domain_less_and_one_more_change_one_certificate_each(server: Server) -> None:
    before = certificates(server)
    assign(server, [label for label in [*GOOD, *BAD] if label != "d60"])
    assert "would be ordered, 48 names; other names" in server.run(f"{PROGRAM} --check")
    assert certificates(server) == before
    server.run(PROGRAM)
    less = certificates(server)
    assert changed(before, less) == ["mail-autoconfig-3"]
    assert less["mail-autoconfig-3"][1] == before["mail-autoconfig-3"][1] - both(server, "d60")
    assert is_served(server, f"autoconfig.d61.{server.suffix}", less["mail-autoconfig-3"][0])

    assign(server, [*GOOD, *BAD])
    server.run(PROGRAM)
    more = certificates(server)
    assert changed(less, more) == ["mail-autoconfig-3"]
    assert more["mail-autoconfig-3"][1] == before["mail-autoconfig-3"][1]

    again = server.run(PROGRAM)
    assert "ordered" not in again
    assert f"left out: autoconfig.dead.{server.suffix}: no record" in again
    assert certificates(server) == more


def test_lost_assignment_comes_back_and_strict_makes_failing_names_an_error() -> None:
    before = [certificates(server) for server in SERVERS]
    kept = [json.loads(server.run(f"cat {ASSIGNMENT}")) for server in SERVERS]
    for server in SERVERS:
        server.run(f"rm {ASSIGNMENT}")
    result = run("--tags=certificates", autoconfig_certificates_strict=True)
    assert result.returncode == 2
    for server in SERVERS:
        assert f"autoconfig.dead.{server.suffix}: no record" in result.stdout
    found = [json.loads(server.run(f"cat {ASSIGNMENT}")) for server in SERVERS]
    good = {f"{label}.{server.suffix}" for server in SERVERS for label in GOOD}
    assert [{name: set(one[name]) & good for name in one} for one in found] == [
        {name: set(one[name]) & good for name in one} for one in kept
    ]
    assert [certificates(server) for server in SERVERS] == before


def handshake(server: Server, name: str | None) -> None:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    raw = socket.create_connection(("127.0.0.1", server.port(443)), 20)
    with context.wrap_socket(raw, server_hostname=name):
        pass


@pytest.mark.parametrize("name", ["unknown.test", None])
def test_unknown_and_missing_name_get_no_certificate(server: Server, name: str | None) -> None:
    with pytest.raises((ssl.SSLError, ConnectionError)):
        handshake(server, name)
    handshake(server, f"autoconfig.d0.{server.suffix}")


def test_forced_renewal_is_served_and_drops_no_connection(server: Server) -> None:
    """Requests on kept and on new connections go on all the while."""
    name = f"autoconfig.d0.{server.suffix}"
    before = certificates(server)
    failures: list[str] = []
    answered: list[int] = []
    stop = threading.Event()

    def client(*, keep: bool) -> None:
        connection = server.connection("https", name)
        while not stop.wait(0.03):
            try:
                connection.request("GET", "/mail/config-v1.1.xml", headers={"Host": name})
                answer = connection.getresponse()
                answer.read()
                answered.append(answer.status)
                if answer.will_close or not keep:
                    connection.close()
                    connection = server.connection("https", name)
            except http.client.RemoteDisconnected as error:
                # Between two requests a server may close a connection, and clients know it (RFC
                # 9110, section 9.2.2): they ask again on a new one.
                if not keep:
                    failures.append(repr(error))
                connection = server.connection("https", name)
            except OSError as error:
                failures.append(repr(error))
                connection = server.connection("https", name)
        connection.close()

    threads = [threading.Thread(target=client, kwargs={"keep": keep}) for keep in (True, False)]
    for thread in threads:
        thread.start()
    try:
        said = server.run(f"{PROGRAM} --renew mail-autoconfig")
        time.sleep(1)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert "mail-autoconfig: ordered, 50 names; asked for" in said
    assert changed(before, certificates(server)) == ["mail-autoconfig"]
    assert is_served(server, name, certificates(server)["mail-autoconfig"][0])
    assert failures == []
    assert len(answered) > 20
    assert set(answered) == {200}


@pytest.fixture
def settings(server: Server) -> Iterator[str]:
    """A copy of the settings, to change and give to the program."""
    copy = "/tmp/authority.json"
    server.run(f"cp {SETTINGS} {copy}")
    yield copy
    server.run(f"rm {copy}")


def edit(server: Server, path: str, pattern: str) -> None:
    before = server.run(f"cat {path}")
    server.run("sed -i %s %s", pattern, path)
    assert server.run(f"cat {path}") != before


def test_limits_are_kept_and_the_rest_comes_later(server: Server, settings: str) -> None:
    before = certificates(server)
    edit(server, settings, 's/"limits": {}/"limits": {"same_names_per_week": 1}/')
    for check in ("--check ", ""):
        said = server.run(f"{PROGRAM} {check}--renew mail-autoconfig-2 {settings}")
        assert "mail-autoconfig-2: waits until " in said
        assert "limit: 1 certificates of the same names a week" in said
    assert changed(before, certificates(server)) == []
    server.run(f"{PROGRAM} --renew mail-autoconfig-2")
    assert changed(before, certificates(server)) == ["mail-autoconfig-2"]


def revoke(server: Server, name: str) -> None:
    """As the authority itself may do with all that it has issued."""
    live = f"/etc/mail-autoconfig/certbot/live/{name}"
    own = "--config-dir /tmp/revoke --work-dir /tmp/revoke --logs-dir /tmp/revoke"
    server.run(
        "env REQUESTS_CA_BUNDLE=/root/acme-ca.pem python3 -I -c %s revoke --non-interactive "
        f"--server https://acme.test:14000/dir --cert-path {live}/cert.pem "
        f"--key-path {live}/privkey.pem --no-delete-after-revoke {own}",
        _LAUNCHER,
    )


def test_authority_asks_for_a_renewal(server: Server) -> None:
    """Pebble does so (RFC 9773) for what is revoked, when it may be asked again."""
    server.run("apt-get install -qy --no-install-recommends faketime")
    before = certificates(server)
    server.run(PROGRAM)
    known = json.loads(server.run(f"cat {WINDOWS}"))
    assert len(known) == len(before)
    assert all(one["window"]["begins"] < one["window"]["ends"] for one in known.values())
    revoke(server, "mail-autoconfig-2")
    assert "ordered" not in server.run(PROGRAM)  # Retry-After is six hours
    line = "mail-autoconfig-2: {}, 50 names; the authority asks for it"
    assert line.format("would be ordered") in server.run(f"faketime -f +7h {PROGRAM} --check")
    said = server.run(f"faketime -f +7h {PROGRAM}")
    assert line.format("ordered") in said
    found = certificates(server)
    assert changed(before, found) == ["mail-autoconfig-2"]
    assert is_served(server, f"autoconfig.d25.{server.suffix}", found["mail-autoconfig-2"][0])
    assert "ordered" not in server.run(PROGRAM)


def test_profile_is_asked_for_where_certbot_can(server: Server, settings: str) -> None:
    """Pebble 2.6 has none, which stops no order; certbot 2.1 does not know the word."""
    before = certificates(server)
    edit(server, settings, 's/"profile": ""/"profile": "tlsserver"/')
    ran = server.host.run(f"{PROGRAM} --renew mail-autoconfig-2 {settings}")
    assert ran.rc == 1
    assert "the authority has no profile tlsserver, it has none; orders are made" in ran.stdout
    ordered = ["mail-autoconfig-2"] if server.release == "13" else []
    assert changed(before, certificates(server)) == ordered
    refused = "unrecognized arguments: --preferred-profile tlsserver"
    assert (refused in ran.stdout) == (server.release == "12")


def test_each_server_has_a_run_in_each_hour(server: Server) -> None:
    """A random delay that changed from run to run could leave an hour without one."""
    shown = server.run(f"systemctl show --property FixedRandomDelay,TimersCalendar {UNIT}.timer")
    assert "FixedRandomDelay=yes\n" in shown
    assert "OnCalendar=*-*-* *:00:00 ;" in shown


def test_failing_run_is_seen(server: Server) -> None:
    before = certificates(server)
    server.run("mkdir -p /var/lib/prometheus/node-exporter")
    edit(server, SETTINGS, "s/:14000/:14999/")
    try:
        assert server.host.run(f"systemctl start {UNIT}").rc != 0
        said = server.run(f"journalctl --unit {UNIT} --lines 20")
        assert " was not ordered, the one in force stays: Requesting acme.test/dir: " in said
        assert "the others wait for the next run" in said
        assert f"{UNIT}.service" in server.run("systemctl --failed --plain --no-legend")
        assert certificates(server) == before
    finally:
        edit(server, SETTINGS, "s/:14999/:14000/")
    server.run(f"systemctl start {UNIT}")
    assert UNIT not in server.run("systemctl --failed --plain --no-legend")
    metrics = server.run("cat /var/lib/prometheus/node-exporter/mail-autoconfig-certificates.prom")
    assert "mail_autoconfig_certificates_problems 0\n" in metrics
    assert f"mail_autoconfig_certificates_names_left_out {2 * len(BAD)}\n" in metrics
    expiry = 'mail_autoconfig_certificate_expiry_timestamp_seconds{name="mail-autoconfig-6"}'
    assert f"\n{expiry} " in metrics


def test_other_directory_of_the_challenges_is_no_reason_to_order(
    server: Server, settings: str
) -> None:
    server.run("mkdir -p /tmp/other/.well-known/acme-challenge")
    edit(server, settings, "s|/var/lib/mail-autoconfig/acme|/tmp/other|")
    assert "ordered" not in server.run(f"{PROGRAM} --check {settings}")


def test_sixty_names_are_on_two_certificates() -> None:
    """What was for the other domains goes."""
    before = [certificates(server) for server in SERVERS]
    converge("--tags=nginx,certificates", **SIXTY)
    for server, old in zip(SERVERS, before, strict=True):
        found = certificates(server)
        assert [len(names) for _, names in found.values()] == [50, 10]
        assert found["mail-autoconfig"] == old["mail-autoconfig"]
        serial = found["mail-autoconfig-2"][0]
        assert is_served(server, f"autoconfig.d29.{server.suffix}", serial)
        links = server.run("ls /etc/mail-autoconfig/tls").split()
        assert links == ["current", "mail-autoconfig", "mail-autoconfig-2", "placeholder"]
        server.run("nginx -t -q")


@pytest.fixture(scope="module")
def second_authority() -> Iterator[None]:
    """Another Pebble, in the container of the first, with a root of its own."""
    inside = ["docker", "exec", "--detach", "autoconfig-certs-pebble", "sh", "-c"]
    made = "sed 's/14000/14001/; s/15000/15001/' /etc/lab/pebble.json > /tmp/second.json; "
    dns = "-dnsserver 198.18.43.2:53"
    script = f"{made} echo $$ > /tmp/second.pid; exec pebble -config /tmp/second.json {dns}"
    subprocess.run([*inside, script], check=True)
    time.sleep(2)
    yield
    subprocess.run([*inside, "kill $(cat /tmp/second.pid)"], check=True)


@pytest.mark.usefixtures("second_authority")
def test_no_staging_certificate_stays_in_production(server: Server, settings: str) -> None:
    name = f"autoconfig.d29.{server.suffix}"
    before = certificates(server)
    edit(server, settings, 's/:14000/:14001/; s/"root": ".*"/"root": ""/')
    said = server.run(f"{PROGRAM} {settings}")
    assert said.count("another authority") == len(before)
    assert is_served(server, name, "")  # a certificate of another root
    said = server.run(PROGRAM)
    assert said.count("another authority") == len(before)
    found = certificates(server)
    assert changed(before, found) == sorted(before)
    assert is_served(server, name, found["mail-autoconfig-2"][0])


def zone(*more: str) -> None:
    """Start the name server anew with more records."""
    inventory = SCENARIO / "inventory"
    lab = yaml.safe_load((inventory / "group_vars/all/lab.yml").read_text())
    records = [*lab["lab_zone"], *more]
    created = play(
        ROOT / "tests/lab/create.yml", inventory=inventory / "hosts.yml", lab_zone=records
    )
    assert created.returncode == 0, created.stdout


@pytest.fixture
def departed() -> Iterator[str]:
    """A customer's domain that is in DNS no more."""
    zone("address=/d1.deb12.test/d1.deb13.test/")
    yield "d1"
    zone()


def test_name_that_has_gone_is_dropped_before_the_certificate_ends(departed: str) -> None:
    """Pebble's certificates last five years; the clock is that of the program alone."""
    for server in SERVERS:
        before, gone = certificates(server), both(server, departed)
        name = f"autoconfig.{departed}.{server.suffix}"

        assert "ordered" not in server.run(f"faketime -f +1100d {PROGRAM}")
        assert certificates(server) == before

        said = server.run(f"faketime -f +1300d {PROGRAM}")
        assert "mail-autoconfig-2: ordered, 10 names; the authority asks for it" in said
        assert f"waits for {name}: no record; mail-autoconfig is renewed without it from" in said
        assert changed(before, certificates(server)) == ["mail-autoconfig-2"]

        said = server.run(f"faketime -f +1700d {PROGRAM} --check")
        assert "mail-autoconfig: would be ordered, 48 names; the authority asks for it" in said
        said = server.run(f"faketime -f +1700d {PROGRAM}")
        assert f"left out: {name}: no record" in said
        found = certificates(server)
        assert found["mail-autoconfig"][1] == before["mail-autoconfig"][1] - gone
        assert is_served(server, f"autoconfig.d0.{server.suffix}", found["mail-autoconfig"][0])


def test_name_that_is_back_is_certified_by_the_timers_next_run(server: Server) -> None:
    before = certificates(server)
    server.run(f"systemctl start {UNIT}")
    found = certificates(server)
    assert changed(before, found) == ["mail-autoconfig"]
    assert found["mail-autoconfig"][1] == before["mail-autoconfig"][1] | both(server, "d1")


def test_certificate_of_ones_own_and_back() -> None:
    """Wildcards cover the names; a certificate that lacks some is refused; nothing is renewed."""
    before = [certificates(server) for server in SERVERS]
    for server in SERVERS:
        for file, labels in ("own", GOOD[:30]), ("lacking", GOOD[:29]):
            wild = ",".join(f"DNS:*.{label}.{server.suffix}" for label in labels)
            server.run(
                "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 9 "
                f"-subj /CN=own -addext subjectAltName={wild} -keyout /root/{file}.key "
                f"-out /root/{file}.pem"
            )

    def own(file: str) -> dict[str, str]:
        paths = (f"/root/{file}.pem", f"/root/{file}.key")
        keys = (
            "autoconfig_certificates_existing_certificate",
            "autoconfig_certificates_existing_key",
        )
        return (
            SIXTY
            | {"autoconfig_certificates_mode": "existing"}
            | dict(zip(keys, paths, strict=True))
        )

    wrong = run("--tags=certificates", **own("lacking"))
    assert wrong.returncode == 2
    assert "/root/lacking.pem does not have autodiscover.d29.deb12.test" in wrong.stdout
    converge("--tags=certificates", **own("own"))
    for server in SERVERS:
        served = server.run(
            "sh -c 'openssl s_client -connect 127.0.0.1:443 "
            f"-servername autoconfig.d29.{server.suffix} </dev/null | openssl x509 -noout -serial'"
        )
        assert served == server.run("openssl x509 -noout -serial -in /root/own.pem")
        assert UNIT not in server.run("systemctl list-timers --all --no-legend")
        assert not server.host.file(SETTINGS).exists
    back = converge("--tags=certificates", **SIXTY)
    assert "ordered" not in back
    assert [certificates(server) for server in SERVERS] == before
    for server, found in zip(SERVERS, before, strict=True):
        assert is_served(server, f"autoconfig.d0.{server.suffix}", found["mail-autoconfig"][0])


def test_one_name() -> None:
    """The generic host alone."""
    converge(
        "--tags=nginx,certificates",
        autoconfig_generic_host="auto.{{ suffix }}",
        autoconfig_domains=[{"name": "a.{{ suffix }}", "provider": "gandi", "discovery": "srv"}],
    )
    for server in SERVERS:
        ((name, (serial, names)),) = certificates(server).items()
        assert name == "mail-autoconfig"
        assert names == {f"auto.{server.suffix}"}
        assert is_served(server, f"auto.{server.suffix}", serial)
