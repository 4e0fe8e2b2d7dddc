"""A real Thunderbird sets an account up of a domain that came by SQL, without a play."""

from __future__ import annotations

import base64
import json
import time

from e2e.lab import KEPT, PASSWORD, ROOT, Client, Network
from support.sources_lab import EVERY, PATIENCE, THIRTEEN, add, plain, remove, seconds_until

DOMAIN = "new.customers.test"
HOST = "mail.corp.deb13.test"
TLS, STARTTLS = 3, 2  # nsMsgSocketType


def test_domain_that_came_by_sql(network: Network) -> None:
    profile = {"authorities": network.authorities(), "preferences": {}}
    source = (ROOT / "tests/e2e/thunderbird.py").read_text()
    client = Client(network, "thunderbird", ["python3", "-c", source, json.dumps(profile)])
    address = f"user.name@{DOMAIN}"
    try:
        assert client.ask(["find", address]) is None
        add(DOMAIN)
        seconds_until(lambda: plain(THIRTEEN, DOMAIN) == 200, EVERY + PATIENCE)
        time.sleep(1)  # until then each worker has seen it
        made = client.ask(["set_up", address, PASSWORD])
        logins = client.logins()
    finally:
        client.close()
        remove(DOMAIN)
    KEPT.mkdir(parents=True, exist_ok=True)
    for step, screenshot in made["screenshots"].items():
        KEPT.joinpath(f"sources-{step}.png").write_bytes(base64.b64decode(screenshot))
    assert made["found"] == ["imap", HOST, "993", HOST, "587"]
    assert made["accounts"] == [
        [address, ["imap", HOST, 993, TLS, address], ["smtp", HOST, 587, STARTTLS, address]]
    ]
    assert set(logins) == {f"imap {address}"}
