from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from lxml import html

from mail_autoconfig.doctor.data import Report
from mail_autoconfig.doctor.output_html import page
from mail_autoconfig.doctor.output_table import FEW

from .samples import ERROR, HOSTILE, TEXT, WARNING, report

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def made(*reports: Report) -> html.HtmlElement:
    return html.document_fromstring(page(reports, NOW))


def test_page() -> None:
    root = made(report("a.test", WARNING, ERROR))
    assert root.findtext(".//h1") == "Mail set-up: a.test"
    assert root.find(".//h2").text_content() == "a.test: 1 error, 1 warning"
    assert (
        root.find(".//p[@class='first error']")
        .text_content()
        .startswith("First: tls-expired at https://a.test")
    )
    cells = [each.text_content() for each in root.iterfind(".//td")]
    assert cells[0] == "errortls-expired"
    assert "finds the settings" in cells
    assert any(each.startswith("imap mail.a.test:993 tls as u@a.test") for each in cells)
    assert "no connection" in cells
    assert "302  → https://a.test/" in cells
    assert "2026-11-23 12:00 UTC" in root.text_content()


def test_text_to_paste() -> None:
    root = made(replace(report("a.test", ERROR), proposals=(TEXT,)))
    (text,) = [each.text_content() for each in root.iterfind(".//details/pre")]
    assert text == f"<?xml?>\n{HOSTILE}\n".replace("\x1b", "\N{REPLACEMENT CHARACTER}")
    assert "For https://autoconfig.a.test/x: a file. Mail servers: a guess." in root.text_content()


def test_it_loads_and_runs_nothing() -> None:
    root = made(report("a.test", ERROR))
    assert not root.xpath("//script|//img|//link|//@src|//@href")
    assert root.xpath("//meta[@http-equiv='Content-Security-Policy']/@content") == [
        "default-src 'none'; style-src 'unsafe-inline'"
    ]


def test_causes_of_many() -> None:
    root = made(*[report(f"d{number}.test", ERROR) for number in range(FEW + 1)])
    assert root.findtext(".//h1") == f"Mail set-up: {FEW + 1} domains"
    row = [each.text_content() for each in root.find(".//tbody/tr")]
    assert row[:3] == ["error", str(FEW + 1), "tls-expired"]
