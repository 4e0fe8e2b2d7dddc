from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mail_autoconfig.sites.settings import NamesError

from .host import CERTIFICATE, SRV, Played, names_of


def test_names_come_and_go(host: Played) -> None:
    host.fill(**{"a.test": CERTIFICATE, "b.test": SRV})
    report = host.run()
    assert (report.changed, report.names, report.certificates) == (True, 2, 1)
    assert host.served() == names_of(["a.test"])
    assert host.assigned() == {"mail-autoconfig-sources": ["a.test"]}
    host.fill(**{"b.test": SRV})
    report = host.run()
    assert (report.changed, report.names, report.certificates) == (True, 0, 0)
    assert (host.served(), host.assigned()) == (set(), {})


def test_second_run_changes_nothing(host: Played) -> None:
    host.fill(**{"a.test": CERTIFICATE})
    assert host.run(dry=True).changed
    assert not (host.files.state / "nginx.conf").exists()
    host.run()
    assert not host.run(dry=True).changed
    assert not host.run().changed
    assert host.reloads == 1


def test_each_server_is_asked_where_this_host_can_ask(host: Played) -> None:
    host.fill(**{f"{name}.test": CERTIFICATE for name in "abc"})
    host.run()
    assert [(place.port, name) for place, name in host.asked] == [
        (80, "autodiscover.a.test"),
        (443, "autodiscover.a.test"),
        (443, "autodiscover.c.test"),
    ]


def test_domain_stays_on_its_certificate(host: Played) -> None:
    host.fill(**{f"{name}.test": CERTIFICATE for name in "bcd"})
    host.run()
    before = host.assigned()
    host.fill(**{f"{name}.test": CERTIFICATE for name in "abcde"})
    host.run()
    assert before == {
        "mail-autoconfig-sources": ["b.test", "c.test"],
        "mail-autoconfig-sources-2": ["d.test"],
    }
    assert host.assigned() == {
        "mail-autoconfig-sources": ["b.test", "c.test"],
        "mail-autoconfig-sources-2": ["d.test", "a.test"],
        "mail-autoconfig-sources-3": ["e.test"],
    }


def test_placeholder_until_there_is_a_certificate(host: Played) -> None:
    host.fill(**{"a.test": CERTIFICATE})
    host.run()
    link = host.settings.tls_directory / "mail-autoconfig-sources"
    assert link.readlink() == host.settings.tls_directory / "placeholder"
    live = host.directory / "live"
    live.mkdir()
    (live / "fullchain.pem").touch()
    link.unlink()
    link.symlink_to(live)
    host.fill(**{"a.test": CERTIFICATE, "b.test": CERTIFICATE})
    host.run()
    assert link.readlink() == live


def test_inventory_wins(host: Played) -> None:
    """And its domain keeps its names while it moves from a source."""
    host.fill(**{"a.test": CERTIFICATE})
    host.run()
    host.own = [{"name": "a.test", **CERTIFICATE}]
    host.fill(**{"b.test": CERTIFICATE})
    host.run()
    assert host.served() == names_of(["a.test", "b.test"])
    host.serve("auto.example.org", *names_of(["a.test"]))
    host.run()
    assert host.served() == names_of(["b.test"])


def test_name_of_another_site_is_left_to_it(host: Played) -> None:
    host.theirs = "server { server_name autodiscover.a.test other.test; } # server_name b.test;"
    host.fill(**{"a.test": CERTIFICATE})
    report = host.run()
    assert host.served() == {"autoconfig.a.test"}
    assert report.left_out == {"autodiscover.a.test": "another site of this nginx serves it"}
    assert not host.run().changed
    assert not (host.files.state / "store").exists()  # so that each run looks again
    host.theirs = ""
    assert host.run().changed
    assert host.served() == names_of(["a.test"])
    assert (host.files.state / "store").exists()


@pytest.mark.parametrize("fault", ["broken", "unproven"])
def test_what_was_there_stays_where_nginx_fails(host: Played, fault: str) -> None:
    host.fill(**{"a.test": CERTIFICATE})
    host.run()
    text, assigned, stamp = host.text(), host.assigned(), host.files.state / "store"
    assert stamp.exists()
    host.fill(**{f"{name}.test": CERTIFICATE for name in "abcd"})
    setattr(host, fault, "[emerg] whatever")
    report = host.run()
    assert report.problem == "nginx: [emerg] whatever; what was there stays"
    assert (report.changed, report.names, report.certificates) == (False, 2, 1)
    assert (host.text(), host.assigned()) == (text, assigned)
    assert [*host.settings.tls_directory.glob("mail*")] == [
        host.settings.tls_directory / "mail-autoconfig-sources"
    ]
    assert not stamp.exists()  # the next run of the sources tries again
    setattr(host, fault, "")
    assert host.run().changed
    assert host.served() == names_of(["a.test", "b.test", "c.test", "d.test"])


def test_run_that_broke_off_is_made_again(host: Played) -> None:
    host.fill(**{"a.test": CERTIFICATE})
    host.run()
    (host.files.state / "in-force").unlink()
    assert host.run().changed
    assert not host.run().changed


def test_store_that_is_gone_takes_nothing_away(host: Played) -> None:
    assert not host.run().problem  # there was none yet
    host.fill(**{"a.test": CERTIFICATE})
    host.run()
    host.files.store.unlink()
    assert "there is none any more" in host.run().problem
    host.files.store.write_text("no store")
    assert "what was there stays" in host.run().problem
    with pytest.raises(NamesError):
        host.run(dry=True)
    assert host.served() == names_of(["a.test"])


def test_stamp_is_as_old_as_the_store_that_was_read(host: Played) -> None:
    host.fill(**{"a.test": CERTIFICATE})
    host.run()
    stamp = host.files.state / "store"
    assert stamp.stat().st_mtime_ns == host.files.store.stat().st_mtime_ns


def test_behind_a_proxy_no_certificates(host: Played) -> None:
    host.behind_a_proxy()
    host.fill(**{"a.test": CERTIFICATE})
    report = host.run()
    assert (report.names, report.certificates) == (2, 0)
    assert host.served() == names_of(["a.test"])
    assert "ssl_certificate" not in host.text()
    assert not list(host.settings.tls_directory.glob("mail*"))


def test_role_that_has_not_run_yet(host: Played) -> None:
    host.settings = replace(host.settings, site=Path("/nowhere"))
    host.fill(**{"a.test": CERTIFICATE})
    assert "No such file" in host.run().problem


def test_another_host_decides_which_name_is_on_which_certificate(host: Played) -> None:
    host.receives({"mail-autoconfig-sources-2": {"b.test": names_of(["b.test"])}})
    host.fill(**{f"{name}.test": CERTIFICATE for name in "ab"})
    report = host.run()
    assert (report.names, report.certificates) == (4, 1)
    assert host.served() == names_of(["a.test", "b.test"])
    assert host.assigned() == {"mail-autoconfig-sources-2": ["b.test"]}
    # Not received yet.
    link = host.settings.tls_directory / "mail-autoconfig-sources-2"
    assert link.resolve() == host.settings.tls_directory / "placeholder"
    assert {name for place, name in host.asked if place.tls} <= names_of(["b.test"])
    assert not host.run().changed
    # The rest comes; then another order, and the certificate that never came is forgotten.
    host.receives({"mail-autoconfig-sources": {f"{n}.test": names_of([f"{n}.test"]) for n in "ab"}})
    assert host.run().changed
    assert host.assigned() == {"mail-autoconfig-sources": ["a.test", "b.test"]}
    assert not link.is_symlink()


def test_received_names_are_checked_as_all_others(host: Played) -> None:
    """None that this host has not read, that is the inventory's, or that another site has."""
    host.theirs = "server { server_name autodiscover.b.test; }"
    host.serve("auto.example.org", *names_of(["a.test"]))
    listed = {f"{name}.test": names_of([f"{name}.test"]) for name in "abc"}
    host.receives({"mail-autoconfig-sources": listed | {"bank.test": ["www.bank.test"]}})
    host.fill(**{f"{name}.test": CERTIFICATE for name in "ab"})
    host.run()
    assert host.served() == {"autoconfig.b.test"}
    assert host.assigned() == {"mail-autoconfig-sources": ["b.test"]}


def test_domain_that_goes_needs_no_new_assignment(host: Played) -> None:
    host.receives({"mail-autoconfig-sources": {"a.test": names_of(["a.test"])}})
    host.fill(**{"a.test": CERTIFICATE})
    host.run()
    host.fill(**{"b.test": SRV})
    host.run()
    assert (host.served(), host.assigned()) == (set(), {})


def test_host_that_decided_before_goes_on_until_it_receives(host: Played) -> None:
    host.fill(**{"a.test": CERTIFICATE})
    host.run()
    host.receives(None)
    assert not host.run().changed
    host.receives({})
    assert host.run().changed
    assert (host.served(), host.assigned()) == (names_of(["a.test"]), {})


def test_assignment_that_can_not_be_read(host: Played) -> None:
    host.receives({"mail-autoconfig-sources": {"a.test": names_of(["a.test"])}})
    host.fill(**{"a.test": CERTIFICATE})
    host.run()
    stamp = host.files.state / "received"
    assert host.settings.received
    assert stamp.stat().st_mtime_ns == host.settings.received.stat().st_mtime_ns
    host.settings.received.write_text("{")
    assert "what was there stays" in host.run().problem
    assert not stamp.exists()  # so that the next run of the sources tries again
    assert host.assigned() == {"mail-autoconfig-sources": ["a.test"]}


def test_what_comes_during_a_run_is_put_in_force_too(
    host: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A unit that is started while it runs is not started once more."""
    host.receives({})
    host.fill(**{"a.test": CERTIFICATE})
    prove = Played._prove

    def receive(self: Played, *asked: Any) -> str:
        if not (host.files.state / "certificates.json").exists():
            host.receives({"mail-autoconfig-sources": {"a.test": names_of(["a.test"])}})
        return prove(self, *asked)

    monkeypatch.setattr(Played, "_prove", receive)
    report = host.run()
    assert (report.changed, report.certificates) == (True, 1)
    assert host.assigned() == {"mail-autoconfig-sources": ["a.test"]}
    assert not host.run().changed
