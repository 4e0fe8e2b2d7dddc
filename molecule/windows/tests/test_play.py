"""playbooks/windows.yml on PCs, over SSH."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.deployed import changes
from support.windows_pc import (
    OUTLOOK,
    PC,
    RECORDS,
    VALUE,
    Profile,
    done,
    outlook_values,
    wanted,
    windows,
)

SID = "S-1-5-21-3-3-3-1001"
ANNA = Profile(SID, "anna")
BERT = Profile("S-1-12-1-4-4-4-4", "bert")


@pytest.fixture
def pcs() -> Iterator[list[PC]]:
    both = [PC("pc1"), PC("pc2")]
    for pc in both:
        pc.add(ANNA, BERT)
    yield both
    for pc in both:
        pc.forget(ANNA, BERT)


def test_check_converge_again_policy_absent_again(pcs: list[PC]) -> None:
    before = [outlook_values(pc.hive("anna")) for pc in pcs]
    assert before == [set(), set()]
    said = done("--check", "--diff")
    assert changes(said) == 2
    assert rf'+anna ({SID}): Software\{OUTLOOK}\setup\{VALUE} = DWord "1"' in said
    assert [outlook_values(pc.hive("anna")) for pc in pcs] == before
    assert not any(pc.export(RECORDS) for pc in pcs)

    assert changes(done()) == 2
    for pc in pcs:
        for folder in "anna", "bert", "Default":
            assert outlook_values(pc.hive(folder)) == wanted()
        assert RECORDS + rf"\Outlook\{SID}" in pc.export(RECORDS)
    assert changes(done()) == 0

    classic = {
        "autoconfig_outlook_policy": True,
        "autoconfig_outlook_keep_classic": True,
        "autoconfig_outlook_return_to_classic": True,
    }
    said = done("--diff", **classic)
    assert changes(said) == 2
    assert rf'+anna ({SID}): Software\{OUTLOOK}\Preferences\UseNewOutlook = DWord "0"' in said
    for pc in pcs:
        assert outlook_values(pc.hive("anna")) == wanted(r"Software\Policies") | {
            rf"Software\Policies\{OUTLOOK}\Options\General\HideNewOutlookToggle=dword:00000001",
            rf"Software\Policies\{OUTLOOK}\Options\General\DoNewOutlookAutoMigration=dword:00000000",
            rf"Software\Policies\{OUTLOOK}\Preferences\NewOutlookMigrationUserSetting=dword:00000000",
            rf"Software\{OUTLOOK}\Preferences\UseNewOutlook=dword:00000000",
        }

    assert changes(done(autoconfig_outlook_state="absent")) == 2
    for pc in pcs:
        for folder in "anna", "bert", "Default":
            assert not [key for key in pc.hive(folder) if "Office" in key]
        assert pc.export(RECORDS) == {}
    assert changes(done(autoconfig_outlook_state="absent")) == 0


def test_one_pc_fails_and_the_other_is_done(pcs: list[PC]) -> None:
    pcs[1].put("users/anna/busy", b"")
    ran = windows()
    assert ran.returncode == 2
    assert re.search(r"pc1 .* failed=0", ran.stdout)
    assert re.search(r"pc2 .* failed=1", ran.stdout)
    (fatal,) = re.findall(r"^fatal: \[pc2\].*?^\}", ran.stdout + "\n}", re.MULTILINE | re.DOTALL)
    assert f"anna ({SID}): HKU\\\\mailhost.autoconfig-{SID} stays loaded" in fatal
    assert outlook_values(pcs[0].hive("anna")) == wanted()
    assert outlook_values(pcs[1].hive("bert")) == wanted()
    pcs[1].remove("users/anna/busy")
    done("--limit", "pc2")
    assert outlook_values(pcs[1].hive("anna")) == wanted()
    assert not [key for key in pcs[1].export("HKEY_USERS") if "mailhost" in key]
    done(autoconfig_outlook_state="absent")


def test_two_runs_at_once_on_one_pc(pcs: list[PC]) -> None:
    with ThreadPoolExecutor(2) as pool:
        said = [*pool.map(lambda _: done("--limit", "pc1"), range(2))]
    assert sorted(map(changes, said)) == [0, 1]
    assert outlook_values(pcs[0].hive("anna")) == wanted()
    done("--limit", "pc1", autoconfig_outlook_state="absent")
