from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

from mail_autoconfig import __version__
from mail_autoconfig.doctor.data import Finding
from mail_autoconfig.doctor.output_json import entry, to_keep

from .samples import TEXT, WARNING, document, report

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def test_document() -> None:
    found = json.loads(document([report("a.test", WARNING)], NOW))
    (domain,) = found["domains"]
    outlook, kmail = domain.pop("clients")
    assert found == {
        "version": 1,
        "program": __version__,
        "time": "2026-11-25T00:00:00+00:00",
        "domains": [domain],
    }
    assert domain == {
        "domain": "a.test",
        "address": "u@a.test",
        "time": "2026-11-25T00:00:00+00:00",
        "severity": "warning",
        "seconds": 1.25,
        "findings": [
            {
                "code": "dns-no-mx",
                "severity": "warning",
                "subject": "a.test",
                "what": "no MX record",
                "should": "",
                "remedy": "",
                "paste": "",
            }
        ],
        "certificates": {},
        "proposals": [],
    }
    assert (kmail["client"], kmail["verdict"], kmail["source"]) == ("kmail", "fails", "")
    assert outlook["settings"] == [
        {
            "type": "imap",
            "host": "mail.a.test",
            "port": 993,
            "security": "tls",
            "username": "u@a.test",
            "authentication": ["password"],
            "url": "",
        }
    ]
    assert outlook["lookups"] == [
        {
            "name": "a.test",
            "type": "MX",
            "status": "found",
            "values": ["10 mx.a.test."],
            "aliases": [],
        }
    ]
    assert outlook["requests"][0]["error"] == {"kind": "refused", "text": "no connection"}
    assert outlook["requests"][1] == {
        "method": "POST",
        "url": "https://a.test/x",
        "address": "",
        "status": 200,
        "content_type": "text/xml",
        "location": "",
        "size": 4,
        "seconds": 0.25,
        "error": None,
    }


def test_what_is_kept_is_short_and_of_the_same_form() -> None:
    right = Finding("x", "ok", "a.test", "all right")
    found = entry(replace(report("a.test", WARNING, right), proposals=(TEXT,)), NOW)
    kept = to_keep(found)
    assert kept.keys() == found.keys()
    assert [(each["code"], each["what"]) for each in kept["findings"]] == [
        ("dns-no-mx", "no MX record")
    ]
    assert kept["proposals"] == []
    for short, long in zip(kept["clients"], found["clients"], strict=True):
        assert short == long | {"settings": [], "requests": [], "lookups": []}
    assert len(json.dumps(kept)) < len(json.dumps(found)) / 2
