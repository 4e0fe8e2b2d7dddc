"""Registry.pol on real Samba domain controllers: what is written, and what is read there."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from support.deployed import ROOT, changes, play
from support.samba_lab import INVENTORY, output, samba
from support.samba_policy import (
    BOTH,
    REDIRECT,
    SETUP,
    Read,
    check_rights,
    converge,
    directory,
    domain,
    fetched,
    guid,
    objects,
    read_policy,
    shown,
)

OTHER = "Another object"
UNREADABLE = "-Registry.pol that Samba does not read"
# The module's part that needs nothing but Samba, to run it on a controller.
VALUES = (ROOT / "plugins/module_utils/group_policy/values.py").read_text()


def gpo(controller: str, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run the module alone, for an object of another name."""
    module = "-m", "mailhost.autoconfig.samba_gpo", "-a", json.dumps({"name": OTHER} | options)
    return play(f"*{controller}", *module, *arguments, program="ansible", inventory=INVENTORY)


def kept(controller: str, *arguments: str, **options: Any) -> str:
    """What the module says, which must succeed."""
    result = gpo(controller, *arguments, **options)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture
def other() -> Iterator[None]:
    """Another object goes again, also from what is known of names in the directory."""
    yield
    for controller in BOTH:
        kept(controller, state="absent")
    guid.cache_clear()


@pytest.mark.usefixtures("other")
@pytest.mark.parametrize("controller", BOTH)
def test_bytes_are_those_of_the_specification(controller: str) -> None:
    """MS-GPREG 2.2.1."""
    values = [
        {"key": "K", "name": "N", "type": "REG_DWORD", "data": 258},
        {"key": "K", "name": "é", "type": "REG_SZ", "data": ""},
        {"key": "K", "name": "t", "type": "REG_SZ", "data": "ä b"},
        {"key": "K", "name": "m", "type": "REG_DWORD", "data": "4294967295"},
    ]
    said = kept(controller, "--diff", values=values)
    assert r"+K\N = REG_DWORD 258" in said
    assert r'+K\é = REG_SZ ""' in said
    assert r'+K\t = REG_SZ "ä b"' in said
    assert r"+K\m = REG_DWORD 4294967295" in said
    content = fetched(controller, OTHER)
    assert content == (
        b"PReg\x01\0\0\0"
        b"[\0K\0\0\0;\0N\0\0\0;\0\x04\0\0\0;\0\x04\0\0\0;\0\x02\x01\0\0]\0"
        b"[\0K\0\0\0;\0\xe9\0\0\0;\0\x01\0\0\0;\0\x02\0\0\0;\0\0\0]\0"
        b"[\0K\0\0\0;\0t\0\0\0;\0\x01\0\0\0;\0\x08\0\0\0;\0\xe4\0 \0b\0\0\0]\0"
        b"[\0K\0\0\0;\0m\0\0\0;\0\x04\0\0\0;\0\x04\0\0\0;\0\xff\xff\xff\xff]\0"
    )
    assert read_policy(content)[2:] == [("K", "t", 1, "ä b"), ("K", "m", 4, 0xFFFFFFFF)]
    assert "CHANGED" not in kept(controller, values=values)


@pytest.mark.usefixtures("other")
def test_values_of_other_types_are_shown_and_removed() -> None:
    kept("dc12")
    path = (
        f"/var/lib/samba/sysvol/{domain('dc12')}/Policies/{guid('dc12', OTHER)}/User/Registry.pol"
    )
    code = f"""
values = [PolicyValue("K", "N", "REG_BINARY", b"\\1\\xff"), PolicyValue("K", "Q", "REG_QWORD", 5)]
with open({path!r}, "wb") as file:
    file.write(pack(values))
"""
    output("dc12", "python3", "-", said=VALUES + code)
    said = kept("dc12", "--diff")
    assert r"-K\N = REG_BINARY 01ff" in said
    assert r"-K\Q = REG_QWORD 5" in said
    assert fetched("dc12", OTHER) == b"PReg\x01\0\0\0"


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"name": "N" * 256}, "key and name must have 1 to 255 characters"),
        ({"data": 1 << 32}, "4294967296 is not a number of 32 bits"),
        ({"type": "REG_QWORD"}, "value of type must be one of: REG_DWORD, REG_SZ, got: REG_QWORD"),
    ],
)
def test_wrong_values(value: dict[str, Any], problem: str) -> None:
    good = {"key": "K", "name": "N", "type": "REG_DWORD", "data": 1}
    result = gpo("dc12", values=[good | value])
    assert result.returncode == 2
    assert problem in result.stdout
    assert objects("dc12", OTHER) == []


@pytest.mark.parametrize("controller", BOTH)
def test_any_values_are_read_back_and_any_bytes_are_values_or_a_problem(controller: str) -> None:
    code = """
import random

numbers = random.Random(41)
letters = [*map(chr, range(1, 0xD800)), *map(chr, range(0xE000, 0x11000))]


def text(least):
    return "".join(numbers.choices(letters, k=numbers.randint(least, 9)))


def data():
    yield "REG_SZ", text(0)
    yield "REG_DWORD", numbers.getrandbits(32)
    yield "REG_BINARY", numbers.randbytes(numbers.randint(1, 9))


for _ in range(500):
    values = [PolicyValue(text(1), text(1), *each) for each in data()]
    packed = pack(values)
    assert parse(packed) == values
    for _ in range(9):
        damaged = bytearray(packed[: numbers.choice([None, numbers.randrange(len(packed))])])
        for place in numbers.choices(range(len(damaged)), k=min(2, len(damaged))):
            damaged[place] = numbers.randrange(256)
        try:
            found = parse(bytes(damaged))
        except ValueError:
            continue
        if all(hasattr(misc, value.type) for value in found):
            assert pack(found) == damaged
print("done")
"""
    assert output(controller, "python3", "-", said=VALUES + code) == "done\n"


def test_both_controllers_have_the_same_bytes() -> None:
    assert fetched("dc12") == fetched("dc13")


def test_samba_reads_the_same() -> None:
    """By `gpo show`, which Samba 4.17 has not for values, and in a backup."""
    said = samba("dc13", "gpo", "show", guid("dc13"))
    assert json.loads(said.partition("Policies     :")[2]) == as_samba_writes([SETUP, REDIRECT])
    for controller in BOTH:
        output(controller, "rm", "-rf", "/tmp/backup")
        output(controller, "mkdir", "/tmp/backup")
        samba(controller, "gpo", "backup", guid(controller), "--tmpdir", "/tmp/backup")
        assert "<ValueName>DisableOffice365SimplifiedAccountCreation</ValueName>" in output(
            controller, "sh", "-c", "cat $(find /tmp/backup -iname 'registry.pol.xml')"
        )


def as_samba_writes(values: Read) -> list[dict[str, Any]]:
    return [
        {
            "keyname": key,
            "valuename": name,
            "class": "USER",
            "type": {1: "REG_SZ", 4: "REG_DWORD"}[type_],
            "data": data,
        }
        for key, name, type_, data in values
    ]


def test_samba_writes_the_same() -> None:
    """`samba-tool gpo load`, which Samba 4.17 has not, makes the same bytes of the same values."""
    samba("dc13", "gpo", "create", "by samba")
    other = guid("dc13", "by samba")
    try:
        values = json.dumps(as_samba_writes([SETUP, REDIRECT]))
        output("dc13", "sh", "-c", "cat > /tmp/values.json", said=values)
        samba("dc13", "gpo", "load", other, "--content", "/tmp/values.json")
        assert fetched("dc13", "by samba") == fetched("dc13")
    finally:
        samba("dc13", "gpo", "del", other)


@pytest.mark.parametrize(
    ("damage", "line"),
    [
        ("printf garbage > {0}/User/Registry.pol", f"{UNREADABLE}: Buffer Size Error"),
        ("printf 'PReg\\2\\0\\0\\0' > {0}/User/Registry.pol", f"{UNREADABLE}: no header"),
        ("printf 'PReg\\1\\0\\0\\0x\\0' > {0}/User/Registry.pol", f"{UNREADABLE}: Unread Bytes"),
        ("truncate --size=-2 {0}/User/Registry.pol", f"{UNREADABLE}: Buffer Size Error"),
        ("truncate --size=0 {0}/User/Registry.pol", rf"+{SETUP[0]}\{SETUP[1]} = REG_DWORD 1"),
        ("sed -i s/^Version=[0-9]*/Version=1/ {0}/GPT.INI", "-not announced to clients"),
        ("touch {0}/User/other", "-files have other access rights"),
        ("rm -r {0}", "-not announced to clients"),
    ],
)
def test_damage_is_mended(damage: str, line: str) -> None:
    before = int(shown("dc12")["versionNumber"])
    output("dc12", "sh", "-c", damage.format(f"'{directory('dc12')}'"))
    said = converge("--diff", "--limit", "*dc12")
    assert line in said
    assert changes(said) == 1
    assert read_policy(fetched("dc12")) == [SETUP, REDIRECT]
    check_rights("dc12")
    raised = before if "access rights" in line else before + 65536
    found = shown("dc12")
    assert int(found["versionNumber"]) == raised
    assert f"Version={raised}\r\n" in found["files"]
