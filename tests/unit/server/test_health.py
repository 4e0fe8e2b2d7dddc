from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

from mail_autoconfig import __version__
from mail_autoconfig.inventory.read import parse
from mail_autoconfig.server import health
from mail_autoconfig.store.file import digest_of
from mail_autoconfig.store.read import Store
from support import answers
from support.stored import move_to_store

CONFIGURATION = parse(answers.configuration())


def state(store: Store | None) -> Any:
    return json.loads(health.state(CONFIGURATION, "program", store))


def test_without_a_store() -> None:
    assert state(None) == {
        "status": "ok",
        "domains": len(CONFIGURATION),
        "configuration": "",
        "program": "program",
        "version": __version__,
    }


def test_that_it_will_stop() -> None:
    found = json.loads(health.state(CONFIGURATION, "program", None, draining=True))
    assert found["status"] == "draining"


def test_store_in_force(tmp_path: Path) -> None:
    path = tmp_path / "store"
    with closing(Store(path, pause=0)) as store:
        assert state(store)["store"] == {"domains": 0, "digest": "", "problem": ""}
        move_to_store(path, answers.configuration())
        right = {"domains": len(CONFIGURATION), "digest": digest_of(path), "problem": ""}
        assert state(store)["store"] == right
        path.write_bytes(b"no database")
        assert state(store)["store"] == right | {"problem": "not a store"}
