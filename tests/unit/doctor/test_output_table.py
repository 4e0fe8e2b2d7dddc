from __future__ import annotations

import io
import re

from rich.console import Console

from mail_autoconfig.doctor.data import Report
from mail_autoconfig.doctor.output_table import FEW, show

from .samples import ERROR, WARNING, report


def shown(*reports: Report, verbose: bool = False, colours: bool = False) -> str:
    file = io.StringIO()
    console = Console(file=file, width=200, force_terminal=colours, highlight=False)
    show(console, reports, verbose=verbose)
    return file.getvalue()


def lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines() if line]


def test_one_domain() -> None:
    found = lines(shown(report("a.test", WARNING, ERROR)))
    assert found[0] == "a.test: 1 error, 1 warning, 1.2 s"
    assert found[1].startswith("First: https://a.test: it is ")
    assert found[1].endswith("; renew it")
    assert found[3].startswith("error https://a.test it is ")
    assert found[4] == "warning a.test no MX record"
    assert "Outlook (classic) finds finds settings at https://a.test/x" in found
    assert "request" not in " ".join(found)


def test_nothing_to_do() -> None:
    found = lines(shown(report()))
    assert found[0] == "a.test: all right, 1.2 s"
    assert not [line for line in found if line.startswith("First")]


def test_each_request() -> None:
    found = lines(shown(report(), verbose=True))
    assert "MX a.test 10 mx.a.test." in found
    assert "GET https://a.test/y no connection 0 0.00" in found
    assert "POST https://a.test/x 200 text/xml 4 0.25" in found
    assert "GET http://a.test/z 302 → https://a.test/ 0 0.00" in found


def test_many_domains() -> None:
    reports = [report(f"d{number}.test", ERROR) for number in range(FEW)]
    found = lines(shown(*reports, report("right.test")))
    assert found[0] == f"{FEW + 1} domains, 1 all right"
    assert found[2].startswith(f"error {FEW} tls-expired https://a.test: it is ")
    assert not [line for line in found if line.startswith("right.test")]
    assert len([line for line in found if re.match(r"d\d", line)]) == FEW
    assert lines(shown(*[report()] * (FEW + 1)))[-1] == "All right."


def test_what_servers_write_is_neither_markup_nor_control() -> None:
    text = shown(report("a.test", ERROR), verbose=True)
    assert "�[31m[bold]<script>" in text
    assert "\x1b" not in text


def test_colours() -> None:
    assert "\x1b[1;31merror" in shown(report("a.test", ERROR), colours=True)
