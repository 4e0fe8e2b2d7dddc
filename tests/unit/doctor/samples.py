"""Reports that the tests of all outputs show."""

from __future__ import annotations

import json
from datetime import datetime

from mail_autoconfig.doctor.changes import Changes
from mail_autoconfig.doctor.data import (
    Exchange,
    Failure,
    Finding,
    Lookup,
    Outcome,
    Proposal,
    Report,
    Request,
    Setting,
)
from mail_autoconfig.doctor.output_json import entry, head, tail

HOSTILE = "\x1b[31m[bold]<script>alert(1)</script>"
IMAP = Setting("imap", "mail.a.test", 993, "tls", "u@a.test", ("password",))
FOUND = Outcome(
    "outlook",
    "Outlook (classic)",
    "found",
    "finds settings at https://a.test/x",
    source="https://a.test/x",
    settings=(IMAP,),
    exchanges=(
        Exchange(Request("GET", "https://a.test/y"), error=Failure("refused", "no connection")),
        Exchange(Request("POST", "https://a.test/x"), 200, "text/xml", body=b"1234", seconds=0.25),
        Exchange(Request("GET", "http://a.test/z"), 302, location="https://a.test/"),
    ),
    lookups=(Lookup("a.test", "MX", "found", ("10 mx.a.test.",)),),
)
FAILS = Outcome("kmail", "KMail", "fails", f"status 404 {HOSTILE}", "answer there")
ERROR = Finding("tls-expired", "error", "https://a.test", f"it is {HOSTILE}", "valid", "renew it")
WARNING = Finding("dns-no-mx", "warning", "a.test", "no MX record")


TEXT = Proposal(
    "config",
    "a clientConfig",
    "https://autoconfig.a.test/x",
    "a file",
    "a guess",
    f"<?xml?>\n{HOSTILE}\n",
)


def report(domain: str = "a.test", *findings: Finding) -> Report:
    return Report(domain, f"u@{domain}", (FOUND, FAILS), findings, 1.25)


def document(reports: list[Report], now: datetime, changes: Changes | None = None) -> str:
    """The JSON of a run."""
    lines = ",\n".join(json.dumps(entry(each, now)) for each in reports)
    return f"{head(now)}\n{lines}\n{tail(changes)}\n"
