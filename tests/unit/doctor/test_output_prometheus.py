from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from mail_autoconfig.doctor.data import Report
from mail_autoconfig.doctor.output_json import entry
from mail_autoconfig.doctor.output_prometheus import Metrics

from .samples import ERROR, WARNING, report

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def metrics(reports: list[Report], now: float) -> str:
    found = Metrics()
    for each in reports:
        found.take(entry(each, NOW))
    return "".join(f"{line}\n" for line in found.lines(now, len(reports)))


def test_metrics() -> None:
    text = metrics([report("a.test", ERROR, ERROR, WARNING), report("b.test")], 1234.9)
    samples = [line for line in text.splitlines() if not line.startswith("#")]
    name = "mail_autoconfig_doctor"
    assert samples == [
        f'{name}_findings{{domain="a.test",severity="error"}} 2',
        f'{name}_findings{{domain="a.test",severity="warning"}} 1',
        f'{name}_findings{{domain="b.test",severity="error"}} 0',
        f'{name}_findings{{domain="b.test",severity="warning"}} 0',
        f'{name}_faults{{domain="a.test",code="dns-no-mx",severity="warning",subject="a.test"}} 1',
        f'{name}_faults{{domain="a.test",code="tls-expired",severity="error",'
        'subject="https://a.test"} 2',
        f'{name}_client_success{{domain="a.test",client="outlook"}} 1',
        f'{name}_client_success{{domain="a.test",client="kmail"}} 0',
        f'{name}_client_success{{domain="b.test",client="outlook"}} 1',
        f'{name}_client_success{{domain="b.test",client="kmail"}} 0',
        f'{name}_domains{{state="examined"}} 2',
        f'{name}_domains{{state="waiting"}} 0',
        f"{name}_oldest_examination_timestamp_seconds {int(NOW.timestamp())}",
        f"{name}_last_run_timestamp_seconds 1234",
    ]
    assert text.endswith("\n")
    for kind in "HELP", "TYPE":
        named = [line.split()[2] for line in text.splitlines() if line.startswith(f"# {kind} ")]
        assert named == list(dict.fromkeys(re.split("[{ ]", line)[0] for line in samples))


def test_labels_are_escaped() -> None:
    odd = replace(report(), domain='a"\\\n')
    assert 'domain="a\\"\\\\\\n"' in metrics([odd], 0)


def test_each_sample_once_for_two_addresses_of_a_domain() -> None:
    lines = metrics([report("a.test"), report("a.test", ERROR)], 0).splitlines()
    names = [line.rpartition(" ")[0] for line in lines if not line.startswith("#")]
    assert len(names) == len(set(names))
    assert 'mail_autoconfig_doctor_findings{domain="a.test",severity="error"} 1' in lines


def test_domain_of_an_earlier_run() -> None:
    found = Metrics()
    found.take(entry(report("a.test", ERROR), NOW))
    found.take(entry(report("b.test", ERROR), NOW - timedelta(hours=2)), examined=False)
    lines = list(found.lines(0, 3))
    name = "mail_autoconfig_doctor"
    for line in (
        f'{name}_findings{{domain="b.test",severity="error"}} 1',
        f'{name}_domains{{state="examined"}} 1',
        f'{name}_domains{{state="waiting"}} 2',
        f"{name}_oldest_examination_timestamp_seconds {int(NOW.timestamp()) - 7200}",
    ):
        assert line in lines
