"""What is read and said; what a domain controller makes of it is molecule/samba's part.

The programs are played by scripts that keep what they were asked.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from mail_autoconfig.zones.changes import Change, Content
from mail_autoconfig.zones.records import RecordSet
from mail_autoconfig.zones.rfc2136 import ZoneError
from mail_autoconfig.zones.samba import (
    PROGRAMS,
    DirectoryServer,
    is_done,
    script,
    takes,
)
from support.stored_zone import LDIF, ZONE

SERVER = DirectoryServer("dc.ad.test", "autoconfig@AD.TEST", "s3cret-passw0rd")
ALIAS = Content(("host.example.",), 300)


def test_update_asks_that_all_is_as_it_was_read() -> None:
    two = Content(("192.0.2.1", "192.0.2.2"), 60)
    changes = [
        Change(ZONE, "a.one.test", "A", two, None),
        Change(ZONE, "a.one.test", "CNAME", None, ALIAS),
        Change(ZONE, "b.one.test", "CNAME", None, ALIAS),
        Change(ZONE, "c.one.test", "TXT", None, Content((r'"a \"b\""',), 60)),
    ]
    assert script("dc.ad.test", ZONE, changes).splitlines() == [
        "server dc.ad.test",
        "zone one.test.",
        "prereq yxrrset a.one.test. A 192.0.2.1",
        "prereq yxrrset a.one.test. A 192.0.2.2",
        "prereq nxrrset a.one.test. CNAME",
        "prereq nxdomain b.one.test.",
        "prereq nxrrset c.one.test. TXT",
        "update delete a.one.test. A 192.0.2.1",
        "update delete a.one.test. A 192.0.2.2",
        "update add a.one.test. 300 CNAME host.example.",
        "update add b.one.test. 300 CNAME host.example.",
        r'update add c.one.test. 60 TXT "a \"b\""',
        "send",
    ]


def test_what_is_done_is_seen() -> None:
    old, new = Content(("Old.test.",), 60), Content(("new.test.",), 60)
    change = Change(ZONE, "a.one.test", "CNAME", old, new)
    removal = Change(ZONE, "a.one.test", "CNAME", old, None)
    key = "a.one.test", "CNAME"
    assert is_done({key: Content(("NEW.test.",), 60)}, [change])
    assert not is_done({key: Content(("old.test.",), 60)}, [change])
    assert not is_done({}, [change])
    assert not is_done({key: Content(("old.test.", "new.test."), 60)}, [change])
    assert is_done({}, [removal])
    assert is_done({key: new}, [removal])
    assert not is_done({key: old}, [removal])


@pytest.mark.parametrize(
    ("type_", "value", "taken"),
    [
        ("CAA", '0 issue "x"', False),
        ("SRV", "0 0 0 .", False),
        ("SRV", "0 0 1 a.", True),
        ("TXT", '"a ."', True),
    ],
)
def test_what_samba_takes(type_: str, value: str, taken: bool) -> None:
    assert takes(RecordSet(ZONE, ZONE, type_, (value,))) == taken  # type: ignore[arg-type]


class Programs:
    """Scripts in the place of the programs; each prints what it is told to and fails if told."""

    def __init__(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.directory = directory
        monkeypatch.setenv("PATH", str(directory))
        for program in PROGRAMS:
            self.set(program)

    def set(self, program: str, code: int = 0, out: str = "", err: str = "") -> None:
        path = self.directory / program
        path.write_text(
            f"#!{sys.executable} -IS\n"
            "import json, os, sys\n"
            f"with open({str(path)!r} + '.log', 'a') as log:\n"
            "    conf = open(os.environ['KRB5_CONFIG']).read()\n"
            "    json.dump([sys.argv[1:], sys.stdin.read(), conf], log)\n"
            "    log.write('\\n')\n"
            f"print({out!r}, end='')\nprint({err!r}, file=sys.stderr)\nsys.exit({code})\n"
        )
        path.chmod(0o755)

    def asked(self, program: str) -> list[tuple[list[str], str, str]]:
        log = self.directory / f"{program}.log"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    return Programs(tmp_path, monkeypatch)


def test_zone_is_read_as_the_account(programs: Programs) -> None:
    programs.set("ldapsearch", out=LDIF)
    assert (ZONE, "SOA") in SERVER.read(ZONE)
    ((arguments, password, conf),) = programs.asked("kinit")
    assert arguments == ["autoconfig@AD.TEST"]
    assert password == "s3cret-passw0rd\n"
    assert "kdc = dc.ad.test" in conf
    assert "default_realm = AD.TEST" in conf
    assert SERVER.password not in conf
    ((arguments, said, _),) = programs.asked("ldapsearch")
    assert said == ""
    assert "DC=one.test,CN=MicrosoftDNS,DC=DomainDnsZones,DC=ad,DC=test" in arguments
    assert "ldap://dc.ad.test" in arguments
    assert "s3cret" not in repr(SERVER)


def test_zone_that_is_nowhere(programs: Programs) -> None:
    programs.set("ldapsearch", code=32)
    with pytest.raises(ZoneError, match=r"^dc.ad.test has no such zone; make it there first"):
        SERVER.read(ZONE)
    assert len(programs.asked("ldapsearch")) == 3


@pytest.mark.parametrize(
    ("program", "code", "err", "said"),
    [
        (
            "kinit",
            1,
            "kinit: Password incorrect while getting initial credentials",
            "dc.ad.test, autoconfig@AD.TEST: Password incorrect",
        ),
        (
            "ldapsearch",
            255,
            "ldap_sasl_interactive_bind: Can't contact LDAP server (-1)",
            "dc.ad.test, LDAP: ldap_sasl_interactive_bind: Can't contact LDAP server (-1)",
        ),
        ("ldapsearch", 0, "", "dc.ad.test: autoconfig@AD.TEST may not read the zone"),
    ],
)
def test_reading_fails(programs: Programs, program: str, code: int, err: str, said: str) -> None:
    programs.set(program, code=code, err=err)
    with pytest.raises(ZoneError) as raised:
        SERVER.read(ZONE)
    assert str(raised.value) == said


@pytest.mark.parametrize(
    ("err", "said"),
    [
        (
            "; TSIG error with server: tsig verify failure\nupdate failed: NXRRSET",
            "changed since it was read; nothing was changed; run again",
        ),
        (
            "update failed: REFUSED",
            "dc.ad.test refuses; let autoconfig@AD.TEST change these records, by membership in "
            "DnsAdmins (update)",
        ),
        ("update failed: SERVFAIL", "dc.ad.test answers SERVFAIL (update)"),
        (
            "; Communication with 192.0.2.1#53 failed: timed out\ncould not talk to server",
            "dc.ad.test, update: could not talk to server",
        ),
        ("", "dc.ad.test, update: no reason given"),
    ],
)
def test_changing_fails(programs: Programs, err: str, said: str) -> None:
    programs.set("nsupdate", code=2, err=err)
    with pytest.raises(ZoneError) as raised:
        SERVER.change(ZONE, [Change(ZONE, "b.one.test", "CNAME", None, ALIAS)])
    assert str(raised.value) == said
    ((arguments, commands, _),) = programs.asked("nsupdate")
    assert arguments[0] == "-g"
    assert "update add b.one.test. 300 CNAME host.example.\nsend\n" in commands


def test_answer_without_a_right_signature_is_proven_by_ldap(programs: Programs) -> None:
    programs.set("nsupdate", code=2, err="; TSIG error with server: tsig verify failure")
    programs.set("ldapsearch", out=LDIF)
    there = Change(ZONE, "www.sub.one.test", "A", None, Content(("192.0.2.9",), 300))
    SERVER.change(ZONE, [there])
    with pytest.raises(ZoneError, match=r"^dc.ad.test says that the change is done, but it is not"):
        SERVER.change(ZONE, [there, Change(ZONE, "b.one.test", "CNAME", None, ALIAS)])


def test_missing_program(programs: Programs) -> None:
    (programs.directory / "nsupdate").unlink()
    with pytest.raises(ZoneError, match=r"^no program nsupdate here; install Debian's bind9-dns"):
        SERVER.read(ZONE)


def test_nothing_stays_of_the_ticket(programs: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(programs.directory))
    monkeypatch.setattr("tempfile.tempdir", None)
    programs.set("kinit", code=1)
    with pytest.raises(ZoneError):
        SERVER.read(ZONE)
    assert not list(programs.directory.glob("mail-autoconfig-*"))
