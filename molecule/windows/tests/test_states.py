"""A PC with profiles in the states that people have, all at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from support.deployed import changes
from support.windows_pc import (
    EMPTY,
    PC,
    PROFILES,
    RECORDS,
    VALUE,
    Profile,
    done,
    outlook_values,
    wanted,
)

SETUP = r"Software\\Microsoft\\Office\\16.0\\Outlook\\setup"
ZERO = f'{EMPTY}\n[{SETUP}]\n"{VALUE}"=dword:00000000\n"Mine"="stays"\n'
ODD = "Ünal O'Brien [x] & co (2)"


def person(number: int) -> str:
    return f"S-1-5-21-7-7-7-{number}"


PLAIN = Profile(person(1), "plain", ZERO)
LOGGED_ON = Profile(person(2), "logged.on")
NAMED = Profile(person(3), ODD, ZERO)
HELD = Profile(person(4), "held", ZERO)
BROKEN = Profile(person(5), "broken", "regf, but no hive")
MANDATORY = Profile(person(6), "mandatory", None, files={"NTUSER.MAN": EMPTY.encode()})
TEMPORARY = Profile(person(7), "temporary", state=0x801)
ASIDE = Profile(f"{person(8)}.bak", "aside", ZERO)
STAND_IN = Profile(person(8), "TEMP", state=0x800)
CUT_OFF = Profile(person(9), "cut.off", ZERO)
NOWHERE = Profile(person(10), "", None)
EMPTY_FOLDER = Profile(person(11), "nothing", None, files={"desktop.ini": b""})
SERVICE = Profile("S-1-5-20", "NetworkService")
ALL = [
    *(PLAIN, LOGGED_ON, NAMED, HELD, BROKEN, MANDATORY, TEMPORARY, ASIDE, STAND_IN, CUT_OFF),
    *(NOWHERE, EMPTY_FOLDER, SERVICE),
]
DONE = PLAIN, NAMED, CUT_OFF
SAID = {
    BROKEN: "is in use or broken",
    MANDATORY: "mandatory or temporary profile",
    TEMPORARY: "mandatory or temporary profile",
    ASIDE: r"the profile was set aside \(" + re.escape(ASIDE.key),
    NOWHERE: "ProfileList names no folder",
    EMPTY_FOLDER: "no .*NTUSER.DAT",
}


@pytest.fixture
def pc() -> Iterator[PC]:
    pc = PC("pc1")
    pc.add(*ALL)
    pc.merge(f"[HKEY_USERS\\{LOGGED_ON.key}\\Environment]")
    pc.reg("load", r"HKLM\ANSIBLE", rf"C:\Users\{HELD.folder}\NTUSER.DAT")
    leftover = rf"HKU\mailhost.autoconfig-{CUT_OFF.key}"
    pc.reg("load", leftover, rf"C:\Users\{CUT_OFF.folder}\NTUSER.DAT")
    yield pc
    pc.merge(f"[-HKEY_USERS\\{LOGGED_ON.key}]")
    pc.reg("unload", r"HKLM\ANSIBLE")
    pc.forget(*ALL)


def said_of(output: str, profile: Profile) -> list[str]:
    """The lines of what was left as it is, about one person."""
    sid = profile.key.removesuffix(".bak")
    return re.findall(rf'^ +"(?:[^"]*\W)?{sid}\W.*"', output, re.MULTILINE)


def test_each_profile_is_set_or_named_and_taken_back(pc: PC) -> None:
    before = {profile.folder: pc.hive(profile.folder) for profile in (*DONE, ASIDE)}
    logged_on, held = rf"HKEY_USERS\{LOGGED_ON.key}", r"HKEY_LOCAL_MACHINE\ANSIBLE"
    only = ("--limit", "pc1")

    assert changes(done(*only, "--check", "--diff")) == 1
    assert {profile.folder: pc.hive(profile.folder) for profile in (*DONE, ASIDE)} == before
    assert outlook_values(pc.export(logged_on)) == set()

    said = done(*only)
    for profile in DONE:
        assert wanted() <= outlook_values(pc.hive(profile.folder)), profile
    assert outlook_values(pc.export(logged_on)) == {rf"{logged_on}\{v}" for v in wanted()}
    assert {rf"{held}\{v}" for v in wanted()} <= outlook_values(pc.export(held))
    for profile, words in SAID.items():
        (line,) = said_of(said, profile)
        assert re.search(words, line)
    (line,) = said_of(said, HELD)
    assert r"as HKLM\\ANSIBLE" in line
    assert not said_of(said, PLAIN)
    assert "S-1-5-20" not in said
    assert pc.hive(ASIDE.folder) == before[ASIDE.folder]
    assert (
        outlook_values(pc.hive(TEMPORARY.folder))
        == outlook_values(pc.hive(SERVICE.folder))
        == set()
    )
    assert not [key for key in pc.export("HKEY_USERS") if "mailhost" in key]
    assert changes(done(*only)) == 0

    # Windows sets one of them aside between two runs, and an administrator brings it back.
    pc.merge(f"[-{PROFILES}\\{PLAIN.key}]")
    pc.add(replace(PLAIN, key=f"{PLAIN.key}.bak", hive=None))
    said = done(*only, autoconfig_outlook_state="absent")
    (line,) = said_of(said, PLAIN)
    assert "was set aside" in line
    assert wanted() <= outlook_values(pc.hive(PLAIN.folder))
    assert [key for key in pc.export(RECORDS) if "S-1-" in key] == [
        rf"{RECORDS}\Outlook\{PLAIN.key}"
    ]
    pc.merge(f"[-{PROFILES}\\{PLAIN.key}.bak]")
    pc.add(replace(PLAIN, hive=None))
    done(*only, autoconfig_outlook_state="absent")

    assert {profile.folder: pc.hive(profile.folder) for profile in (*DONE, ASIDE)} == before
    assert [*pc.export(logged_on)] == [logged_on, rf"{logged_on}\Environment"]
    left = {value.rpartition("\\")[2] for value in outlook_values(pc.export(held))}
    assert left == {f"{VALUE}=dword:00000000", 'Mine="stays"'}
    assert pc.export(RECORDS) == {}
