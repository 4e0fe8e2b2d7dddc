from __future__ import annotations

import re

import pytest

from mail_autoconfig.doctor.catalogue import FAULTS, finding
from support.doctor_table import ROWS


def general(text: str) -> str:
    return re.sub(r"\{\w+\}", "…", text)


@pytest.mark.parametrize("code", FAULTS)
def test_table_of_the_documentation_says_the_same(code: str) -> None:
    fault, row = FAULTS[code], ROWS[code]
    texts = [general(text) for text in (fault.what, fault.should, fault.remedy)]
    assert [row.severity, row.line, row.should, row.remedy] == [fault.severity, *texts]
    assert row.proof in ("lab", "unit test")


def test_table_has_no_other_faults() -> None:
    assert list(ROWS) == list(FAULTS)


def test_texts_are_filled() -> None:
    found = finding("srv-port", "_autodiscover._tcp.example.com", port=8443)
    assert found.what == "the SRV record names port 8443"
    assert found.severity == "error"
    assert found.subject == "_autodiscover._tcp.example.com"


def test_missing_value_is_an_error_of_the_program() -> None:
    with pytest.raises(KeyError):
        finding("srv-port", "_autodiscover._tcp.example.com")
