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
        ({}, {"token": f"Token {SECRET}"}, "authorization", f"Token {SECRET}"),
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
    assert said == f"/v1/domains: status 302: leads to {other}, where nobody is asked"
    assert asked == []


PAGES = {
    "/v1/domains": (200, '{"results": ["a.example"], "next": "/v1/domains?page=2"}'),
    "/v1/domains?page=2": (200, '{"results": ["b.example"], "next": null}'),
}
NEXT = '</v1/domains?page=1>; rel="prev", <?page=2>; rel="next"'


def paged(url: str, **keys: str) -> Any:
    query = {"path": "/v1/domains", "items": "results", **keys}
    return source(type="http", url=url, domains=query)


@pytest.mark.parametrize(("keys", "links"), [({"next": "next"}, {}), ({}, {"/v1/domains": NEXT})])
def test_all_pages_are_read(keys: dict[str, str], links: dict[str, str]) -> None:
    with serving(PAGES, links=links) as (url, asked):
        found = collected(paged(url, **keys), {"token": SECRET})
    assert list(found.domains) == ["a.example", "b.example"]
    assert [each["authorization"] for each in asked] == [f"Bearer {SECRET}"] * 2


@pytest.mark.parametrize(
    ("following", "said"),
    [
        (
            '"https://elsewhere.example/v1"',
            "/v1/domains: its next page is on another host or port; it is not asked",
        ),
        ('"/v1/domains"', "/v1/domains: its pages lead round and round"),
        ("2", "domains: no address at next 'next' of the answer"),
    ],
)
def test_next_page_that_is_none(following: str, said: str) -> None:
    """The token would go elsewhere, or the reading would have no end."""
    answer = f'{{"results": ["a.example"], "next": {following}}}'
    with serving({"/v1/domains": (200, answer)}) as (url, asked):
        assert failure(paged(url, next="next"), {"token": SECRET}) == said
    assert len(asked) == 1


def test_user_of_the_url() -> None:
    with serving(ANSWER) as (url, asked):
        collected(of(url.replace("//", "//a%40b@")), {"password": SECRET})
    assert asked[0]["authorization"] == "Basic YUBiOmh1bnRlcjI="


def test_next_page_of_a_url_with_a_user() -> None:
    answers = {"/v1/domains": (200, '["a.example"]'), "/2": (200, '["b.example"]')}
    links: dict[str, str] = {}
    with serving(answers, links=links) as (url, asked):
        links["/v1/domains"] = f'<{url}/2>; rel="next"'
        found = collected(of(url.replace("//", "//u@")), {"password": SECRET})
    assert list(found.domains) == ["a.example", "b.example"]
    assert {each["authorization"] for each in asked} == {"Basic dTpodW50ZXIy"}


def test_token_that_is_none() -> None:
    said = failure(of("https://a.example"), {"token": "h\u00fcnter2"})
    assert said == "the token has letters that no header may have; copy it again"


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
