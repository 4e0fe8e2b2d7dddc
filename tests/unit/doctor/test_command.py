from __future__ import annotations

import asyncio
import gc
import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from mail_autoconfig import cli
from mail_autoconfig.doctor import examine
from mail_autoconfig.doctor.case import Case
from mail_autoconfig.doctor.data import Finding, Severity
from mail_autoconfig.doctor.fetch import Fetcher
from mail_autoconfig.store.entry import Entry
from mail_autoconfig.store.write import write

from .conftest import DOMAIN, World


class Doctor:
    """The command, in a world of its own."""

    def __init__(self, world: World, capsys: pytest.CaptureFixture[str]) -> None:
        self._world = world
        self._capsys = capsys

    def call(self, *arguments: str) -> tuple[int, str, str]:
        where = ["--allow-private", "--ca", str(self._world.ca)]
        where += ["--name-server", f"127.0.0.1:{self._world.names.port}"]
        code = cli.main(["doctor", *where, *arguments])
        captured = self._capsys.readouterr()
        return code, captured.out, captured.err

    def document(self, *arguments: str) -> Any:
        return json.loads(self.call("--json", *arguments)[1])


@pytest.fixture
def doctor(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Doctor:
    fetcher = partial(Fetcher, ports=world.web.ports)
    monkeypatch.setattr("mail_autoconfig.doctor.command.Fetcher", fetcher)
    return Doctor(world, capsys)


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> list[Finding]:
    """What the checks find, in their place."""
    findings: list[Finding] = []

    async def check(_: Case) -> list[Finding]:
        return findings

    monkeypatch.setattr(examine, "CHECKS", (check,))
    return findings


def test_domains_and_addresses(doctor: Doctor) -> None:
    document = doctor.document(f"u@{DOMAIN}", "--domain", "Elsewhere.test")
    assert [each["address"] for each in document["domains"]] == [
        f"u@{DOMAIN}",
        "postmaster@Elsewhere.test",
    ]
    assert [each["domain"] for each in document["domains"]] == [DOMAIN, "elsewhere.test"]


@pytest.mark.parametrize("name", ["domains.yml", "config.json"])
def test_inventory(doctor: Doctor, tmp_path: Path, name: str) -> None:
    prefix = "autoconfig_" if name.endswith("yml") else ""
    content = {f"{prefix}domains": [{"name": f"{each}.test", "provider": "ovh"} for each in "ab"]}
    (tmp_path / name).write_text(json.dumps(content | ({"other": 1} if prefix else {})))
    document = doctor.document("--inventory", str(tmp_path / name))
    assert [each["domain"] for each in document["domains"]] == ["a.test", "b.test"]


def test_domains_of_sources(doctor: Doctor, tmp_path: Path) -> None:
    file, store = tmp_path / "config.json", tmp_path / "domains.store"
    file.write_text('{"domains": [], "sources": true, "generic_host": "auto.test"}')
    write(store, {}, [Entry(f"{each}.test", "x", {"provider": "ovh"}) for each in "ab"])
    document = doctor.document("--inventory", str(file), "--store", str(store))
    assert [each["domain"] for each in document["domains"]] == ["a.test", "b.test"]
    store.write_bytes(b"no store")
    code, out, err = doctor.call("--inventory", str(file), "--store", str(store))
    assert (code, out) == (2, "")
    assert err.startswith(f"{store}: ")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("autoconfig_domains: [{name: a.test, provider: x}]", 'no provider "x"'),
        ("{", "not YAML: line 1: "),
        ("[]", "configuration: [] is not a mapping"),
    ],
)
def test_bad_inventory(doctor: Doctor, tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "domains.yml"
    file.write_text(content)
    code, out, err = doctor.call("--inventory", str(file))
    assert (code, out) == (2, "")
    assert err.startswith("domains.yml: ")
    assert said in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "doctor: no domain to examine; give USER@DOMAIN, --domain or --inventory\n"),
        (["--log-in", "--domain", "a.test"], "doctor: --log-in needs one USER@DOMAIN\n"),
        (
            ["--ca", "/nowhere", "a@b.test"],
            "doctor: /nowhere: no certificates: No such file or directory\n",
        ),
    ],
)
def test_wrong_call(doctor: Doctor, arguments: list[str], said: str) -> None:
    assert doctor.call(*arguments) == (2, "", said)


@pytest.mark.parametrize("arguments", [["x"], ["--domain", "-"], ["--name-server", "a:1", "a@b.c"]])
def test_wrong_argument(doctor: Doctor, arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        doctor.call(*arguments)
    assert caught.value.code == 2


def test_the_responder_needs_nothing_of_it() -> None:
    """Hosts have Debian's packages of the responder alone."""
    code = "import sys, mail_autoconfig.server.serve, mail_autoconfig.cli; print(*sys.modules)"
    modules = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(cli.__file__).parents[1])},
    ).stdout.split()
    assert "mail_autoconfig.server.app" in modules
    assert not {"httpx", "dns", "rich"} & set(modules)
    doctor = {name for name in modules if name.startswith("mail_autoconfig.doctor")}
    assert doctor == {"mail_autoconfig.doctor", "mail_autoconfig.doctor.arguments"}


@pytest.mark.parametrize(
    ("severities", "code"),
    [([], 0), (["ok"], 0), (["ok", "warning"], 1), (["error", "warning"], 2)],
)
def test_exit_code(
    doctor: Doctor, found: list[Finding], severities: list[Severity], code: int
) -> None:
    found += [Finding("x", severity, "subject", "what") for severity in severities]
    assert doctor.call(f"u@{DOMAIN}")[0] == code


def test_clients_find_a_deployed_server(doctor: Doctor, world: World) -> None:
    world.serve()
    (domain,) = doctor.document(f"u@{DOMAIN}")["domains"]
    verdicts = {client["client"]: client["verdict"] for client in domain["clients"]}
    assert verdicts["outlook"] == verdicts["thunderbird"] == verdicts["delta-chat"] == "found"
    assert "port-closed" in {finding["code"] for finding in domain["findings"]}


def test_forms(doctor: Doctor, found: list[Finding], tmp_path: Path) -> None:
    found.append(Finding("x", "warning", "subject", "what"))
    page, metrics = tmp_path / "a.html", tmp_path / "a.prom"
    code, out, err = doctor.call(
        *("--domain", DOMAIN, "-v", "--html", str(page), "--prometheus", str(metrics))
    )
    assert (code, err) == (1, "")
    assert out.splitlines()[0].startswith(f"{DOMAIN}: 1 warning: x at subject")
    assert f"MX {DOMAIN}" in out
    assert page.read_text().startswith("<!doctype html>")
    assert metrics.read_text().startswith("# HELP ")


@pytest.mark.parametrize("option", ["--html", "--prometheus", "--keep"])
def test_file_that_cannot_be_written(
    doctor: Doctor, found: list[Finding], tmp_path: Path, option: str
) -> None:
    found.clear()
    code, _, err = doctor.call(f"u@{DOMAIN}", option, str(tmp_path / "no/x"))
    assert code == 2
    assert err == f"doctor: {tmp_path}/no/x: can't be written: No such file or directory\n"


def test_files_are_replaced_whole(doctor: Doctor, found: list[Finding], tmp_path: Path) -> None:
    """Who reads the old file meanwhile has all of it, and other users may read the new one."""
    found.clear()
    metrics = tmp_path / "a.prom"
    metrics.write_text("old")
    metrics.chmod(0o600)
    with metrics.open() as old:
        doctor.call(f"u@{DOMAIN}", "--prometheus", str(metrics), "--html", os.devnull)
        assert old.read() == "old"
    assert metrics.read_text().startswith("# HELP ")
    assert metrics.stat().st_mode & 0o777 == 0o644
    assert [each for each in tmp_path.iterdir() if "prom" in each.name] == [metrics]
    assert not Path(os.devnull).is_file()


@pytest.mark.parametrize("prompted", [True, False])
def test_password_reaches_the_checks_and_nothing_else(
    doctor: Doctor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prompted: bool
) -> None:
    cases: list[Case] = []

    async def check(case: Case) -> list[Finding]:
        cases.append(case)
        return []

    monkeypatch.setattr(examine, "CHECKS", (check,))
    if prompted:
        monkeypatch.delenv("MAIL_AUTOCONFIG_PASSWORD", raising=False)
        monkeypatch.setattr("mail_autoconfig.doctor.command.getpass", lambda _: "hush-hush")
    else:
        monkeypatch.setenv("MAIL_AUTOCONFIG_PASSWORD", "hush-hush")
    files = [tmp_path / "a.html", tmp_path / "a.prom"]
    arguments = ["--log-in", "-v", "--html", str(files[0]), "--prometheus", str(files[1])]
    said = doctor.call(f"u@{DOMAIN}", *arguments)
    assert [case.password for case in cases] == ["hush-hush"]
    assert doctor.call("--json", f"u@{DOMAIN}")[0] == 0
    assert cases[1].password is None
    assert "hush" not in f"{said}{files[0].read_text()}{files[1].read_text()}{cases[0]!r}"


def test_kept_report_is_what_the_next_run_compares_with(
    doctor: Doctor, found: list[Finding], tmp_path: Path
) -> None:
    """One file for both: it is read before it is replaced."""
    last = tmp_path / "last.json"
    arguments = "--domain", DOMAIN, "--since", str(last), "--keep", str(last)
    code, shown, _ = doctor.call(*arguments)
    assert code == 0
    assert "since" not in shown
    found.append(Finding("x", "error", "s", "w"))
    code, shown, _ = doctor.call(*arguments)
    assert code == 2
    assert shown.splitlines()[1].startswith("new since ")
    assert json.loads(last.read_text("utf-8"))["changes"]["new"] == [
        {"domain": DOMAIN, "code": "x", "subject": "s"}
    ]
    assert "nothing changed" in doctor.call(*arguments)[1]


@pytest.mark.usefixtures("found")
def test_kept_report_that_is_damaged_is_replaced(doctor: Doctor, tmp_path: Path) -> None:
    """A timer would else say no more than that, at each run."""
    last = tmp_path / "last.json"
    last.write_text("{")
    arguments = "--domain", DOMAIN, "--since", str(last)
    assert doctor.call(*arguments)[0] == 2
    code, _, errors = doctor.call(*arguments, "--keep", str(last))
    assert code == 0
    assert "no JSON of the doctor: JSONDecodeError; it is replaced" in errors
    assert "nothing changed" in doctor.call(*arguments)[1]


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The domains that are examined, one at a time, each for longer than a run may last."""
    asked: list[str] = []

    async def check(case: Case) -> list[Finding]:
        asked.append(case.domain)
        await asyncio.sleep(1.01)
        return [Finding("x", "error", case.domain, "w")] if case.domain == "b.test" else []

    monkeypatch.setattr(examine, "CHECKS", (check,))
    monkeypatch.setattr(examine, "REPLAYS", ())
    return asked


def test_what_is_not_examined_in_time_is_first_in_the_next_run(
    doctor: Doctor, turns: list[str], tmp_path: Path
) -> None:
    last, metrics = tmp_path / "last.json", tmp_path / "a.prom"
    config = tmp_path / "config.json"
    domains = [{"name": f"{each}.test", "provider": "ovh"} for each in "abc"]
    config.write_text(json.dumps({"domains": domains}))
    arguments = ["--inventory", str(config), "--at-once", "1", "--within", "1"]
    arguments += ["--since", str(last), "--keep", str(last), "--prometheus", str(metrics)]
    codes = []
    for number in range(4):
        code, shown, _ = doctor.call(*arguments)
        codes.append(code)
        assert "2 domains more: the next run begins with them" in shown
        kept = json.loads(last.read_text())["domains"]
        assert len(kept) == min(number + 1, 3)
        samples = metrics.read_text()
        assert 'mail_autoconfig_doctor_domains{state="examined"} 1\n' in samples
        assert 'mail_autoconfig_doctor_domains{state="waiting"} 2\n' in samples
        assert ('findings{domain="b.test",severity="error"} 1' in samples) is (number > 0)
    assert turns == ["a.test", "b.test", "c.test", "a.test"]
    # The error at b.test is there until that domain is examined again.
    assert codes == [0, 2, 2, 2]
    config.write_text(json.dumps({"domains": domains[2:]}))
    assert doctor.call(*arguments)[0] == 0
    assert [each["domain"] for each in json.loads(last.read_text())["domains"]] == ["c.test"]
    assert "b.test" not in metrics.read_text()


def test_many_domains_need_little_memory(
    doctor: Doctor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What was asked and answered is gone once it is written."""
    alive: list[int] = []

    async def check(_: Case) -> list[Finding]:
        gc.collect()
        alive.append(sum(isinstance(each, Case) for each in gc.get_objects()))
        return []

    monkeypatch.setattr(examine, "CHECKS", (check,))
    monkeypatch.setattr(examine, "REPLAYS", ())
    config = tmp_path / "config.json"
    domains = [{"name": f"d{each}.test", "provider": "ovh"} for each in range(40)]
    config.write_text(json.dumps({"domains": domains}))
    doctor.call("--inventory", str(config), "--at-once", "2")
    assert len(alive) == 40
    assert max(alive) < 10
