from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mail_autoconfig.cli import main
from mail_autoconfig.inventory.fields import ConfigurationError
from mail_autoconfig.sources import reading
from mail_autoconfig.sources.runs import Runs

from .host import Host
from .samples import raw

SOURCE = Path(__file__).parents[3] / "src"
PROGRAM = sys.executable, "-m", "mail_autoconfig"
ALL = "settings", "configuration", "store", "state", "metrics"


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


@pytest.fixture
def runs(host: Host) -> Runs:
    return Runs(host.paths)


def until(true: Callable[[], object], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


# One run after the other


def test_says_what_the_last_run_did_not(
    host: Host, runs: Runs, capsys: pytest.CaptureFixture[str]
) -> None:
    host.has("a.example")
    assert runs.once()
    assert capsys.readouterr().out.startswith("customers: 1 domains, read 20")
    assert runs.once()
    assert capsys.readouterr() == ("", "")
    (host.directory / "customers.db").rename(host.directory / "away")
    assert runs.once()
    assert capsys.readouterr().err.count("customers: not read: ") == 1
    assert runs.once()
    assert capsys.readouterr() == ("", "")
    (host.directory / "away").rename(host.directory / "customers.db")
    assert runs.once()
    assert capsys.readouterr().out.startswith("customers: 1 domains, read 20")


def test_what_stays_so_is_said_once_though_a_source_hangs(
    host: Host, runs: Runs, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_GRACE", 0)
    host.has("a.example")
    host.run()
    host.read_from(host.hangs(name="new", timeout=1))
    for _run in range(3):
        runs.once()
    said = capsys.readouterr().err.splitlines()
    assert [line.partition(" was ")[0] for line in said if "no source any more" in line] == ["new"]
    assert len(said) == len(set(said)) == 2


def test_pause_is_that_of_the_most_frequent_source(host: Host, runs: Runs) -> None:
    url = host.has("a.example")
    host.read_from(raw(url=url, every=300), raw(name="quick", url=url, every=90))
    runs.once()
    assert (runs.complete, runs.pause) == (True, 89)


def test_source_that_was_never_read_is_tried_soon(host: Host, runs: Runs) -> None:
    url = host.has("a.example")
    host.read_from(raw(url=url, every=300), raw(name="down", every=3600))
    runs.once()
    assert (runs.complete, runs.pause) == (False, 10)
    tried = host.directory / "state/report.json"
    before = json.loads(tried.read_text())["sources"]["down"]["tried"]
    runs.once()
    assert json.loads(tried.read_text())["sources"]["down"]["tried"] > before


def test_waits_until_each_source_was_read(
    host: Host, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.read_from(raw())
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 2:
            host.read_from(raw(url=host.has("a.example")))

    monkeypatch.setattr(time, "sleep", wait)
    assert runs.until_complete(60)
    assert (runs.complete, waits) == (True, [10, 10])
    assert list(host.domains) == ["a.example"]


def test_waits_no_longer_than_it_may(
    host: Host, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.read_from(raw())
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(time, "sleep", lambda seconds: now.append(now.pop() + seconds))
    assert runs.until_complete(35)
    assert (runs.complete, now) == (False, [30])
    assert host.domains == {}


def test_wrong_settings_are_not_waited_for(host: Host, runs: Runs) -> None:
    host.read_from(raw(every=1))
    with pytest.raises(ConfigurationError):
        runs.until_complete(60)


def test_container_that_is_new(host: Host) -> None:
    """Its volume is empty, and there is no time to wait."""
    host.has("a.example")
    for name in ("state", "store"):
        (host.directory / name).rmdir()
    assert main(["sources", "update", *host.options(*ALL)]) == 1
    code = subprocess.run(
        [*PROGRAM, "sources", "update", "--wait=0", *host.options(*ALL)],
        check=False,
        env={"PYTHONPATH": str(SOURCE)},
    ).returncode
    assert (code, list(host.domains)) == (0, ["a.example"])


# Again and again


class Kept:
    """`mail-autoconfig sources run`, in a process of its own."""

    def __init__(self, host: Host) -> None:
        secrets = str(host.directory / "secrets")
        command = ["sources", "run", *host.options(*ALL), "--secrets", secrets]
        self._log = host.directory / "log"
        with self._log.open("w") as log:
            self.process = subprocess.Popen(
                [*PROGRAM, *command],
                stdout=log,
                stderr=subprocess.STDOUT,
                env={"PYTHONPATH": str(SOURCE)},
            )

    @property
    def said(self) -> str:
        """All that it has said."""
        return self._log.read_text()

    def end(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Let it end; its exit code and what it has said."""
        self.process.send_signal(number)
        return self.process.wait(timeout=20), self.said

    def children(self) -> list[int]:
        """What it has started."""
        pid = self.process.pid
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        return [*map(int, found.split())]


@pytest.fixture
def kept(host: Host) -> Iterator[Callable[[], Kept]]:
    started: list[Kept] = []

    def start() -> Kept:
        started.append(Kept(host))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            for child in each.children():
                os.kill(child, signal.SIGKILL)
        each.process.kill()
        each.process.wait()


def test_a_domain_comes_by_itself(host: Host, kept: Callable[[], Kept]) -> None:
    host.read_from(raw(url=host.has("a.example"), every=10))
    for name in ("state", "store"):  # as in a volume that is empty
        (host.directory / name).rmdir()
    running = kept()
    until(host.paths.store.exists)
    host.has("a.example", "b.example")
    until(lambda: "b.example" in host.domains, 11)
    until(lambda: "2 domains" in running.said)
    assert running.children() == []
    code, said = running.end()
    assert (code, [line.partition(", read")[0] for line in said.splitlines()]) == (
        0,
        ["customers: 1 domains", "customers: 2 domains"],
    )


def test_hangup_begins_a_run(host: Host, kept: Callable[[], Kept]) -> None:
    """A file that is wrong meanwhile is said once, and ends nothing."""
    url = host.has("a.example")
    host.read_from(raw(url=url, every=3600))
    running = kept()
    until(host.paths.store.exists)
    until(lambda: "1 domains" in running.said)
    host.paths.settings.write_text("{")
    running.process.send_signal(signal.SIGHUP)
    until(lambda: "not JSON" in running.said)
    running.process.send_signal(signal.SIGHUP)
    time.sleep(1)
    host.read_from(raw(url=host.has("b.example", "c.example"), every=3600))
    running.process.send_signal(signal.SIGHUP)
    until(lambda: "2 domains" in running.said)
    assert "c.example" in host.domains
    code, said = running.end(signal.SIGINT)
    assert code == 0
    assert [line[:22] for line in said.splitlines()] == [
        "customers: 1 domains, ",
        "sources: not JSON: Exp",
        "customers: 2 domains, ",
    ]


def test_sigterm_ends_it_while_it_reads(host: Host, kept: Callable[[], Kept]) -> None:
    """At once, with what reads for it."""
    host.read_from(host.hangs())
    running = kept()
    until(running.children)
    (reader,) = running.children()
    begun = time.monotonic()
    assert running.end() == (0, "")
    assert time.monotonic() - begun < 10  # it would wait for the reader for a minute
    until(lambda: not Path(f"/proc/{reader}").exists())


@pytest.mark.parametrize("what", ["settings", "state"])
def test_what_is_wrong_at_the_start_ends_it(
    what: str, host: Host, kept: Callable[[], Kept]
) -> None:
    if what == "settings":
        host.paths.settings.write_text('{"sources": 5}')
    else:
        host.paths.state.rmdir()
        host.paths.state.write_text("no directory")
    running = kept()
    assert running.process.wait(timeout=20) == 1
    assert (running.said.count("\n"), running.said[:9]) == (1, "sources: ")


# The command line


def test_inventory_has_all(
    host: Host, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One file in YAML, and the secrets' in YAML; the inventory's own domains win."""
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    url = host.has("a.example", "b.example")
    inventory = host.directory / "domains.yml"
    inventory.write_text(f"""
autoconfig_generic_host: auto.example
autoconfig_domains: [{{name: a.example, provider: gandi}}]
autoconfig_sources:
  - name: customers
    type: sql
    url: {url}
    domains: SELECT domain FROM domain
    domain: {{provider: gandi}}
""")
    (host.directory / "secrets").write_text("customers: {password: hunter2}\n")
    one = ["--settings", str(inventory), "--configuration", str(inventory)]
    secrets = ["--secrets", str(host.directory / "secrets")]
    assert main(["sources", "update", *one, *secrets, *host.options("store", "state")]) == 0
    assert list(host.domains) == ["b.example"]
    assert main(["check", str(inventory)]) == 0
    assert capsys.readouterr().out.endswith("domains.yml: 1 domain, 1 source, all right\n")
    inventory.write_text(inventory.read_text().replace("type: sql", "type: sequel"))
    assert main(["check", str(inventory)]) == 1
    assert "domains.yml: source customers, type: " in capsys.readouterr().err


def test_complete_is_that_each_source_was_read_once(
    host: Host, capsys: pytest.CaptureFixture[str]
) -> None:
    ask = ["sources", "status", "--complete", *host.options("state")]
    assert main(ask) == 1  # no run yet
    host.read_from(raw())
    host.run()
    assert main(ask) == 1
    host.read_from(raw(url=host.has("a.example")))
    host.run()
    assert main(ask) == 0
    (host.directory / "customers.db").unlink()
    host.run()
    assert main(ask) == 0  # what was there stays
    assert "not read: " in capsys.readouterr().out
