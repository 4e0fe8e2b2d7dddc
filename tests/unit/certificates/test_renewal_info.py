from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import Message
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest

from mail_autoconfig.certificates.certbot import Authority
from mail_autoconfig.certificates.directory import Directory
from mail_autoconfig.certificates.ledger import HOUR
from mail_autoconfig.certificates.orders import DAY, Lineage, Window
from mail_autoconfig.certificates.renewal_info import RenewalInfo, parse, seconds
from support.acme import Answers

URL = "https://acme.test/dir"
INFO = "https://acme.test/info"
NOW = 1_800_000_000.0
OURS = Lineage(frozenset({"a.test"}), URL, NOW - 10 * DAY, NOW + 80 * DAY, identifier="k.1")


def stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")


def suggested(begins: float, ends: float, **more: Any) -> dict[str, Any]:
    return {"suggestedWindow": {"start": stamp(begins), "end": stamp(ends)}, **more}


WINDOW = Window(NOW + DAY, NOW + 2 * DAY)
SUGGESTED = suggested(WINDOW.begins, WINDOW.ends)


class Host:
    """A host whose authority is asked in one run after the other."""

    def __init__(self, answers: Answers, directory: Path) -> None:
        self.answers = answers
        self.path = directory / "renewal-info.json"
        self.now = NOW
        answers.say(URL, {"renewalInfo": INFO})

    def run(self, *lineages: Lineage, dry: bool = False) -> list[Window | None]:
        """The windows of the certificates in a run."""
        asks = RenewalInfo(Directory(Authority(URL, ())), self.path, lambda: self.now, dry=dry)
        found = asks({str(number): each for number, each in enumerate(lineages or (OURS,))})
        return [each.window for each in found.values()]

    def asked(self) -> list[str]:
        """The certificates that were asked for since the last time."""
        found = [url.removeprefix(f"{INFO}/") for url in self.answers.asked if url != URL]
        self.answers.asked.clear()
        return found


@pytest.fixture
def host(answers: Answers, tmp_path: Path) -> Host:
    return Host(answers, tmp_path)


def refusal(status: int, **headers: str) -> HTTPError:
    message = Message()
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    return HTTPError(INFO, status, "no", message, None)


def test_window_of_each_certificate(host: Host) -> None:
    host.answers.say(f"{INFO}/k.1", SUGGESTED)
    other = Window(NOW - DAY, NOW, "https://acme.test/why")
    raw = suggested(other.begins, other.ends, explanationURL=other.explanation)
    host.answers.say(f"{INFO}/k.2", raw)
    second = Lineage(OURS.names, URL, OURS.begins, OURS.ends, identifier="k.2")
    assert host.run(OURS, second) == [WINDOW, other]
    assert sorted(host.asked()) == ["k.1", "k.2"]


@pytest.mark.parametrize(
    "lineage",
    [
        Lineage(OURS.names, URL, OURS.begins, OURS.ends),  # its authority has no key identifier
        Lineage(OURS.names, "https://other.test/dir", OURS.begins, OURS.ends, identifier="k.1"),
        Lineage(OURS.names, URL, NOW - 90 * DAY, NOW - 1, identifier="k.1"),
    ],
    ids=["unknown", "of another authority", "expired"],
)
def test_certificate_that_is_not_asked_for(host: Host, lineage: Lineage) -> None:
    assert host.run(lineage) == [None]
    assert host.answers.asked == []
    assert not host.path.exists()


def test_retry_after_is_kept_across_runs(host: Host) -> None:
    host.answers.say(f"{INFO}/k.1", SUGGESTED, {"Retry-After": "7200"})
    assert host.run() == [WINDOW]
    host.answers.say(f"{INFO}/k.1", suggested(NOW, NOW + 1))
    host.now += 1.9 * HOUR
    assert host.run() == [WINDOW]
    assert host.asked() == ["k.1"]
    host.now += 0.2 * HOUR
    assert host.run() == [Window(NOW, NOW + 1)]
    assert host.asked() == ["k.1"]


def test_nothing_is_kept_of_a_rehearsal_or_of_what_is_gone(host: Host) -> None:
    host.answers.say(f"{INFO}/k.1", SUGGESTED)
    host.answers.say(f"{INFO}/k.2", SUGGESTED)
    assert host.run(dry=True) == [WINDOW]
    assert not host.path.exists()
    host.run()
    assert list(json.loads(host.path.read_text())) == ["k.1"]
    host.run(Lineage(OURS.names, URL, OURS.begins, OURS.ends, identifier="k.2"))
    assert list(json.loads(host.path.read_text())) == ["k.2"]


def test_clock_that_was_wrong(host: Host) -> None:
    """A run in the far future keeps no later one from asking."""
    host.answers.say(f"{INFO}/k.1", SUGGESTED)
    host.now += 50 * DAY
    host.run()
    host.now = NOW
    host.run()
    assert host.asked() == ["k.1", "k.1"]


def test_authority_without_renewal_info(host: Host) -> None:
    host.answers.say(f"{INFO}/k.1", SUGGESTED)
    host.run()
    host.answers.say(URL, {"newOrder": "x"})
    host.asked()
    assert host.run() == [None]
    assert host.asked() == []


FAILURES = {
    "no route": OSError("no route"),
    "unknown": refusal(404),
    "ill": refusal(503, Retry_After="120"),
}


@pytest.mark.parametrize("error", FAILURES.values(), ids=FAILURES)
def test_authority_that_does_not_say(host: Host, error: Exception) -> None:
    """No failure; what it said before still counts."""
    host.answers.fail(f"{INFO}/k.1", error)
    assert host.run() == [None]
    host.answers.say(f"{INFO}/k.1", SUGGESTED)
    host.now += 13 * HOUR
    assert host.run() == [WINDOW]
    host.answers.fail(f"{INFO}/k.1", error)
    host.now += 13 * HOUR
    assert host.run() == [WINDOW]
    host.answers.fail(URL, OSError("no route"))
    assert host.run() == [WINDOW]
    host.path.write_text("half a l")
    assert host.run() == [None]


def test_error_can_say_when_to_ask_again(host: Host) -> None:
    host.answers.fail(f"{INFO}/k.1", refusal(503, Retry_After="120"))
    for later in 0, 119, 2:
        host.now += later
        host.run()
    assert host.asked() == ["k.1", "k.1"]


def test_authority_that_is_silent_is_not_asked_for_each(host: Host) -> None:
    lineages = [
        Lineage(OURS.names, URL, OURS.begins, OURS.ends, identifier=f"k.{number}")
        for number in range(200)
    ]
    for each in lineages:
        host.answers.fail(f"{INFO}/{each.identifier}", TimeoutError())
    assert host.run(*lineages) == [None] * 200
    assert 1 <= len(host.asked()) <= 16


def test_base_may_end_with_a_slash(host: Host) -> None:
    host.answers.say(URL, {"renewalInfo": f"{INFO}/"})
    host.answers.say(f"{INFO}/k.1", SUGGESTED)
    assert host.run() == [WINDOW]


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"suggestedWindow": []},
        {"suggestedWindow": {"start": "2027-01-01T00:00:00Z"}},
        {"suggestedWindow": {"start": "2027-01-01T00:00:00Z", "end": "soon"}},
        {"suggestedWindow": {"start": "2027-01-01T00:00:00Z", "end": "2026-01-01T00:00:00Z"}},
        {"suggestedWindow": {"start": "2027-01-01T00:00:00", "end": "2027-01-02T00:00:00"}},
        {"suggestedWindow": {"start": 1, "end": 2}},
    ],
)
def test_answer_that_is_none(host: Host, content: Mapping[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"^(no |Invalid isoformat)"):
        parse(content)
    host.answers.say(f"{INFO}/k.1", content)
    assert host.run() == [None]


def test_times_of_rfc_3339() -> None:
    raw = {"start": "2027-01-02T04:00:00.123456789Z", "end": "2027-01-02T06:00:00+01:00"}
    found = parse({"suggestedWindow": raw})
    assert found.ends - found.begins == pytest.approx(3600, abs=1)


@pytest.mark.parametrize(
    ("url", "shown"),
    [("https://a.test/why", "https://a.test/why"), ("a\nb", ""), (7, ""), (None, "")],
)
def test_explanation(url: object, shown: str) -> None:
    assert parse(SUGGESTED | {"explanationURL": url}).explanation == shown


@pytest.mark.parametrize(
    ("wait", "found"),
    [
        ("21600", 21600),
        ("1", 60),
        ("99999999", DAY),
        ("", 6 * HOUR),
        ("later", 6 * HOUR),
        (format_datetime(datetime.fromtimestamp(NOW + 7200, UTC), usegmt=True), 7200),
    ],
)
def test_seconds(wait: str, found: float) -> None:
    assert seconds(wait, NOW) == found
