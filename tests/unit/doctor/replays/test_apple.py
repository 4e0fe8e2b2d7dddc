from __future__ import annotations

import asyncio
import plistlib

import pytest

from mail_autoconfig.doctor.replays.apple import replay_apple
from support.answers import Reply

from ..conftest import DOMAIN, MAIL, World

URL = f"https://autoconfig.{DOMAIN}/email.mobileconfig"
NONE = "no profile with a mail account"
ENTITY = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><plist>&a;</plist>'
TYPE = {"Content-Type": "application/x-apple-aspen-config"}


def profile(port: float) -> bytes:
    mail = {
        "PayloadType": "com.apple.mail.managed",
        "EmailAccountType": "EmailTypeIMAP",
        **{f"{side}MailServerHostName": MAIL for side in ("Incoming", "Outgoing")},
        **{f"{side}MailServerPortNumber": port for side in ("Incoming", "Outgoing")},
    }
    return plistlib.dumps({"PayloadContent": [mail]})


def test_profile(world: World) -> None:
    world.serve()
    outcome = asyncio.run(replay_apple(world.case()))
    assert (outcome.verdict, outcome.source) == ("asks", URL)
    assert [(s.type, s.host, s.port, s.security, s.username) for s in outcome.settings] == [
        ("imap", MAIL, 993, "tls", f"user@{DOMAIN}"),
        ("smtp", MAIL, 587, "starttls", f"user@{DOMAIN}"),
    ]


def test_signed_profile(world: World) -> None:
    """The property list is between octets of the signature."""
    world.serve()
    plain = asyncio.run(replay_apple(world.case())).exchanges[0].body
    world.replies[URL] = Reply(200, TYPE, b"\x30\x82\x00\x01" + plain + b"\x00\xff")
    assert asyncio.run(replay_apple(world.case())).verdict == "asks"


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (Reply(404, {}, b""), "status 404"),
        (Reply(200, {}, b"x"), "content type missing"),
        (Reply(200, TYPE, b"x"), NONE),
        (
            Reply(200, TYPE, plistlib.dumps({"PayloadContent": []})),
            "no profile with a mail account",
        ),
        (Reply(200, TYPE, plistlib.dumps([])), NONE),
        (Reply(200, TYPE, profile(99999)), NONE),
        (Reply(200, TYPE, profile(float("inf"))), NONE),
        (Reply(200, TYPE, profile(1).replace(b"integer>", b"date>")), NONE),
        (Reply(200, TYPE, b"<?xml " * 40_000), NONE),  # at once: not each with all that follows
        (
            Reply(
                200, TYPE, b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><plist>&a;</plist>'
            ),
            "no profile with a mail account",
        ),
    ],
)
def test_no_profile(world: World, reply: Reply, why: str) -> None:
    world.replies[URL] = reply
    outcome = asyncio.run(replay_apple(world.case()))
    assert (outcome.verdict, outcome.gravity) == ("fails", "ok")
    assert outcome.why.endswith(f"GET {URL}: {why}")
