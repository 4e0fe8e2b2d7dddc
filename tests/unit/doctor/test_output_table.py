from __future__ import annotations

import io
import re
from dataclasses import replace

from rich.console import Console

from mail_autoconfig.doctor.changes import Changes
from mail_autoconfig.doctor.data import Finding, Outcome, Report
from mail_autoconfig.doctor.output_table import FEW, NEVER_ASK, show

from .samples import ERROR, TEXT, WARNING, report


def shown(*reports: Report, verbose: bool = False, colours: bool = False) -> str:
    file = io.StringIO()
    console = Console(file=file, width=200, force_terminal=colours, highlight=False)
    show(console, reports, verbose=verbose)
    return file.getvalue()


def lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines() if line]


def test_one_domain() -> None:
    """One line first: monitoring plug-ins show no other."""
    text = shown(report("a.test", WARNING, ERROR))
    found = lines(text)
    assert text.splitlines()[0] == "a.test: 1 error, 1 warning: tls-expired at https://a.test"
    assert found[1] == "asked as u@a.test, 1.2 s"
    assert found[2:4] == ["First: tls-expired at", "https://a.test"]
    assert found[6:10] == ["do: renew it", "warning: dns-no-mx at", "a.test", "no MX record"]
    assert found[10:12] == ["Outlook (classic) finds", "imap mail.a.test:993 tls as u@a.test"]
    assert found[-2:] == list(NEVER_ASK)


def test_nothing_to_do() -> None:
    found = lines(shown(report()))
    assert found[0] == "a.test: all right"
    assert not [line for line in found if line.startswith("First")]


def test_eighty_columns_with_urls_whole() -> None:
    url = f"https://autoconfig.example.test/{'x' * 80}"
    long = Finding("web-status", "error", url, f"{'words ' * 40}{url} status 404", "", "do " * 60)
    file = io.StringIO()
    show(Console(file=file, width=80, highlight=False), [report("a.test", long)])
    assert all(len(line) <= 80 or url in line for line in file.getvalue().splitlines())
    assert f"  {url}" in file.getvalue().splitlines()


def test_what_changed() -> None:
    file = io.StringIO()
    since = Changes("monday", (("a.test", "x", "s"),), ())
    show(Console(file=file, width=80), [report()], changes=since)
    assert file.getvalue().splitlines()[1] == "new since monday: a.test: x at s"


def test_each_request() -> None:
    found = lines(shown(report(), verbose=True))
    assert found[found.index("MX a.test") + 1] == "10 mx.a.test."
    assert found[found.index("GET https://a.test/y") + 1] == "no connection, 0 octets, 0.00 s"
    assert found[found.index("POST https://a.test/x") + 1] == "200, text/xml, 4 octets, 0.25 s"
    assert "302 → https://a.test/, 0 octets, 0.00 s" in found


def test_each_reason_once() -> None:
    """Without the URLs, which -v has."""
    misses = (
        ("GET https://a.test/x", "a.test has no address"),
        ("POST http://a.test/y", "a.test has no address"),
        ("GET https://b.test/x", "status 404"),
        ("SRV _x._tcp.a.test", "no record"),
    )
    first, same = (
        Outcome(name, name, "fails", "long", misses=some)
        for name, some in (("One", misses), ("Two", misses[1:3]))
    )
    other = Outcome("Three", "Three", "fails", "long", misses=(*misses, ("GET http://c/", "x")))
    found = lines(shown(replace(report(), outcomes=(first, same, other))))
    assert found[2:7] == [
        "One fails",
        "a.test has no address; b.test: status 404; SRV _x._tcp.a.test: no record",
        "Two fails for the same reasons",
        "Three fails",
        "c: x",
    ]


def test_text_to_paste() -> None:
    """One line where there is no room; with -v from the first column on, as XML wants it."""
    with_text = replace(report("a.test", ERROR), proposals=(TEXT, replace(TEXT, title="a zone")))
    assert "To paste: -v shows a clientConfig and a zone." in shown(with_text).splitlines()
    found = shown(with_text, verbose=True)
    assert found.count("\n<?xml?>\n") == 2
    assert "To paste: a clientConfig for\n  https://autoconfig.a.test/x\n  a file\n" in found
    assert "  mail servers: a guess\n" in found
    assert "\x1b" not in found


def test_many_domains() -> None:
    reports = [report(f"d{number}.test", ERROR) for number in range(FEW)]
    found = lines(shown(*reports, report("right.test")))
    assert found[0] == f"{FEW + 1} domains, 1 all right; first: tls-expired"
    assert found[1] == f"error: tls-expired at {FEW} domains, for example"
    assert not [line for line in found if line.startswith("right.test")]
    assert len([line for line in found if re.match(r"d\d", line)]) == FEW
    assert lines(shown(*[report()] * (FEW + 1))) == [f"{FEW + 1} domains, {FEW + 1} all right"]


def test_writing_is_not_turned() -> None:
    turned = Finding("x", "error", "a\u202eb", "c\u2066d", "", "e\u200bf")
    text = shown(report("a.test", turned), verbose=True)
    assert not set(text) & {"\u202e", "\u2066", "\u200b"}


def test_what_servers_write_is_neither_markup_nor_control() -> None:
    text = shown(report("a.test", ERROR), verbose=True)
    assert "�[31m[bold]<script>" in text
    assert "\x1b" not in text


def test_colours() -> None:
    assert "\x1b[1;31ma.test" in shown(report("a.test", ERROR), colours=True)
