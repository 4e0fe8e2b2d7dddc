"""The Group Policy object on real Samba domain controllers, of Debian 12 and 13."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from support.deployed import changes, refusal
from support.samba_lab import output, run, samba
from support.samba_policy import (
    BOTH,
    DIRECTORY,
    KEPT,
    NAME,
    REDIRECT,
    SCP,
    SETUP,
    appliers,
    base,
    check_rights,
    converge,
    directory,
    fetched,
    guid,
    links,
    objects,
    reaches,
    read_policy,
    shown,
    windows,
)

REGISTRY = "{35378EAC-683F-11D2-A89A-00C04FBBCFA2}{D02B1F73-3407-48AE-BA88-E8213C6761F1}"


@pytest.fixture
def restored() -> Iterator[None]:
    yield
    converge()


@pytest.fixture(scope="module", autouse=True)
def people() -> None:
    """Ann is in a unit of her own, and a group is for her."""
    for controller in BOTH:
        if "ann" not in samba(controller, "user", "list").split():
            samba(controller, "ou", "create", "OU=Staff")
            samba(controller, "group", "add", "Outlook users")
            samba(controller, "user", "create", "ann", "Pa55-of-a-person", "--userou", "OU=Staff")
            samba(controller, "user", "create", "eve", "Pa55-of-a-person")


@pytest.mark.parametrize("controller", BOTH)
def test_object_is_made_and_linked(controller: str) -> None:
    assert read_policy(fetched(controller)) == [SETUP, REDIRECT]
    found = shown(controller)
    assert found["versionNumber"] == "65536"  # one change of the user side
    assert found["files"] == "[General]\r\nVersion=65536\r\n"
    assert found["gPCUserExtensionNames"] == f"[{REGISTRY}]"
    assert "gPCMachineExtensionNames" not in found
    assert found["gPCFunctionalityVersion"] == "2"
    assert found["description"] == "Made by mailhost.autoconfig"
    assert links(controller, "") == [NAME, "Default Domain Policy"]
    assert reaches(controller, "eve")
    assert appliers(controller) == ["AU"]
    check_rights(controller)


@pytest.mark.usefixtures("restored")
def test_values_change_and_the_version_with_them() -> None:
    """The computers' half of the version is somebody else's."""
    for controller in BOTH:
        name = guid(controller)
        path = f"{directory(controller)}/GPT.INI"
        code = f"""
db.modify_ldif(f"dn: {{dn}}\\nchangetype: modify\\nreplace: versionNumber\\nversionNumber: 65539")
with open("{path}", "r+") as file:
    file.write("[General]\\r\\nVersion=65539\\r\\ndisplayName=x\\r\\n")
"""
        output(controller, "python3", "-", said=DIRECTORY.replace("%s", name) + code)
    options = {"autoconfig_outlook_autodiscover": {"ExcludeScpLookup": 1}}
    said = converge("--check", "--diff", **options)
    assert changes(said) == 2
    assert rf"+{SCP[0]}\ExcludeScpLookup = REG_DWORD 1" in said
    assert read_policy(fetched("dc13")) == [SETUP, REDIRECT]
    assert changes(converge(**options)) == 2
    for controller in BOTH:
        assert read_policy(fetched(controller)) == [SETUP, SCP, REDIRECT]
        found = shown(controller)
        assert found["versionNumber"] == str(2 * 65536 + 3)
        assert found["files"] == "[General]\r\nVersion=131075\r\ndisplayName=x\r\n"
        check_rights(controller)


@pytest.mark.usefixtures("restored")
def test_users_stay_on_classic_outlook_if_that_is_wanted() -> None:
    options = {"autoconfig_outlook_keep_classic": True}
    assert changes(converge(**options)) == 2
    for controller in BOTH:
        assert sorted(read_policy(fetched(controller))) == sorted([SETUP, *KEPT, REDIRECT])
    assert changes(converge(**options)) == 0
    assert changes(converge()) == 2
    assert read_policy(fetched("dc12")) == [SETUP, REDIRECT]


def test_links_and_groups() -> None:
    options = {
        "autoconfig_outlook_gpo_links": ["ou=staff,{{ lab_base }}"],
        "autoconfig_outlook_gpo_security_filter": ["Outlook users"],
    }
    said = converge("--diff", **options)
    assert "-applies to Authenticated Users" in said
    assert "+applies to Outlook users" in said
    for controller in BOTH:
        assert f"-linked to {base(controller)}" in said
        assert f"+linked to OU=Staff,{base(controller)}" in said
        assert links(controller, "") == ["Default Domain Policy"]
        assert links(controller, "OU=Staff,") == [NAME]
        assert [reaches(controller, user) for user in ("ann", "eve")] == [True, False]
        group = samba(controller, "group", "show", "Outlook users", "--attributes=objectSid")
        assert appliers(controller) == re.findall(r"objectSid: (\S+)", group)
        check_rights(controller)
    assert changes(converge(**options)) == 0
    assert "-applies to Outlook users" in converge("--diff")
    for controller in BOTH:
        assert links(controller, "OU=Staff,") == []
        assert appliers(controller) == ["AU"]
        check_rights(controller)


@pytest.mark.usefixtures("restored")
def test_absent_removes_all_of_it() -> None:
    files = {controller: directory(controller) for controller in BOTH}
    assert changes(converge("--check", autoconfig_outlook_state="absent")) == 2
    assert guid("dc12")
    said = converge("--diff", autoconfig_outlook_state="absent")
    assert changes(said) == 2
    assert f"-Group Policy object {NAME}" in said
    assert changes(converge(autoconfig_outlook_state="absent")) == 0
    for controller in BOTH:
        assert objects(controller) == []
        assert links(controller, "") == ["Default Domain Policy"]
        assert run(controller, "test", "-e", files[controller]).returncode == 1
        check_rights(controller)


def test_object_of_somebody_else_is_left() -> None:
    samba("dc12", "gpo", "create", "theirs")
    try:
        result = windows("--limit", "*dc12", autoconfig_outlook_gpo_name="Theirs")
        assert 'name: "Theirs" is the name of an object of somebody else' in refusal(result)
        absent = converge(
            "--limit",
            "*dc12",
            autoconfig_outlook_gpo_name="Theirs",
            autoconfig_outlook_state="absent",
        )
        assert changes(absent) == 0
        assert len(objects("dc12", "theirs")) == 1
    finally:
        samba("dc12", "gpo", "del", *objects("dc12", "theirs"))


@pytest.mark.parametrize(
    ("variables", "line"),
    [
        (
            {"autoconfig_outlook_gpo_links": ["OU=Nowhere,DC=corp12,DC=test"]},
            'links: no "OU=Nowhere,DC=corp12,DC=test" in corp12.test',
        ),
        (
            {"autoconfig_outlook_gpo_links": ["CN=Users,DC=corp12,DC=test"]},
            'links: "CN=Users,DC=corp12,DC=test" is no organizational unit',
        ),
        (
            {"autoconfig_outlook_gpo_security_filter": ["Nobody*"]},
            'security_filter: no group "Nobody*" in corp12.test',
        ),
    ],
)
def test_bad_input(variables: dict[str, Any], line: str) -> None:
    assert line in refusal(windows("--limit", "*dc12", **variables))
