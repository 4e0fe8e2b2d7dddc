from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import BadStatusLine
from pathlib import Path
from typing import Any

import pytest

from mail_autoconfig.certificates import directory as module
from mail_autoconfig.certificates.certbot import Authority
from mail_autoconfig.certificates.directory import Directory
from support.acme import Answers

URL = "https://acme.test/dir"


def test_directory_is_asked_once(answers: Answers) -> None:
    answers.say(URL, {"newOrder": "x", "meta": {"caaIdentities": ["ca.test"]}})
    directory = Directory(Authority(URL, ()))
    assert directory.url == URL
    assert directory.content["newOrder"] == "x"
    assert directory.meta == {"caaIdentities": ["ca.test"]}
    assert answers.asked == [URL]


def test_authority_is_asked_with_the_cas_that_certbot_trusts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    trusted: list[str] = []

    def context(cafile: str) -> ssl.SSLContext:
        trusted.append(Path(cafile).read_text())
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        made.verify_flags |= ssl.VERIFY_X509_STRICT  # as on Python 3.13
        return made

    @contextmanager
    def bundle(_authority: Authority) -> Iterator[Path]:
        (tmp_path / "bundle.pem").write_text("OURS")
        yield tmp_path / "bundle.pem"
        (tmp_path / "bundle.pem").unlink()

    monkeypatch.setattr(Authority, "bundle", bundle)
    monkeypatch.setattr(ssl, "create_default_context", context)
    answers = Answers({URL: ({}, {})})
    monkeypatch.setattr(module, "urlopen", answers.open)
    assert Directory(Authority(URL, ())).content == {}
    assert trusted == ["OURS"]
    (context_used,) = answers.contexts
    assert not context_used.verify_flags & ssl.VERIFY_X509_STRICT


@pytest.mark.parametrize("url", ["http://acme.test/dir", "file:///etc/passwd", "x"])
def test_nothing_but_https_is_fetched(answers: Answers, url: str) -> None:
    with pytest.raises(ValueError, match="is no https URL"):
        Directory(Authority(URL, ())).fetch(url)
    assert answers.asked == []


def test_what_is_no_directory(answers: Answers) -> None:
    wrong: list[Any] = [[], "x", {"meta": []}]
    for content in wrong:
        answers.say(URL, content)
        with pytest.raises(ValueError, match="no JSON object"):
            Directory(Authority(URL, ())).meta  # noqa: B018
    answers.fail(URL, BadStatusLine("x"))
    with pytest.raises(OSError, match="no HTTP"):
        Directory(Authority(URL, ())).fetch(URL)


def test_header_of_an_answer(answers: Answers) -> None:
    answers.say(URL, {"a": 1}, {"Retry-After": "60"})
    assert Directory(Authority(URL, ())).fetch(URL) == ({"a": 1}, "60")


KNOWN = {"profiles": {"classic": "https://acme.test/classic", "tlsserver": "x"}}


@pytest.mark.parametrize(
    ("wanted", "meta", "said"),
    [
        ("", {}, ""),
        ("tlsserver", KNOWN, ""),
        (
            "tlsclient",
            KNOWN,
            "the authority has no profile tlsclient, it has classic, tlsserver; orders are made "
            "without",
        ),
        ("tlsserver", {}, "the authority has no profile tlsserver, it has none; orders are made"),
    ],
)
def test_profile_that_the_authority_lacks(
    answers: Answers, wanted: str, meta: dict[str, Any], said: str
) -> None:
    answers.say(URL, {"meta": meta})
    found = Directory(Authority(URL, (), profile=wanted)).lacks_profile()
    assert bool(answers.asked) == bool(wanted)
    assert found.startswith(said)
    assert bool(found) == bool(said)
    answers.fail(URL, OSError("no route"))
    assert Directory(Authority(URL, (), profile=wanted)).lacks_profile() == ""
