from __future__ import annotations

import json
from pathlib import Path

import pytest

from mail_autoconfig.certificates.ledger import Limits
from mail_autoconfig.certificates.settings import CertificatesError, parse
from support.certificate_settings import RAW, URL


def test_settings() -> None:
    settings = parse(json.dumps(RAW))
    assert settings.limits == Limits(orders_per_3_hours=3)
    assert (settings.authority.directory_url, settings.webroot) == (URL, Path("/webroot"))
    assert settings.authority.profile == ""
    assert parse(json.dumps(RAW | {"profile": "x"})).authority.profile == "x"
    assert (settings.authority.ca_file, settings.metrics) == (None, None)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "not the settings"),
        ("{}", "KeyError"),
        (json.dumps(RAW | {"limits": {"x": 1}}), "not the settings .* unexpected .* 'x'"),
        (json.dumps(RAW | {"limits": []}), "not the settings"),
    ],
)
def test_settings_that_are_not_right(text: str, line: str) -> None:
    with pytest.raises(CertificatesError, match=line):
        parse(text)
