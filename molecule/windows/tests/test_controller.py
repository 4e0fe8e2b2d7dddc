"""playbooks/windows.yml on a Windows domain controller, over SSH.

The domain is played by the modules of tests/windows; it lies in a file, which is read here.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.deployed import ROOT, changes, play
from support.windows_pc import PC

INVENTORY = Path(__file__).parents[1] / "inventory"
POLICIES = r"Software\Policies\Microsoft\Office\16.0\Outlook"
PARIS = "CN=Paris,CN=Sites,CN=Configuration,DC=pester,DC=test"
STAFF = "OU=Staff,DC=pester,DC=test"
MODULES = "users/root/Documents/PowerShell/Modules"
NEW_DOMAIN = r"""
$everyone = [Security.Principal.SecurityIdentifier] 'S-1-5-11'
$name = $everyone.Translate([Security.Principal.NTAccount]).Value
$file = "$HOME\Documents\PowerShell\Modules\domain.xml"
Export-Clixml $file -InputObject @{
    File = $file; Gpo = $null; Links = @(); Values = @{}; Writes = 0
    Rights = @{ 'S-1-5-21-1-2-3-512' = 'GpoEditDeleteModifySecurity' }
    Names = @{
        'S-1-5-11' = ($name -split '\\')[-1]
        'S-1-5-21-1-2-3-512' = 'Domain Admins'
        'S-1-5-21-1-2-3-1104' = 'Outlook users'
    }
}
"""
TAG = "{http://schemas.microsoft.com/powershell/2004/04}"


@pytest.fixture
def controller() -> Iterator[PC]:
    pc = PC("pc1")
    for module in "ActiveDirectory", "GroupPolicy":
        path = f"{module}/{module}.psm1"
        pc.put(f"{MODULES}/{path}", (ROOT / "tests/windows/modules" / path).read_bytes())
    pc.powershell("-Command", NEW_DOMAIN)
    yield pc
    pc.remove(MODULES)


def domain(pc: PC) -> dict[str, Any]:
    """What the file of the domain holds (MS-PSRP, section 2.2.5)."""
    found: dict[str, Any] = read(ET.fromstring(pc.read(f"{MODULES}/domain.xml"))[0])
    return found


def read(element: ET.Element) -> Any:
    kind = element.tag.removeprefix(TAG)
    if kind == "Obj":
        for part in element:
            name = part.tag.removeprefix(TAG)
            if name == "DCT":
                return {read(entry[0]): read(entry[1]) for entry in part}
            if name in {"LST", "MS"}:
                return [read(item) for item in part]
        return []
    return int(element.text or 0) if kind == "I32" else element.text


def played(*arguments: str, **variables: Any) -> str:
    ran = play(
        "mailhost.autoconfig.windows",
        *("-i", str(INVENTORY / "controller.yml"), "--limit", "pc1", "--diff", *arguments),
        inventory=INVENTORY / "hosts.yml",
        **variables,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def test_object_is_made_linked_filtered_and_removed(controller: PC) -> None:
    chosen: dict[str, Any] = {
        "autoconfig_outlook_gpo_links": [STAFF, PARIS],
        "autoconfig_outlook_gpo_security_filter": ["Outlook users"],
    }
    said = played("--check", **chosen)
    assert changes(said) == 1
    assert f"linked to {PARIS}" in said
    assert domain(controller)["Gpo"] is None

    assert changes(played(**chosen)) == 1
    made = domain(controller)
    assert made["Gpo"]
    assert set(made["Links"]) == {STAFF, PARIS}
    assert set(made["Values"]) == {
        rf"{POLICIES}\setup\DisableOffice365SimplifiedAccountCreation",
        rf"{POLICIES}\AutoDiscover\RedirectServers\autoconfig.hoster.test",
    }
    assert made["Rights"] == {
        "S-1-5-11": "GpoRead",
        "S-1-5-21-1-2-3-512": "GpoEditDeleteModifySecurity",
        "S-1-5-21-1-2-3-1104": "GpoApply",
    }
    assert changes(played(**chosen)) == 0
    assert domain(controller)["Writes"] == made["Writes"]

    assert changes(played(autoconfig_outlook_state="absent")) == 1
    gone = domain(controller)
    assert (gone["Gpo"], gone["Links"]) == (None, [])
    assert changes(played(autoconfig_outlook_state="absent")) == 0
