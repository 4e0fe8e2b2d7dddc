from __future__ import annotations

import json
import multiprocessing
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from mail_autoconfig.inventory.fields import ConfigurationError
from mail_autoconfig.sources import reading
from mail_autoconfig.sources import update as module
from mail_autoconfig.sources.report import load

from .host import Host, news
from .samples import ACME, SRV, raw

AT = "2027-01-15 08:01:00 UTC"
LOGINS = "SELECT address, name FROM login"


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def from_customers(names: Iterable[str]) -> dict[str, str]:
    return dict.fromkeys(sorted(names), "customers")


TEN = [f"d{number}.example" for number in range(10)]


def test_domain_comes_and_goes(host: Host) -> None:
    host.has("a.example", "B.example")
    assert host.run() == []
    assert host.domains == from_customers(["a.example", "b.example"])
    host.has("a.example", "c.example")
    assert host.run() == []
    assert host.domains == from_customers(["a.example", "c.example"])


def test_nothing_changed_nothing_written(host: Host) -> None:
    host.has("a.example", "b.example")
    host.run()
    inode = host.inode
    host.has("b.example", "a.example")
    assert host.run() == []
    assert host.inode == inode


@pytest.mark.parametrize(
    "harm",
    [
        pytest.param(lambda store: store.unlink(), id="gone"),
        pytest.param(lambda store: store.write_bytes(store.read_bytes()[:-1]), id="broken"),
        pytest.param(lambda store: store.write_bytes(b"SQLite format 3"), id="another format"),
    ],
)
def test_store_that_nobody_can_read_is_written_again(harm: Any, host: Host) -> None:
    host.has("a.example")
    host.run()
    harm(host.paths.store)
    assert host.run() == []
    assert host.domains == from_customers(["a.example"])


def test_store_that_nobody_can_read_is_written_however_few_domains_are_left(host: Host) -> None:
    host.has(*TEN)
    host.run()
    host.paths.store.write_bytes(b"")
    host.configure(generic_host="")  # none of them can be found then
    assert len(host.run()) == len(TEN)
    assert host.domains == {}


def test_inventory_wins_and_its_change_is_seen(host: Host) -> None:
    host.has("a.example", "b.example")
    host.run()
    host.configure("A.example")
    assert host.run() == []
    assert host.domains == from_customers(["b.example"])
    assert load(host.paths.state).sources["customers"].in_inventory == 1


def test_two_sources(host: Host) -> None:
    first = raw(name="first", url=host.has("a.example", file="first.db"))
    second = raw(name="second", url=host.has("a.example", "b.example", file="second.db"))
    host.read_from(first, second)
    assert host.run() == ["second: left out: a.example: first has it"]
    assert host.domains == {"a.example": "first", "b.example": "second"}
    assert host.run() == []  # said once
    host.read_from(second)
    assert host.run() == []
    assert host.domains == {"a.example": "second", "b.example": "second"}
    assert sorted(path.name for path in host.paths.state.iterdir()) == [
        "report.json",
        "second.jsonl",
    ]


# One that takes its time


@pytest.fixture
def hanging(host: Host, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A source that hangs, or did; it is read within four seconds, the others each second."""
    monkeypatch.setattr(reading, "_GRACE", 0)
    monkeypatch.setattr(module, "interval", lambda _sources: 1)
    return host.hangs(name="hanging", timeout=4)


def give(host: Host, *names: str) -> None:
    """What the hanging source has, for the reader that waits for it; nothing where none does."""
    with suppress(OSError):
        descriptor = os.open(host.directory / "fifo", os.O_WRONLY | os.O_NONBLOCK)
        os.write(descriptor, "".join(f"{name}\n" for name in names).encode())
        os.close(descriptor)


def test_one_that_hangs_keeps_no_other_waiting(host: Host, hanging: dict[str, Any]) -> None:
    """They are answered at once, and read again while it hangs."""
    host.read_from(hanging, raw(url=host.has("a.example"), every=10))
    said: list[str] = []
    changed = False
    for step in host.steps():
        said += news(step)
        if step.waiting == {"hanging"}:
            assert "a.example" in host.domains
            if not changed:
                host.has("a.example", "b.example")
                host.now += 10
                changed = True
    assert changed
    assert host.domains == from_customers(["a.example", "b.example"])
    assert [*dict.fromkeys(said)] == [
        "hanging: not read: not done within 4 seconds; nothing was read from it yet"
    ]


def test_one_that_takes_its_time_is_believed(host: Host, hanging: dict[str, Any]) -> None:
    host.read_from(hanging, raw(url=host.has("a.example")))
    for step in host.steps():
        if step.waiting == {"hanging"}:
            give(host, "slow.example")
            assert host.domains == from_customers(["a.example"])
    assert host.domains == {"a.example": "customers", "slow.example": "hanging"}
    assert [step.found.problems for step in host.steps() if not step.waiting] == [[]]


def test_run_ends_though_another_one_hangs_later(host: Host, hanging: dict[str, Any]) -> None:
    """The next run begins with it again; the others would have to wait until it is given up."""
    later = host.directory / "later"
    later.write_text("later.example\n")
    query = {**hanging["domains"], "path": str(later)}
    own = {"name": "later", "domains": query, "every": 10, "timeout": 60}
    host.read_from({**hanging, "every": 10}, {**hanging, **own})
    host.run()
    begun = time.monotonic()
    later_hangs = 0
    for step in host.steps():
        host.now += 10
        if not later_hangs:
            later.unlink()
            os.mkfifo(later)
        later_hangs += "later" in step.waiting
        assert time.monotonic() - begun < 20
    assert later_hangs
    assert not step.found.sources["later"].problem  # it had no time to fail
    assert step.found.sources["later"].tried < host.now - 10


def test_replaced_one_stays_until_the_new_one_is_read(host: Host, hanging: dict[str, Any]) -> None:
    host.has("a.example")
    host.run()
    host.read_from(hanging)
    steps = [step.found.problems for step in host.steps()]
    assert steps[0] == []
    assert steps[-1][0].startswith("hanging was never read, and customers is no source any more")
    assert host.domains == from_customers(["a.example"])


def test_what_is_accepted_is_so_once_it_is_read(host: Host, hanging: dict[str, Any]) -> None:
    """While it is being read, what the one before it gave stays."""
    host.has("a.example")
    host.run()
    host.read_from(hanging)
    for step in host.steps(["hanging"]):
        if step.waiting:
            assert host.domains == from_customers(["a.example"])
            give(host, "new.example")
    assert host.domains == {"new.example": "hanging"}


def test_store_of_another_program_is_written_before_all_is_read(
    host: Host, hanging: dict[str, Any]
) -> None:
    """From what the sources gave last: one that hangs would leave all without an answer."""
    host.has("a.example")
    host.run()
    host.paths.store.write_bytes(b"of another format")
    host.read_from(raw(url=f"sqlite:///{host.directory}/customers.db"), hanging)
    steps = host.steps()
    assert "hanging" in next(steps).waiting
    assert host.domains == from_customers(["a.example"])
    del steps  # ends it
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize("accepted", [(), ("hanging",)])
def test_what_was_read_with_other_settings_is_read_again(
    accepted: Any, host: Host, hanging: dict[str, Any]
) -> None:
    """A run does not know those that come while it lasts, and begins nothing with the old ones."""
    quick = raw(url=host.has("a.example"), every=3600)
    host.read_from({**hanging, "every": 10}, quick)
    host.run()
    host.now += 3600
    for _step in host.steps(accepted):
        host.now += 1
        if "new.db" not in host.paths.settings.read_text():
            new = raw(url=host.has("a.example", "b.example", file="new.db"), every=3600)
            host.read_from({**hanging, "every": 10}, new)
            os.utime(host.paths.settings, (host.now, host.now))
    report = host.paths.state / "report.json"
    assert host.paths.settings.stat().st_mtime > report.stat().st_mtime  # the role looks at that
    assert "b.example" not in host.domains
    host.run()
    assert "b.example" in host.domains


def test_settings_that_come_while_another_run_lasts(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those in force once it has ended count."""

    @contextmanager
    def locked(_directory: Path) -> Iterator[None]:
        host.now += 60
        host.read_from(raw(url=host.has("b.example")))
        yield

    begun = host.now
    monkeypatch.setattr(module, "locked", locked)
    [*host.steps()]
    assert host.domains == from_customers(["b.example"])
    assert load(host.paths.state).sources["customers"].tried == begun


def test_what_is_accepted_counts_though_another_one_hangs(
    host: Host, hanging: dict[str, Any]
) -> None:
    host.read_from(raw(url=host.has(*TEN), every=10), {**hanging, "every": 10})
    host.run()
    host.configure(providers={})
    assert len({*host.run()}) == 2  # nothing of the first is believed, and the other hangs
    assert len(host.domains) == len(TEN)
    host.run("customers")
    assert host.domains == {}


def test_two_are_accepted_and_one_is_slow(host: Host, hanging: dict[str, Any]) -> None:
    host.has("a.example")
    host.run()
    host.read_from(raw(name="down"), hanging)
    assert not any("no source any more" in line for line in host.run("down", "hanging"))
    assert host.domains == {}


def test_store_that_was_not_written_waits_for_none(host: Host, hanging: dict[str, Any]) -> None:
    host.read_from(raw(url=host.has(*TEN), every=10), {**hanging, "every": 10})
    host.run()
    host.configure(providers={})
    host.run()
    host.configure()
    host.has(*TEN, "new.example")
    waited = [s.waiting for s in host.steps() if "new.example" in host.domains]
    assert waited[0] == {"hanging"}


def test_acceptance_is_for_one_reading(host: Host, hanging: dict[str, Any]) -> None:
    host.read_from({**hanging, "every": 3600}, raw(url=host.has(*TEN), every=10))
    host.run()
    host.has(*TEN[:3])
    said = []
    for step in host.steps(["customers"]):
        host.now += 10
        said += news(step)
        if "customers" not in step.waiting:
            host.has()
    assert host.domains == from_customers(TEN[:3])
    assert any("only 0 of 3 domains: not believed" in line for line in said)


def test_nobody_is_told_to_accept_what_is_accepted(host: Host, hanging: dict[str, Any]) -> None:
    host.read_from(hanging)
    for step in host.steps():
        if step.waiting:
            give(host, *TEN)
    host.configure(providers={})
    said = []
    for step in host.steps(["hanging"]):
        said += [line.text for line in step.lines()]
        if step.waiting:
            give(host, *TEN)
    assert not any("--accept" in line for line in said)
    assert host.domains == {}


def test_state_that_is_lost_costs_no_domain_while_a_source_is_read(
    host: Host, hanging: dict[str, Any]
) -> None:
    host.has("a.example")
    host.run()
    for file in host.paths.state.iterdir():
        file.unlink()
    host.read_from(hanging)
    assert next(host.steps()).waiting
    assert host.domains == from_customers(["a.example"])


# What was there stays


def alter(path: Path, how: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"ALTER TABLE domain {how}")


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda path: path.unlink(), "unable to open database file"),
        (lambda path: path.write_bytes(b"no database" * 99), "file is not a database"),
        (lambda path: alter(path, "RENAME TO domains"), "no such table: domain"),
        (lambda path: alter(path, "RENAME domain TO name"), "no such column: domain"),
    ],
)
def test_source_that_is_down(harm: Any, said: str, host: Host) -> None:
    host.has("a.example", "b.example")
    host.run()
    inode = host.inode
    harm(host.directory / "customers.db")
    line = f"customers: not read: {said}; what it gave at {AT} stays: 2 domains"
    assert host.run() == [line]
    assert host.run() == [line]
    assert host.inode == inode
    host.has("a.example", "b.example")
    assert host.run() == []


def test_source_with_a_new_name_that_is_down(host: Host) -> None:
    host.has("a.example", "b.example")
    other = raw(name="other", url=host.has("o.example", file="other.db"))
    url = f"sqlite:///{host.directory}/customers.db"
    host.read_from(raw(url=url), other)
    host.run()
    database = host.directory / "customers.db"
    database.rename(host.directory / "away")
    host.read_from(raw(name="clients", url=url), other)
    for _run in range(2):
        assert host.run()[-1] == (
            "clients was never read, and customers is no source any more; if that is right: "
            "mail-autoconfig sources update --accept clients; the store stays as it was"
        )
        assert host.domains == from_customers(["a.example", "b.example"]) | {"o.example": "other"}
    (host.directory / "away").rename(database)
    assert host.run() == []
    assert host.domains == {
        "a.example": "clients",
        "b.example": "clients",
        "o.example": "other",
    }


def test_source_that_replaces_another_and_is_accepted(host: Host) -> None:
    host.has("a.example")
    host.run()
    host.read_from(raw(name="new"))
    assert len(host.run("new")) == 1  # it is not read even so
    assert host.domains == {}
    assert [path.name for path in host.paths.state.iterdir()] == ["report.json"]


def test_file_of_a_source_that_is_gone(host: Host) -> None:
    host.has("a.example")
    host.run()
    (host.paths.state / "customers.jsonl").unlink()
    (host.directory / "customers.db").rename(host.directory / "away")
    assert host.run()[-1] == (
        "customers: the file with what it gave last is gone; the store stays as it was"
    )
    assert host.domains == from_customers(["a.example"])
    (host.directory / "away").rename(host.directory / "customers.db")
    assert host.run() == []


def test_source_that_was_never_read(host: Host) -> None:
    host.read_from(raw())
    assert host.run() == [
        "customers: not read: unable to open database file; nothing was read from it yet"
    ]
    assert host.domains == {}


def test_source_that_has_nothing_is_said(host: Host) -> None:
    """As with an attribute that is misspelt, or a user who may see no entry: no server says so."""
    said = "it has no domain; if that is not right, look at its query and at what its user may see"
    assert host.run() == [f"customers: {said}"]
    assert host.run() == []  # said once
    host.has("b a d")
    assert host.run() == ["customers: left out: b a d: not a domain such as example.com"]
    host.has("a.example")
    assert host.run() == []


@pytest.mark.parametrize(("left", "said"), [(0, "only 0 of 10"), (6, "only 6 of 10")])
def test_source_that_was_wiped(left: int, said: str, host: Host) -> None:
    host.has(*TEN)
    host.run()
    inode = host.inode
    host.has(*TEN[:left])
    assert host.run() == [
        f"customers: {said} domains: not believed; if that is right: mail-autoconfig sources "
        f"update --accept customers; what it gave at {AT} stays: 10 domains"
    ]
    assert host.inode == inode
    assert host.run("customers") == []
    assert host.domains == from_customers(TEN[:left])


def test_source_that_leads_to_another_database(host: Host) -> None:
    """Which has as many domains; a few may come and go."""
    host.has(*TEN)
    host.run()
    host.has(*TEN[:8], "new.example", "other.example")
    assert host.run() == []
    stays = [*TEN[:8], "new.example", "other.example"]
    host.has(*(f"test{number}.example" for number in range(10)))
    for _run in range(2):
        (line,) = host.run()
        assert line.startswith("customers: only 0 of 10 domains and 10 others: not believed; if")
        assert host.domains == from_customers(stays)
        (host.paths.state / "report.json").unlink()  # what was believed is known without it
    assert host.run("customers") == []
    assert "test1.example" in host.domains


def test_a_few_less_are_believed(host: Host) -> None:
    host.has(*TEN)
    host.run()
    host.has(*TEN[:7])
    assert host.run() == []
    assert host.domains == from_customers(TEN[:7])


def test_log_in_names_that_were_wiped(host: Host) -> None:
    url = host.has("a.example")
    host.knows(*((f"u{number}@a.example", f"m{number}") for number in range(10)))
    host.read_from(raw(url=url, logins=LOGINS))
    assert host.run() == []
    assert len(host.logins["a.example"]) == 10
    host.has("a.example")
    (line,) = host.run()
    assert line.startswith("customers: only 0 of 10 log-in names: not believed")
    # Not wanted any more is no loss.
    host.read_from(raw(url=url))
    assert host.run() == []
    assert host.logins == {}


def test_a_million_rows_more(host: Host) -> None:
    host.has(*TEN)
    host.read_from(raw(url=f"sqlite:///{host.directory}/customers.db", limit=10))
    assert host.run() == []
    host.has(*TEN, "one.more.example")
    (line,) = host.run()
    assert line.startswith("customers: not read: over 10 rows; set limit to more, if that is right")
    assert host.domains == from_customers(TEN)


def test_what_is_no_domain_is_named_and_the_others_go_on(host: Host) -> None:
    host.has("a.example", None, "b a d", "x\ny.example", "bücher.example")
    assert host.run() == [
        "customers: left out: null: nothing there (NULL), or no text",
        "customers: left out: b a d: not a domain such as example.com",
        "customers: left out: x\\ny.example: control characters; correct it at its source",
    ]
    assert host.domains == from_customers(["a.example", "xn--bcher-kva.example"])
    assert host.run() == []  # said once


def test_half_a_character_costs_its_domain_alone(host: Host) -> None:
    """A program that cuts a text off in the midst of an emoji, and writes it as JSON."""
    rows = [
        {"domain": "a.example"},
        {"domain": "b.example", "name": "cut off \ud83d"},
        {"domain": "c\ud83d.example"},
    ]
    path = host.directory / "domains.json"
    path.write_text(json.dumps(rows))
    query = {"path": str(path), "domain": "domain", "display_name": "name"}
    host.read_from(raw(type="file", url=None, domains=query))
    assert host.run() == [
        "customers: left out: c\\ud83d.example: control characters; correct it at its source",
        'customers: left out: b.example: display_name: "cut off \\ud83d" is not a line of text',
    ]
    assert host.domains == from_customers(["a.example"])


def test_what_the_validator_refuses_is_named_and_the_others_go_on(host: Host) -> None:
    url = host.has("a.example", "b.example")
    query = "SELECT domain, CASE domain WHEN 'b.example' THEN 'acmee' END provider FROM domain"
    host.read_from(raw(url=url, domains=query))
    (line,) = host.run()
    assert line.startswith('customers: left out: b.example: provider: no provider "acmee"; did you')
    assert host.domains == from_customers(["a.example"])
    assert host.run() == []


def test_provider_that_is_gone_takes_no_domain_away(host: Host) -> None:
    host.has(*TEN)
    host.run()
    inode = host.inode
    host.configure(providers={})
    for _run in range(2):
        *_steps, last = host.steps()
        (line,) = news(last)
        assert line.startswith(
            "customers: 10 of 10 domains would be left out: provider: no provider"
        )
        assert line.endswith(
            "the store stays as it was; if that is right: mail-autoconfig sources update --accept "
            "customers"
        )
        assert last.found.problems == [line]
    assert host.inode == inode
    host.run("customers")
    assert host.domains == {}


def test_store_that_cannot_be_written_is_tried_again(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.has("a.example")
    with monkeypatch.context() as patch:

        def full(*_arguments: object) -> bool:
            raise OSError(28, "No space left on device")

        patch.setattr(module, "write", full)
        assert host.run() == [
            "the store can't be written: [Errno 28] No space left on device; it stays as it was"
        ]
    assert not host.paths.store.exists()
    assert host.run() == []
    assert host.domains == from_customers(["a.example"])


def test_snapshot_that_is_broken(host: Host) -> None:
    host.has("a.example", "b.example")
    host.run()
    inode = host.inode
    (host.paths.state / "customers.jsonl").write_text("[")
    host.has()
    said = host.run()
    assert said[-1].startswith("the store can't be written: ")
    assert host.inode == inode
    host.has("a.example", "b.example")
    assert host.run() == []
    assert host.inode == inode


def test_report_that_is_broken_costs_nothing(host: Host) -> None:
    host.has("a.example")
    host.run()
    (host.paths.state / "report.json").write_text("{")
    assert host.run() == []
    assert load(host.paths.state).sources["customers"].domains == 1


# When a source is read


@pytest.mark.parametrize(
    ("every", "later", "read"),
    [
        (60, 1, True),
        (120, 60, False),
        (120, 120, True),
        (90, 60, True),
        (120, 119, True),
        (120, -1, True),
    ],
)
def test_due(every: int, later: float, read: bool, host: Host) -> None:
    quick = raw(name="quick", url=host.has(file="quick.db"))
    host.read_from(quick, raw(url=host.has("a.example"), every=every))
    host.run()
    host.has("a.example", "b.example")
    host.run(later=later)
    assert ("b.example" in host.domains) == read


@pytest.mark.parametrize("written", ["settings", "secrets"])
def test_all_are_read_after_a_play_has_written_something(written: str, host: Host) -> None:
    """The query may be another one; the password may be right now."""
    quick = raw(name="quick", url=host.has(file="quick.db"))
    host.read_from(quick, raw(url=host.has("a.example"), every=86400))
    host.run()
    host.has("a.example", "b.example")
    path = getattr(host.paths, written)
    path.touch()
    for later, read in ((-1, False), (2, True)):  # seconds from the last reading
        os.utime(path, (host.now + later,) * 2)
        host.run(later=3)
        assert ("b.example" in host.domains) == read
    host.has("a.example", "c.example")
    host.run()
    assert "b.example" in host.domains  # once


def test_what_is_accepted_is_read_at_once(host: Host) -> None:
    quick = raw(name="quick", url=host.has(file="quick.db"))
    host.read_from(quick, raw(url=host.has(*TEN), every=3600))
    host.run()
    host.has("a.example")
    host.run("customers", later=1)
    assert host.domains == from_customers(["a.example"])


# All the rest


def test_alias_domains_and_log_in_names(host: Host) -> None:
    url = host.has("a.example")
    host.knows(("info@a.example", "m0815"), ("max@a.example", "max@a.example"))
    alias = "SELECT 'z.example', domain FROM domain"
    host.read_from(raw(url=url, logins=LOGINS, alias_domains=alias))
    assert host.run() == []
    assert host.logins == {"a.example": {"info": "m0815"}, "z.example": {"info": "m0815"}}


def test_metrics(host: Host) -> None:
    host.has("a.example", "b a d")
    host.run()
    text = (host.directory / "metrics/mail-autoconfig-sources.prom").read_text()
    for line in (
        'mail_autoconfig_source_domains{source="customers"} 1',
        'mail_autoconfig_source_left_out{source="customers"} 1',
        'mail_autoconfig_source_problem{source="customers"} 0',
        f'mail_autoconfig_source_last_read_timestamp_seconds{{source="customers"}} {host.now}',
        f"mail_autoconfig_sources_last_run_timestamp_seconds {host.now}",
    ):
        assert line in text.splitlines()


def test_no_source(host: Host) -> None:
    host.has("a.example")
    host.run()
    host.read_from()
    assert host.run() == []
    assert host.domains == {}


@pytest.mark.parametrize("name", ["settings", "configuration"])
def test_wrong_files_change_nothing(name: str, host: Host) -> None:
    host.has("a.example")
    host.run()
    getattr(host.paths, name).write_text("{")
    with pytest.raises(ConfigurationError):
        host.run()
    assert host.domains == from_customers(["a.example"])


def test_definition_is_what_the_source_says(host: Host) -> None:
    host.has("a.example")
    host.run()
    (entry,) = module_entries(host)
    assert entry.definition == SRV | ACME


def module_entries(host: Host) -> Any:
    from mail_autoconfig.store.read import Store

    return Store(host.paths.store).entries()
