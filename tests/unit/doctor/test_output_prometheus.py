from __future__ import annotations

import re
from dataclasses import replace

from mail_autoconfig.doctor.output_prometheus import metrics

from .samples import ERROR, WARNING, report


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
