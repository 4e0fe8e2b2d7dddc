"""The table of answers, and a renewal, on Debian sid."""

from __future__ import annotations

import pytest

from support.answers import Case, cases, run
from support.deployed import Server

SERVER = Server("sid", "sid")


@pytest.mark.parametrize("case", cases(SERVER.suffix), ids=lambda case: str(case.name))
def test_table(case: Case) -> None:
    run(case, SERVER.ask)


def test_renewal_by_the_timers_service() -> None:
    before = SERVER.certificate()["serialNumber"]
    SERVER.run("systemctl start mail-autoconfig-certificates.service")
    assert SERVER.certificate()["serialNumber"] == before
    said = SERVER.run("mail-autoconfig certificates --renew mail-autoconfig")
    assert "mail-autoconfig: ordered, " in said
