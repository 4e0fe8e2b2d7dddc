from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mail_autoconfig.certificates import ledger
from mail_autoconfig.certificates import run as certificates
from mail_autoconfig.certificates.certbot import Authority, Certbot, Outcome
from mail_autoconfig.certificates.groups import SOURCED, assign, dump
from mail_autoconfig.certificates.ledger import HOUR, NO_LIMITS, Limits
from mail_autoconfig.certificates.orders import DAY, Lineage, Order, Window
from mail_autoconfig.certificates.report import Report, metrics
from mail_autoconfig.certificates.run import Run
from mail_autoconfig.certificates.settings import CertificatesError, Settings
from mail_autoconfig.cli import main
from mail_autoconfig.host import NginxError
from support.acme import Answers
from support.certificate_settings import RAW, URL


class Double(Certbot):
    """Certificates in memory; `outcomes` come before success."""

    def __init__(self, directory: Path, *outcomes: Outcome) -> None:
        super().__init__(Authority(URL, ()), directory)
        self.kept: dict[str, Lineage] = {}
        self.ordered: list[Order] = []
        self.outcomes = list(outcomes)
        self.now = 0.0

    def lineages(self) -> dict[str, Lineage]:
        return dict(self.kept)

    def order(self, order: Order) -> Outcome:
        self.ordered.append(order)
        outcome = self.outcomes.pop(0) if self.outcomes else Outcome(True)
        if outcome.succeeded:
            names = frozenset(order.names)
            self.kept[order.certificate] = Lineage(names, URL, self.now, self.now + 90 * DAY)
        return outcome

    def delete(self, certificate: str) -> str:
        del self.kept[certificate]
        return ""


class Host:
    """A host on which runs are made, one after the other."""

    def __init__(self, directory: Path, *outcomes: Outcome) -> None:
        self.directory = directory
        self.tls = directory / "tls"
        self.tls.mkdir()
        self.certbot = Double(directory, *outcomes)
        self.limits = NO_LIMITS
        self.failing: dict[str, str] = {}
        self.asked: list[str] = []
        self.domains = ["a.test", "b.test", "c.test"]
        self.command = f"echo x >> {directory}/deployed"
        self.before: dict[str, Any] = {}
        self.windows: dict[str, Window] = {}
        self.complaint = ""

    def advise(self, lineages: Mapping[str, Lineage]) -> dict[str, Lineage]:
        """In the place of the authority."""
        return {
            name: replace(each, window=self.windows.get(name)) for name, each in lineages.items()
        }

    def check(self, names: Sequence[str]) -> Mapping[str, str]:
        self.asked += names
        return {name: why for name, why in self.failing.items() if name in names}

    def reload(self) -> None:
        """In the place of nginx's."""
        done = subprocess.run(self.command, shell=True, capture_output=True, check=False)
        if done.returncode:
            raise NginxError(done.stderr.decode().strip())

    def run(
        self, *, dry: bool = False, forced: Sequence[str] = (), patient: bool = False
    ) -> Report:
        settings = Settings(
            Authority(URL, ()),
            self.tls,
            limits=self.limits,
            metrics=self.directory,
        )
        units = {domain: [f"n.{domain}", f"m.{domain}"] for domain in self.domains}
        self.before = dict(assign(units, self.before, 4))
        run = Run(
            settings,
            self.before,
            self.certbot,
            self.check,
            advise=self.advise,
            complaint=lambda: self.complaint,
            patient=patient,
            state=self.directory / "state",
            clock=lambda: self.certbot.now,
            reload=self.reload,
        )
        return (run.plan if dry else run.apply)(frozenset(forced))

    def deployed(self) -> int:
        path = self.directory / "deployed"
        return len(path.read_text().splitlines()) if path.exists() else 0

    def link(self, name: str) -> Path:
        return (self.tls / name).readlink()


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


@pytest.fixture(autouse=True)
def suffixes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "suffixes.dat"
    path.write_text("test\n")
    monkeypatch.setattr(ledger, "_SUFFIXES", path)


def test_first_run_and_second(host: Host, tmp_path: Path) -> None:
    dry = host.run(dry=True)
    assert dry.changed
    assert host.certbot.ordered == []
    assert dry.orders == [
        "mail-autoconfig: would be ordered, 4 names; there is none",
        "mail-autoconfig-2: would be ordered, 2 names; there is none",
    ]
    assert not (tmp_path / "state").exists()

    first = host.run()
    assert first.changed
    assert first.after["mail-autoconfig-2"] == ["m.c.test", "n.c.test"]
    assert host.link("mail-autoconfig-2") == tmp_path / "live/mail-autoconfig-2"
    assert host.deployed() == 1  # once for all

    host.asked.clear()
    second = host.run()
    assert (second.changed, second.lines(), host.deployed(), host.asked) == (False, [], 1, [])
    assert host.run(dry=True).changed is False


def test_authority_asks_for_a_renewal(host: Host) -> None:
    """As before a revocation; the other certificates stay."""
    host.run()
    host.windows = {"mail-autoconfig-2": Window(-2.0, -1.0, "https://acme.test/why")}
    said = "mail-autoconfig-2: {}, 2 names; the authority asks for it: https://acme.test/why"
    assert host.run(dry=True).orders == [said.format("would be ordered")]
    assert host.run().orders == [said.format("ordered")]
    host.windows = {"mail-autoconfig-2": Window(60 * DAY, 61 * DAY)}
    assert host.run().orders == []


def test_complaint_stops_no_order(host: Host) -> None:
    host.complaint = "the authority has no profile x"
    report = host.run()
    assert report.problems == [host.complaint]
    assert len(report.orders) == 2
    assert host.run(dry=True).problems == [host.complaint]


def test_one_domain_more_and_one_less(host: Host) -> None:
    host.run()
    host.domains = ["a.test", "c.test", "d.test"]
    report = host.run()
    assert [each.certificate for each in host.certbot.ordered[2:]] == ["mail-autoconfig"]
    assert report.before == {"mail-autoconfig": ["m.a.test", "m.b.test", "n.a.test", "n.b.test"]}
    assert report.after == {"mail-autoconfig": ["m.a.test", "m.d.test", "n.a.test", "n.d.test"]}


def test_certificate_without_domains_is_deleted(host: Host) -> None:
    host.run()
    host.domains = ["c.test"]
    gone = "mail-autoconfig: {}; no domain has it"
    assert host.run(dry=True).orders == [gone.format("would be deleted")]
    assert host.run().orders == [gone.format("deleted")]
    assert list(host.certbot.kept) == ["mail-autoconfig-2"]
    assert [path.name for path in host.tls.iterdir()] == ["mail-autoconfig-2"]
    assert host.deployed() == 2


def test_failing_names_are_left_out_and_retried(host: Host, tmp_path: Path) -> None:
    host.failing = {"n.c.test": "no record"}
    report = host.run()
    assert report.left_out == {"n.c.test": "no record"}
    assert report.problems == []
    assert host.certbot.kept["mail-autoconfig-2"].names == {"m.c.test"}
    host.asked.clear()
    again = host.run()
    assert (again.changed, again.left_out) == (False, {"n.c.test": "no record"})
    assert set(host.asked) == {"m.c.test", "n.c.test"}  # the other certificate is right
    host.failing = {}
    assert host.run().orders == ["mail-autoconfig-2: ordered, 2 names; other names"]
    assert json.loads((tmp_path / "state/report.json").read_text())["left_out"] == {}


def test_no_name_has_a_record_yet(host: Host) -> None:
    """A first run before DNS is no error."""
    host.domains = ["a.test"]
    host.failing = {"n.a.test": "no record", "m.a.test": "no record"}
    report = host.run()
    assert (report.problems, report.left_out) == ([], host.failing)


def test_no_name_at_all_is_an_error(host: Host) -> None:
    host.domains = ["a.test"]
    host.failing = {"n.a.test": "no record", "m.a.test": "points elsewhere: 192.0.2.1 answers 404"}
    report = host.run()
    assert report.problems == ["there is no certificate, since none of the names passes its check"]
    assert not report.changed


def test_name_that_the_authority_refuses_does_not_stop_the_others(tmp_path: Path) -> None:
    refused = {"n.b.test": "no such name (dns)"}
    host = Host(tmp_path, Outcome(False, refused))
    report = host.run()
    assert report.left_out == refused
    assert [each.names for each in host.certbot.ordered[:2]] == [
        ("n.a.test", "m.a.test", "n.b.test", "m.b.test"),
        ("n.a.test", "m.a.test", "m.b.test"),
    ]
    assert len(host.certbot.kept) == 2


def test_failed_order_leaves_what_there_is(host: Host) -> None:
    host.run()
    host.certbot.outcomes = [Outcome(False, {}, "the authority is ill")]
    before = host.certbot.lineages()
    report = host.run(forced=["mail-autoconfig"])
    assert report.problems == [
        "mail-autoconfig was not ordered, the one in force stays: the authority is ill"
    ]
    assert host.certbot.kept == before


def test_run_ends_where_nothing_succeeds(tmp_path: Path) -> None:
    host = Host(tmp_path, *[Outcome(False, {}, "ill")] * 9)
    host.domains = [f"d{number}.test" for number in range(20)]
    report = host.run()
    assert len(host.certbot.ordered) == 3
    assert report.problems[-1] == "the others wait for the next run"


def test_limit_ends_a_run_and_the_next_goes_on(host: Host) -> None:
    host.limits = Limits(orders_per_3_hours=1)
    waits = (
        "mail-autoconfig-2: waits until 1970-01-01 03:00 UTC; there is none; "
        "limit: 1 orders in 3 hours"
    )
    assert host.run(dry=True).waiting == [waits]
    report = host.run()
    assert (len(host.certbot.ordered), report.waiting, report.problems) == (1, [waits], [])
    host.certbot.now = 2 * HOUR
    assert host.run().waiting == [waits]
    host.certbot.now = 3 * HOUR
    assert host.run().waiting == []
    assert len(host.certbot.kept) == 2


def test_name_that_was_refused_too_often_rests(tmp_path: Path) -> None:
    refused = Outcome(False, {"n.a.test": "no (dns)"})
    host = Host(tmp_path, refused)
    host.domains = ["a.test"]
    host.limits = Limits(failures_per_name_per_hour=1)
    host.run()
    host.certbot.now = HOUR / 2
    assert host.run().left_out == {"n.a.test": "refused 1 times in an hour"}
    assert len(host.certbot.ordered) == 2
    host.certbot.now = HOUR + 1
    host.run()
    assert host.certbot.kept["mail-autoconfig"].names == {"n.a.test", "m.a.test"}


@pytest.mark.parametrize(
    ("refusals", "hours", "asked"), [(1, 0.4, False), (1, 0.6, True), (9, 11, False), (9, 13, True)]
)
def test_timer_does_not_ask_for_a_refused_name_each_time(
    tmp_path: Path, refusals: int, hours: float, asked: bool
) -> None:
    refused = {"n.a.test": "no (dns)"}
    host = Host(tmp_path)
    host.domains = ["a.test"]
    for number in range(refusals):
        host.certbot.outcomes = [Outcome(False, refused)]
        host.certbot.now = number * DAY
        host.run()
    before = len(host.certbot.ordered)
    host.certbot.now += hours * HOUR
    report = host.run(patient=True)
    assert (len(host.certbot.ordered) > before) is asked
    assert report.left_out == ({} if asked else refused)


def test_a_run_by_hand_asks_for_a_refused_name_at_once(tmp_path: Path) -> None:
    host = Host(tmp_path, Outcome(False, {"n.a.test": "no (dns)"}))
    host.domains = ["a.test"]
    host.run()
    assert host.run(patient=True).left_out == {"n.a.test": "no (dns)"}
    assert host.run().left_out == {}
    # On a certificate, it does not rest, though another name of it comes later.
    host.domains.append("b.test")
    assert host.run(patient=True).left_out == {}
    assert "n.a.test" in host.certbot.kept["mail-autoconfig"].names


def test_refusals_that_an_older_version_wrote(host: Host, tmp_path: Path) -> None:
    host.run()
    line = [URL, 0.0, ["n.d.test", "m.d.test"], False, ["n.d.test"]]
    with (tmp_path / "state/orders.jsonl").open("a") as file:
        file.write(json.dumps(line) + "\n")
    host.domains.append("d.test")
    assert host.run(patient=True).left_out == {"n.d.test": "refused by the authority"}


def test_renewal_waits_for_a_name_and_then_goes_without(host: Host) -> None:
    host.run()
    host.failing = {"n.a.test": "no record"}
    host.certbot.now = 61 * DAY
    report = host.run()
    assert [each.certificate for each in host.certbot.ordered[2:]] == ["mail-autoconfig-2"]
    until = "mail-autoconfig is renewed without it from 1970-03-22 00:00 UTC"
    assert report.awaited == {"n.a.test": f"no record; {until}"}
    assert report.problems == []
    host.certbot.now = 80 * DAY
    report = host.run()
    assert report.orders == ["mail-autoconfig: ordered, 3 names; due"]
    assert (report.left_out, report.awaited) == ({"n.a.test": "no record"}, {})


def test_what_ends_soonest_is_ordered_first(host: Host) -> None:
    host.run()
    host.certbot.now = DAY
    host.run(forced=["mail-autoconfig"])
    host.certbot.now = 70 * DAY
    host.domains.append("d.test")
    host.domains.append("e.test")
    host.certbot.ordered.clear()
    host.run()
    assert [each.certificate for each in host.certbot.ordered] == [
        "mail-autoconfig-2",
        "mail-autoconfig",
        "mail-autoconfig-3",
    ]


def test_names_move_once_they_are_on_another_certificate(host: Host) -> None:
    """As with a smaller size of certificates; both links point to the first until then."""
    host.run()
    names = frozenset(f"{kind}.{domain}.test" for kind in "nm" for domain in "abc")
    host.certbot.kept = {"mail-autoconfig": Lineage(names, URL, 0, 90 * DAY)}
    host.certbot.outcomes = [Outcome(False, {}, "the authority is ill")]
    host.certbot.ordered.clear()
    report = host.run()
    assert [each.certificate for each in host.certbot.ordered] == ["mail-autoconfig-2"]
    assert report.waiting == ["mail-autoconfig: waits until other certificates have its names"]
    assert host.certbot.kept["mail-autoconfig"].names == names
    report = host.run()
    assert (report.waiting, report.problems) == ([], [])
    assert host.certbot.kept["mail-autoconfig"].names == {n for n in names if ".c." not in n}


def test_what_could_not_be_put_in_force_is_tried_again(host: Host) -> None:
    command, host.command = host.command, "echo broken >&2; false"
    report = host.run()
    assert report.problems == ["not in force yet: broken"]
    assert host.run(dry=True).changed
    host.command = command
    report = host.run()
    assert (report.problems, report.changed, host.deployed()) == ([], True, 1)
    host.run()
    assert host.deployed() == 1


def test_certificate_that_nginx_needs_is_not_deleted(host: Host) -> None:
    """Its configuration was not taken, or not yet written: the old one names it."""
    host.run()
    command = host.command
    host.command = (
        f"test -e {host.tls}/mail-autoconfig || {{ echo no file >&2; false; }} && {command}"
    )
    host.certbot.live("mail-autoconfig").mkdir(parents=True)
    host.domains = ["c.test", "d.test"]
    host.certbot.now = 61 * DAY
    report = host.run()
    assert report.problems == ["mail-autoconfig: still needed: no file"]
    assert set(host.certbot.kept) == {"mail-autoconfig", "mail-autoconfig-2"}
    assert host.link("mail-autoconfig") == host.certbot.live("mail-autoconfig")
    assert host.deployed() == 2  # what was renewed is in force
    host.command = command
    assert host.run().orders == ["mail-autoconfig: deleted; no domain has it"]
    assert host.run(dry=True).changed is False


def test_certificate_to_which_another_link_points_stays(host: Host) -> None:
    """As with a smaller size of certificates, while a second one can't be ordered."""
    host.run()
    host.domains = ["c.test"]
    host.failing = dict.fromkeys(["n.c.test", "m.c.test"], "no record")
    del host.certbot.kept["mail-autoconfig-2"]
    (host.tls / "mail-autoconfig-2").unlink()
    (host.tls / "mail-autoconfig-2").symlink_to(host.certbot.live("mail-autoconfig"))
    assert host.run(dry=True).orders == []
    host.run()
    assert set(host.certbot.kept) == {"mail-autoconfig"}


def test_authority_that_is_silent_keeps_nothing_else_back(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.run()
    (host.tls / "mail-autoconfig").unlink()
    host.domains.append("d.test")

    def silent(_names: Sequence[str]) -> Mapping[str, str]:
        raise CertificatesError("no answer")

    monkeypatch.setattr(host, "check", silent)
    report = host.run()
    assert report.problems == ["no answer"]
    assert host.link("mail-autoconfig") == host.certbot.live("mail-autoconfig")
    assert host.deployed() == 2
    assert json.loads((tmp_path / "state/report.json").read_text())["problems"] == ["no answer"]


@pytest.mark.parametrize("line", [b"\xff\n", b"5\n", b"{}\n", b'["u", null, 1, 2, 3]\n'])
def test_line_of_the_past_that_is_none(host: Host, tmp_path: Path, line: bytes) -> None:
    host.run()
    with (tmp_path / "state/orders.jsonl").open("ab") as file:
        file.write(line)
    host.limits = Limits(orders_per_3_hours=1)
    assert host.run(forced=["mail-autoconfig"]).waiting


def test_half_a_line_of_the_past_is_no_harm(host: Host, tmp_path: Path) -> None:
    host.run()
    with (tmp_path / "state/orders.jsonl").open("a") as file:
        file.write('["https')
    host.limits = Limits(orders_per_3_hours=1)
    assert host.run(forced=["mail-autoconfig"]).waiting
    host.certbot.now = 8 * DAY
    host.run()
    assert (tmp_path / "state/orders.jsonl").read_text() == ""


def test_metrics(host: Host, tmp_path: Path) -> None:
    host.run()
    text = (tmp_path / "mail-autoconfig-certificates.prom").read_text()
    assert text == metrics(
        Report(), {"mail-autoconfig": 90 * DAY, "mail-autoconfig-2": 90 * DAY}, 0
    )
    assert (
        'mail_autoconfig_certificate_expiry_timestamp_seconds{name="mail-autoconfig"} 7776000\n'
    ) in text
    assert "mail_autoconfig_certificates_problems 0\n" in text


def test_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [tmp_path / "authority.json", tmp_path / "certificates.json"]
    paths[0].write_text(json.dumps(RAW | {"check_names": False, "tls_directory": str(tmp_path)}))
    paths[1].write_text(dump(assign({"a.test": ["a.test"]}, {}, 4)))
    monkeypatch.setattr(certificates, "Certbot", lambda _authority: Double(tmp_path))
    files = list(map(str, paths))
    assert main(["certificates", "--check", "--patient", *files]) == 0
    line = "mail-autoconfig: would be ordered, 1 name; there is none"
    assert capsys.readouterr().out == f"{line}\n"
    assert main(["certificates", "--check", "--json", *files]) == 0
    assert json.loads(capsys.readouterr().out)["orders"] == [line]
    assert main(["certificates", "--check", "--renew", "x", *files]) == 1
    assert capsys.readouterr().err == "no certificate x; there is mail-autoconfig\n"
    paths[1].write_text("[]")
    assert main(["certificates", "--check", *files]) == 1
    assert "no assignment of names" in capsys.readouterr().err


def test_authority_is_asked_for_its_windows_and_profiles(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    answers: Answers,
) -> None:
    """By the command, with what it keeps in its directory."""
    double, now = Double(tmp_path), time.time()
    old = Lineage(frozenset({"a.test"}), URL, now, now + 45 * DAY, identifier="k.1")
    double.kept = {"mail-autoconfig": old}
    monkeypatch.setattr(certificates, "Certbot", lambda _authority: double)
    monkeypatch.setattr(certificates, "STATE", tmp_path)
    window = {"start": "2020-01-01T00:00:00Z", "end": "2020-01-02T00:00:00Z"}
    profiles = {"classic": "https://acme.test/classic"}
    answers.say(URL, {"renewalInfo": "https://acme.test/info", "meta": {"profiles": profiles}})
    answers.say("https://acme.test/info/k.1", {"suggestedWindow": window})
    files = [tmp_path / "authority.json", tmp_path / "certificates.json"]
    raw = RAW | {"check_names": False, "tls_directory": str(tmp_path), "profile": "tlsclient"}
    files[0].write_text(json.dumps(raw))
    files[1].write_text(dump(assign({"a.test": ["a.test"]}, {}, 4)))
    assert main(["certificates", "--check", *map(str, files)]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "mail-autoconfig: would be ordered, 1 name; the authority asks for it",
        "the authority has no profile tlsclient, it has classic; orders are made without",
    ]
    assert not (tmp_path / "renewal-info.json").exists()


def test_domains_of_sources_are_certified_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And those that come while it runs."""
    double = Double(tmp_path)
    double.now = time.time()
    monkeypatch.setattr(certificates, "Certbot", lambda _authority: double)
    monkeypatch.setattr(certificates, "STATE", tmp_path / "state")
    sourced = tmp_path / "sourced.json"
    files = [tmp_path / "authority.json", tmp_path / "certificates.json"]
    raw = RAW | {"check_names": False, "tls_directory": str(tmp_path), "sourced": str(sourced)}
    files[0].write_text(json.dumps(raw))
    files[1].write_text(dump(assign({"a.test": ["a.test"]}, {}, 4)))
    units = {"b.test": ["b.test"]}

    def deploy(_run: Run) -> None:
        """In the place of nginx: meanwhile a domain comes."""
        units["c.test"] = ["c.test"]
        sourced.write_text(dump(assign(units, {}, 1, SOURCED)))

    monkeypatch.setattr(Run, "_deploy", deploy)
    monkeypatch.setattr(Run, "_delete_unused", lambda _run, **_keys: None)
    sourced.write_text(dump(assign(units, {}, 1, SOURCED)))
    assert main(["certificates", "--json", *map(str, files)]) == 0
    said = json.loads(capsys.readouterr().out)
    assert [each.certificate for each in double.ordered] == [
        "mail-autoconfig",
        "mail-autoconfig-sources",
        "mail-autoconfig-sources-2",
    ]
    assert len(said["orders"]) == 3
    assert [*said["after"]] == [each.certificate for each in double.ordered]
    sourced.write_text("[]")
    assert main(["certificates", "--check", *map(str, files)]) == 1
    assert "sourced.json: no assignment of names" in capsys.readouterr().err
