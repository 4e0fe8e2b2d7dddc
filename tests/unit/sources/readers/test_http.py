from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from mail_autoconfig.sources import texts
from support.local_servers import certificate

from ..samples import collected, failure, source
from ..web import serving

SECRET = "hunter2"
ANSWER = {"/v1/domains": (200, '["a.example"]')}


def of(url: str, **keys: Any) -> Any:
    return source(type="http", url=url, domains={"path": "/v1/domains"}, **keys)


@pytest.mark.parametrize(
    ("keys", "secret", "header", "value"),
    [
        ({}, {"token": SECRET}, "authorization", f"Bearer {SECRET}"),
        ({"token_header": "X-API-Key"}, {"token": SECRET}, "x-api-key", SECRET),
        ({"user": "u"}, {"password": SECRET}, "authorization", "Basic dTpodW50ZXIy"),
        ({}, {}, "authorization", None),
        ({}, {}, "accept", "application/json"),
    ],
)
def test_who_asks(
    keys: dict[str, str], secret: dict[str, str], header: str, value: str | None
) -> None:
    with serving(ANSWER) as (url, asked):
        assert list(collected(of(url, **keys), secret).domains) == ["a.example"]
    assert [each.get(header) for each in asked] == [value]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            (401, SECRET),
            "/v1/domains: status 401: the token or password is wrong, or may not read this",
        ),
        (
            (403, ""),
            "/v1/domains: status 403: the token or password is wrong, or may not read this",
        ),
        ((500, ""), "/v1/domains: status 500 in place of 200"),
        ((200, "<html>"), "domains: not JSON: Expecting value: line 1 column 1 (char 0)"),
    ],
)
def test_answer_that_is_wrong(answer: tuple[int, str], said: str) -> None:
    with serving({"/v1/domains": answer}) as (url, _asked):
        assert failure(of(url), {"token": SECRET}) == said


def test_redirect_is_not_followed() -> None:
    """The token would go with it."""
    with serving(ANSWER) as (other, asked), serving({"/v1/domains": (302, other)}) as (url, _first):
        said = failure(of(url), {"token": SECRET})
    assert said == "/v1/domains: status 302 in place of 200"
    assert asked == []


def test_base_of_the_url() -> None:
    with serving({"/base/v1/domains": (200, '["a.example"]')}) as (url, _asked):
        assert list(collected(of(f"{url}/base/")).domains) == ["a.example"]


def test_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "LARGEST", 5)
    with serving(ANSWER) as (url, _asked):
        assert failure(of(url)) == "/v1/domains: over 5 octets"


def test_nobody_there() -> None:
    assert failure(of("http://127.0.0.1:1")) == "[Errno 111] Connection refused"


def test_no_httpx(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "httpx", None)
    assert failure(of("https://a.example")) == "needs Debian's python3-httpx"


def test_authorities_that_are_not_there() -> None:
    assert failure(of("https://a.example", tls_ca="/nowhere/ca.pem")) == (
        "tls_ca /nowhere/ca.pem: No such file or directory"
    )


def test_environment_does_not_lead_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with serving(ANSWER) as (url, _asked):
        assert list(collected(of(url)).domains) == ["a.example"]


def test_certificate_is_verified(tmp_path: Path) -> None:
    own = certificate(tmp_path, ["localhost"])
    with serving(ANSWER, own) as (url, asked):
        said = failure(of(url), {"token": SECRET})
        assert "CERTIFICATE_VERIFY_FAILED" in said
        assert "CERTIFICATE_VERIFY_FAILED" in failure(of(url, tls=False), {"token": SECRET})
        assert asked == []
        assert list(collected(of(url, tls_ca=str(own))).domains) == ["a.example"]


def test_certificate_of_another_name(tmp_path: Path) -> None:
    own = certificate(tmp_path, ["other.example"])
    with serving(ANSWER, own) as (url, _asked):
        assert "Hostname mismatch" in failure(of(url, tls_ca=str(own)))
