from __future__ import annotations

import json
import os
import stat
import time
from pathlib import Path

import pytest

from mail_autoconfig.cli import main
from mail_autoconfig.sources import report
from mail_autoconfig.sources.names import Names, save

from .host import Host
from .samples import ACME, SRV, raw

SECRET = "hunter2"
ALL = "settings", "configuration", "store", "state", "metrics"


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def update(host: Host, *more: str) -> int:
    secrets = str(host.directory / "secrets.json")
    return main(["sources", "update", *host.options(*ALL), "--secrets", secrets, *more])


def test_update_list_status(host: Host, capsys: pytest.CaptureFixture[str]) -> None:
    host.has("b.example", "a.example", "b a d")
    assert update(host) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("customers: 2 domains, read 20")
    assert printed.err == "customers: left out: b a d: not a domain such as example.com\n"

    assert main(["sources", "list", *host.options("store")]) == 0
    assert capsys.readouterr().out == "a.example customers\nb.example customers\n"
    assert main(["sources", "list", "--json", *host.options("store")]) == 0
    assert json.loads(capsys.readouterr().out) == [
        {
            "domain": name,
            "source": "customers",
            "definition": {"name": name} | SRV | ACME,
        }
        for name in ("a.example", "b.example")
    ]

    assert main(["sources", "status", *host.options("state")]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [
        "  left out: b a d: not a domain such as example.com"
    ]
    assert main(["sources", "status", "--json", *host.options("state")]) == 0
    assert json.loads(capsys.readouterr().out)["sources"]["customers"]["domains"] == 2


def test_source_that_is_down_is_no_failure(host: Host, capsys: pytest.CaptureFixture[str]) -> None:
    host.has("a.example")
    update(host)
    (host.directory / "customers.db").unlink()
    capsys.readouterr()
    assert update(host) == 0
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("customers: not read: unable to open database file; what it gave")
    assert main(["sources", "status", *host.options("state")]) == 1
    assert "  not read: unable to open" in capsys.readouterr().out


def test_source_that_is_being_read_for_the_first_time(
    host: Host, capsys: pytest.CaptureFixture[str]
) -> None:
    report.save(report.Report(sources={"a": report.State()}), host.paths.state, None, begun=0)
    assert main(["sources", "status", *host.options("state")]) == 1
    assert capsys.readouterr().out == "a: 0 domains, never read\n"


def test_runs_that_have_stopped_are_said(
    host: Host, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    host.has("a.example")
    host.run()
    for later, code in ((60 + 14 * 60, 0), (60 + 16 * 60, 1)):
        capsys.readouterr()
        monkeypatch.setattr(time, "time", lambda late=host.now + later: late)
        assert main(["sources", "status", *host.options("state")]) == code
    said = "no run since 2027-01-15 08:01:00 UTC; systemctl status mail-autoconfig-sources.timer"
    assert capsys.readouterr().out.splitlines()[1:] == [said]
    assert main(["sources", "status", "--json", *host.options("state")]) == 1
    assert json.loads(capsys.readouterr().out)["problems"] == [said]


def test_accept(host: Host, capsys: pytest.CaptureFixture[str]) -> None:
    host.has("a.example", "b.example", "c.example")
    update(host)
    host.has("a.example")
    update(host)
    assert "--accept customers" in capsys.readouterr().err
    assert update(host, "--accept", "customers") == 0
    assert list(host.domains) == ["a.example"]
    assert update(host, "--accept", "customer") == 1
    assert capsys.readouterr().err == "sources: no source customer; there are: customers\n"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("settings", "sources: not JSON: "),
        ("configuration", "sources: config.json: not JSON: "),
    ],
)
def test_nothing_could_be_written(
    name: str, said: str, host: Host, capsys: pytest.CaptureFixture[str]
) -> None:
    getattr(host.paths, name).write_text("{")
    assert update(host) == 1
    assert capsys.readouterr().err.startswith(said)


def test_no_state(host: Host, capsys: pytest.CaptureFixture[str]) -> None:
    host.paths.state.rmdir()
    assert update(host) == 1
    assert "No such file or directory" in capsys.readouterr().err


def test_store_that_is_none(host: Host, capsys: pytest.CaptureFixture[str]) -> None:
    host.paths.store.write_bytes(b"no database" * 99)
    assert main(["sources", "list", *host.options("store")]) == 1
    assert capsys.readouterr().err == ("sources: domains.store: not a store\n")


def test_check(host: Host, capsys: pytest.CaptureFixture[str]) -> None:
    settings = str(host.paths.settings)
    assert main(["sources", "check", settings]) == 0
    assert main(["sources", "check", settings, *host.options("configuration")]) == 0
    assert capsys.readouterr().out == "sources.json: 1 source, all right\n" * 2
    host.read_from(raw(domain={"provider": "acmee"}), raw(name="b", every=1))
    assert main(["sources", "check", settings]) == 1
    assert capsys.readouterr().err == (
        "sources.json: source b, every: 1 is not a number from 10 to 86400\n"
    )
    host.read_from(raw(domain={"provider": "acmee"}))
    assert main(["sources", "check", settings, *host.options("configuration")]) == 1
    assert capsys.readouterr().err.startswith(
        'sources.json: source customers, domain: provider: no provider "acmee"; did you mean '
    )


def test_secret_is_nowhere(
    host: Host, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (host.directory / "secrets.json").write_text(json.dumps({"customers": {"token": SECRET}}))
    domains = {"path": f"/{SECRET}"}  # so that a message would have it
    host.read_from(raw(type="http", url="http://127.0.0.1:1", domains=domains))
    monkeypatch.setenv("PYTHONFAULTHANDLER", "1")
    assert update(host) == 0
    host.read_from(raw(type="file", url=None, domains=domains))
    assert update(host) == 0
    printed = capsys.readouterr()
    assert "/***: not JSON" in printed.err or "/***: No such file" in printed.err
    files = [path.read_text() for path in host.paths.state.iterdir()]
    assert SECRET not in "".join([printed.out, printed.err, *files])


def test_log_in_names_are_for_few(host: Host) -> None:
    host.has("a.example")
    mask = os.umask(0)
    try:
        update(host)
    finally:
        os.umask(mask)
    assert stat.S_IMODE((host.paths.state / "customers.jsonl").stat().st_mode) == 0o600


def test_no_store_is_not_an_empty_one(host: Host, capsys: pytest.CaptureFixture[str]) -> None:
    """DNS would lose the records of all domains."""
    assert main(["sources", "list", "--json", *host.options("store")]) == 1
    assert capsys.readouterr() == ("", "sources: domains.store: there is none yet\n")
    host.has()
    assert update(host) == 0
    capsys.readouterr()
    assert main(["sources", "list", "--json", *host.options("store")]) == 0
    assert json.loads(capsys.readouterr().out) == []


@pytest.mark.parametrize(("count", "shown"), [(0, 0), (1, 1), (50, 50), (51, 26), (120, 40)])
def test_list_of_some(
    count: int, shown: int, host: Host, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not the first ones: those of a source stand together."""
    names = [f"d{number:03}.example" for number in range(count)]
    host.has(*names)
    assert update(host) == 0
    capsys.readouterr()
    assert main(["sources", "list", "--some", *host.options("store")]) == 0
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert listed == names[:: -(-count // 50) or 1]
    assert len(listed) == shown


def test_list_that_is_not_complete(host: Host, capsys: pytest.CaptureFixture[str]) -> None:
    """A source that is down at the first run gives nothing, which is not all of it."""
    wanted = ["sources", "list", "--json", "--complete", *host.options("store", "state")]
    host.read_from(raw(name="down"), raw(url=host.has("a.example")))
    assert update(host) == 0
    capsys.readouterr()
    assert main(wanted) == 1
    assert capsys.readouterr() == ("", "sources: down: never read\n")
    wanted.remove("--complete")
    assert main(wanted) == 0


def test_status_says_how_the_names_stand(host: Host, capsys: pytest.CaptureFixture[str]) -> None:
    host.has("a.example")
    assert update(host) == 0
    capsys.readouterr()
    directory = host.directory / "names"
    directory.mkdir()
    save(Names(names=2, problem="nginx: broken"), directory, directory / "none")
    options = [*host.options("state"), "--names", str(directory)]
    assert main(["sources", "status", *options]) == 1
    assert capsys.readouterr().out.splitlines()[1:] == [
        "names: nginx: broken",
        "names: 2 names in nginx",
    ]
    assert main(["sources", "status", "--json", *options]) == 1
    assert json.loads(capsys.readouterr().out)["names"]["problem"] == "nginx: broken"
