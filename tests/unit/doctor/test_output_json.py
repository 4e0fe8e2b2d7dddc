from __future__ import annotations

import json
from datetime import UTC, datetime

from mail_autoconfig import __version__
from mail_autoconfig.doctor.output_json import document

from .samples import WARNING, report

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def test_document() -> None:
    found = json.loads(json.dumps(document([report("a.test", WARNING)], NOW)))
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
