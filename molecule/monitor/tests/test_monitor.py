"""The timer's service, on Debian's own libraries, in its sandbox."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
import testinfra
from testinfra.host import Host

from support.deployed import ROOT, changes, play, refusal

SERVICE = "mail-autoconfig-doctor.service"
LAB = ROOT / ".cache/lab/monitor"
LAB_DNS = "198.18.45.2"
STATE = "/var/lib/private/mail-autoconfig-doctor"
METRICS = "/var/lib/prometheus/node-exporter/mail-autoconfig-doctor.prom"


@pytest.fixture(params=["12", "13"])
def release(request: Any) -> str:
    return str(request.param)


@pytest.fixture
def server(release: str) -> Host:
    found: Host = testinfra.get_host(f"docker://autoconfig-monitor-debian{release}")
    return found


def metrics(server: Host) -> dict[str, int]:
    lines = server.check_output("cat %s", METRICS).splitlines()
    samples = (line.rpartition(" ") for line in lines if not line.startswith("#"))
    return {name.removeprefix("mail_autoconfig_doctor_"): int(value) for name, _, value in samples}


def test_timer(server: Host) -> None:
    assert server.service("mail-autoconfig-doctor.timer").is_enabled
    assert server.service("mail-autoconfig-doctor.timer").is_running


def test_metrics(server: Host, release: str) -> None:
    """There is no mail server, which is an error; so the service fails, and still reports."""
    domain = f'domain="corp.deb{release}.test"'
    before = time.time()
    assert server.run("systemctl start %s", SERVICE).rc == 1
    assert server.check_output("systemctl show -P ExecMainStatus %s", SERVICE) == "2"
    found = metrics(server)
    for client in ("outlook", "thunderbird", "evolution", "delta-chat"):
        assert found[f'client_success{{{domain},client="{client}"}}'] == 1
    closed = f'faults{{{domain},code="port-closed",severity="error",subject='
    assert len([name for name in found if name.startswith(closed)]) == 2
    end = f'certificate_end_timestamp_seconds{{{domain},subject="https://autoconfig.'
    assert all(found[name] > before for name in found if name.startswith(end))
    assert not [name for name in found if "tls" in name]
    assert found["last_run_timestamp_seconds"] >= int(before)
    assert server.file(METRICS).mode == 0o644
    assert server.file(METRICS).user == "root"
    journal = server.check_output("journalctl --unit %s --output cat", SERVICE)
    assert re.search(rf"^corp\.deb{release}\.test: \d error", journal, re.M)
    assert "Traceback" not in journal
    assert "�" not in journal


def test_fault_is_seen(server: Host, release: str) -> None:
    """What users would see first, the file says: here the web server is down."""
    server.run("systemctl start %s", SERVICE)
    assert server.check_output("stat -c %%a %s/last.json", STATE) == "644"
    server.check_output("systemctl stop nginx")
    try:
        server.run("systemctl start %s", SERVICE)
        found = metrics(server)
    finally:
        server.check_output("systemctl start nginx")
    domain = f'domain="corp.deb{release}.test"'
    assert found[f'client_success{{{domain},client="outlook"}}'] == 0
    fails = 'code="client-outlook-fails",severity="error",subject="Outlook (classic)"'
    assert found[f"faults{{{domain},{fails}}}"] == 1
    run = server.check_output("systemctl show -P InvocationID %s", SERVICE)
    journal = server.check_output("journalctl _SYSTEMD_INVOCATION_ID=%s --output cat", run)
    said = journal.splitlines()
    begin = next(n for n, line in enumerate(said) if line.startswith(f"corp.deb{release}.test: "))
    assert re.match(rf"new since [^ ]+: corp\.deb{release}\.test: ", said[begin + 1])
    new = f"corp.deb{release}.test: client-outlook-fails at Outlook (classic)"
    assert any(line.startswith("new since ") and line.endswith(new) for line in said)


def test_sandbox(server: Host) -> None:
    said = server.check_output("systemd-analyze security --no-pager %s", SERVICE)
    score = re.search(r"exposure level.*: ([0-9.]+)", said)
    assert score
    assert float(score[1]) < 2


def test_container_that_can_not_isolate_services_is_refused_with_the_way_out() -> None:
    result = play(
        "mailhost.autoconfig.server",
        "--limit=autoconfig-monitor-confined",
        inventory=ROOT / "molecule/monitor/inventory/hosts.yml",
        autoconfig_isolate_services=True,
    )
    (line,) = refusal(result).splitlines()
    assert line.startswith("This host can't isolate services (226/NAMESPACE)")
    assert "autoconfig_isolate_services: false" in line


def test_services_run_where_they_can_not_be_isolated() -> None:
    """Without CAP_SYS_ADMIN, as accounts without rights all the same."""
    server = testinfra.get_host("docker://autoconfig-monitor-confined")
    unit = "systemctl show -P %s %s"
    assert server.run("systemd-run --wait --property DynamicUser=yes true").rc == 226
    for service in "mail-autoconfig", "mail-autoconfig-sign":
        assert server.check_output(unit, "ActiveState", service) == "active"
    process = server.check_output(unit, "MainPID", "mail-autoconfig")
    assert server.check_output("ps -o user:20= -p %s", process) == "mail-autoconfig"
    assert server.check_output(unit, "CapabilityBoundingSet", "mail-autoconfig") == ""
    server.check_output("systemctl start mail-autoconfig-certificates")
    server.run("systemctl start %s", SERVICE)
    client = 'client_success{domain="corp.confined.test",client="thunderbird"}'
    assert metrics(server)[client] == 1
    assert server.check_output(unit, "User", SERVICE) == "mail-autoconfig-doctor"


def test_doctor_on_the_controller() -> None:
    """verify.yml runs it for the first server's inventory; here it ends with what to do first."""
    arguments = ["--allow-private", "--name-server", LAB_DNS, "--ca", str(LAB / "ca.pem")]
    shown = play(
        "mailhost.autoconfig.verify",
        *("--tags", "doctor"),
        inventory=ROOT / "molecule/monitor/inventory/hosts.yml",
        autoconfig_verify_doctor=True,
        autoconfig_verify_doctor_arguments=arguments,
    )
    assert shown.returncode == 2, shown.stdout + shown.stderr
    assert changes(shown.stdout) == 0
    assert re.search(r"corp\.deb12\.test: \d errors", shown.stdout)
    assert re.search(r'"msg": "corp\.deb12\.test: .*: port-closed at imap ', shown.stdout)


def test_removed_where_it_is_not_wanted() -> None:
    inventory = ROOT / "molecule/monitor/inventory/hosts.yml"
    arguments = "mailhost.autoconfig.server", "--tags", "monitor"
    made = [
        play(*arguments, inventory=inventory, autoconfig_monitor_enabled=False).stdout
        for _ in range(2)
    ]
    assert [changes(output) > 0 for output in made] == [True, False]
    for release in ("12", "13"):
        server = testinfra.get_host(f"docker://autoconfig-monitor-debian{release}")
        assert not server.file(METRICS).exists
        assert not server.file(STATE).exists
        assert server.run("systemctl cat %s", SERVICE).rc == 1
