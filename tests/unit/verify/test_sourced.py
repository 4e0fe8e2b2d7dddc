from __future__ import annotations

import json
from pathlib import Path

import pytest

from mail_autoconfig.inventory.read import ConfigurationError
from mail_autoconfig.store.entry import Entry
from mail_autoconfig.store.write import write
from mail_autoconfig.verify.sourced import load

CERTIFICATE = {"provider": "gandi", "discovery": "certificate"}


def test_domain_that_is_not_in_nginx_yet_is_not_asked_for(tmp_path: Path) -> None:
    file, store, named = tmp_path / "config.json", tmp_path / "store", tmp_path / "nginx.conf"
    raw = {"generic_host": "auto.test", "domains": [{"name": "own.test", **CERTIFICATE}]}
    file.write_text(json.dumps(raw))
    own = load(file, None, None)
    assert ([*own.configuration.domains], own.count) == (["own.test"], 1)
    given = {"new.test": CERTIFICATE, "old.test": CERTIFICATE, "srv.test": {"provider": "gandi"}}
    given["srv.test"]["discovery"] = "srv"
    write(store, {}, [Entry(name, "x", keys) for name, keys in given.items()])
    named.write_text("server {\n    server_name autodiscover.old.test;\n}\n")
    asked = load(file, store, named)
    assert [*asked.configuration.domains] == ["own.test", "old.test", "srv.test"]
    assert (asked.sourced, asked.count) == (frozenset({"old.test", "srv.test"}), 4)
    # Or the assignment.
    names = {"old.test": ["autodiscover.old.test"]}
    named.write_text(json.dumps({"mail-autoconfig-sources": names}))
    assert load(file, store, named).sourced == {"old.test", "srv.test"}
    assert load(file, store, tmp_path / "none").sourced == {"srv.test"}
    store.write_text("no store")
    with pytest.raises(ConfigurationError, match="not a store"):
        load(file, store, named)
