from __future__ import annotations

import asyncio

import pytest

from mail_autoconfig.answers.pacc import txt_record
from mail_autoconfig.doctor.replays.records import replay_pacc, replay_srv
from mail_autoconfig.formats.words import PACC_PATH
from mail_autoconfig.inventory.read import parse
from mail_autoconfig.zones.records import quoted
from support.answers import Reply

from ..conftest import DOMAIN, MAIL, SERVERS, World

TLS_SERVERS = [{"type": "imap", "host": MAIL}, {"type": "smtp", "host": MAIL}]
DOCUMENT = f"https://ua-auto-config.{DOMAIN}{PACC_PATH}"
RECORD = f"_ua-auto-config.{DOMAIN} TXT"


def test_srv(world: World) -> None:
    world.names.known[f"_imaps._tcp.{DOMAIN} SRV"] = ["5 0 994 other.test.", f"0 1 993 {MAIL}."]
    world.names.known[f"_submission._tcp.{DOMAIN} SRV"] = [f"0 1 587 {MAIL}."]
    outcome = asyncio.run(replay_srv(world.case()))
    assert [(s.type, s.host, s.port, s.security) for s in outcome.settings] == [
        ("imap", MAIL, 993, "tls"),
        ("smtp", MAIL, 587, "starttls"),
    ]
    assert outcome.verdict == "found"
    assert len(outcome.lookups) == 6


@pytest.mark.parametrize(
    ("records", "there"),
    [({}, "none"), ({"_imaps": "993 m.test."}, "imap"), ({"_imaps": "0 ."}, "none")],
)
def test_srv_that_is_not_enough(world: World, records: dict[str, str], there: str) -> None:
    for label, target in records.items():
        world.names.known[f"{label}._tcp.{DOMAIN} SRV"] = [f"0 0 {target}"]
    outcome = asyncio.run(replay_srv(world.case()))
    assert outcome.verdict == "fails"
    assert outcome.why.endswith(f"there are: {there}")


def test_pacc(world: World) -> None:
    raw = {"name": DOMAIN, "servers": TLS_SERVERS, "pacc": True}
    world.serve(raw)
    record = txt_record(parse({"domains": [raw]}).domains[DOMAIN])
    world.names.known[RECORD] = [quoted(record)]
    outcome = asyncio.run(replay_pacc(world.case()))
    assert (outcome.verdict, outcome.source) == ("found", DOCUMENT)
    assert [(s.type, s.port) for s in outcome.settings] == [("imap", 993), ("smtp", 465)]


@pytest.mark.parametrize(
    ("record", "body", "why"),
    [
        (None, None, "no TXT record with v=UAAC1 at _ua-auto-config"),
        ('"v=UAAC1; a=sha256; d=AAAA"', None, "the TXT record's digest is not the document's"),
        ('"v=UAAC1"', b"[]", "no JSON document of PACC"),
        ('"v=UAAC1"', b'{"protocols": {}}', "no mail server in the document"),
        ('"v=UAAC1"', b'{"protocols": {"imap": 1}}', "no JSON document of PACC"),
        ('"v=UAAC1"', b"[" * 100_000, "no JSON document of PACC"),
    ],
)
def test_pacc_that_is_not_right(
    world: World, record: str | None, body: bytes | None, why: str
) -> None:
    world.serve({"name": DOMAIN, "servers": SERVERS, "pacc": True})
    if record:
        world.names.known[RECORD] = [record]
    if body:
        world.replies[DOCUMENT] = Reply(200, {}, body)
    outcome = asyncio.run(replay_pacc(world.case()))
    assert (outcome.verdict, outcome.why) == ("fails", f"GET {DOCUMENT}: {why}")
