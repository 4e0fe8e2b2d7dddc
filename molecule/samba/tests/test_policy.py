"""The Group Policy object on real Samba domain controllers, of Debian 12 and 13."""

from __future__ import annotations

import base64
import functools
import json
import re
import struct
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from support.deployed import ROOT, changes, play, refusal
from support.samba_lab import CONTROLLERS, INVENTORY, output, run, samba

NAME = "Outlook asks the mail domain"
OUTLOOK = r"Software\Policies\Microsoft\Office\16.0\Outlook"
SETUP = (rf"{OUTLOOK}\setup", "DisableOffice365SimplifiedAccountCreation", 4, 1)
REDIRECT = (rf"{OUTLOOK}\AutoDiscover\RedirectServers", "autoconfig.hoster.test", 1, "")
SCP = (rf"{OUTLOOK}\AutoDiscover", "ExcludeScpLookup", 4, 1)
REGISTRY = "{35378EAC-683F-11D2-A89A-00C04FBBCFA2}{D02B1F73-3407-48AE-BA88-E8213C6761F1}"
BOTH = sorted(CONTROLLERS)
OTHER = "Another object"
UNREADABLE = "-Registry.pol that Samba does not read"
# The module's part that needs nothing but Samba, to run it on a controller.
VALUES = (ROOT / "plugins/module_utils/group_policy/values.py").read_text()
Read = list[tuple[str, str, int, int | str]]


def read_policy(content: bytes) -> Read:
    """A reader of its own, from MS-GPREG 2.2.1: nothing of the collection, nothing of Samba."""
    assert content[:8] == b"PReg\x01\x00\x00\x00"
    found: Read = []
    position = 8
    while position < len(content):
        match = re.compile(
            rb"\[\0((?:(?!\0\0)..)*)\0\0;\0((?:(?!\0\0)..)*)\0\0;\0(....);\0(....);\0", re.DOTALL
        ).match(content, position)
        assert match, content[position:]
        type_, size = (struct.unpack("<I", match[index])[0] for index in (3, 4))
        data = content[match.end() : match.end() + size]
        shown = struct.unpack("<I", data)[0] if type_ == 4 else data.decode("utf-16-le")[:-1]
        found.append((match[1].decode("utf-16-le"), match[2].decode("utf-16-le"), type_, shown))
        position = match.end() + size
        assert content[position : position + 2] == b"]\0"
        position += 2
    return found


def domain(controller: str) -> str:
    return str(CONTROLLERS[controller]["realm"])


def base(controller: str) -> str:
    return ",".join(f"DC={label}" for label in domain(controller).split("."))


def objects(controller: str, name: str = NAME) -> list[str]:
    """The names in the directory of all objects with a name."""
    listed = samba(controller, "gpo", "listall")
    return re.findall(rf"GPO +: (\S+)\ndisplay name : {name}\n", listed)


@functools.cache
def guid(controller: str, name: str = NAME) -> str:
    (found,) = objects(controller, name)
    return found


def fetched(controller: str, name: str = NAME) -> bytes:
    """Registry.pol as `samba-tool gpo fetch` gets it from the share."""
    output(controller, "rm", "-rf", "/tmp/fetched")
    output(controller, "mkdir", "/tmp/fetched")
    samba(controller, "gpo", "fetch", guid(controller, name), "--tmpdir", "/tmp/fetched")
    command = "find /tmp/fetched -iname registry.pol -path '*ser*' | xargs -d '\\n' base64 -w0"
    text = output(controller, "sh", "-c", command)
    return base64.b64decode(text)


DIRECTORY = """
import json, ldb
from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB
lp = LoadParm()
lp.load_default()
db = SamDB(session_info=system_session(lp), lp=lp)
dn = "CN=%s,CN=Policies,CN=System," + str(db.domain_dn())
"""
ATTRIBUTES = [
    "description",
    "gPCFunctionalityVersion",
    "gPCMachineExtensionNames",
    "gPCUserExtensionNames",
    "versionNumber",
]


def shown(controller: str) -> dict[str, str]:
    """What the directory says of the object, and the version of its files."""
    name = guid(controller)
    code = f"""
found = db.search(base=dn, scope=ldb.SCOPE_BASE, attrs={ATTRIBUTES})[0]
attributes = {{name: str(found[name]) for name in {ATTRIBUTES} if name in found}}
with open("/var/lib/samba/sysvol/{domain(controller)}/Policies/{name}/GPT.INI", newline="") as file:
    print(json.dumps(dict(attributes, files=file.read())))
"""
    found = output(controller, "python3", "-", said=DIRECTORY.replace("%s", name) + code)
    return dict(json.loads(found))


def directory(controller: str) -> str:
    return f"/var/lib/samba/sysvol/{domain(controller)}/Policies/{guid(controller)}"


def links(controller: str, container: str) -> list[str]:
    said = samba(controller, "gpo", "getlink", f"{container}{base(controller)}")
    return re.findall(r"Name +: (.*)", said)


def reaches(controller: str, user: str) -> bool:
    """Whether Samba finds the object for a user by the links above the user."""
    return NAME in samba(controller, "gpo", "list", user)


def appliers(controller: str) -> list[str]:
    """Whom the access rights let the object apply to (the extended right Apply-Group-Policy)."""
    said = samba(controller, "gpo", "show", guid(controller))
    return re.findall(r"\(OA;CI;CR;edacfd8f-ffb3-11d1-b41d-00a0c968f939;;([^)]*)\)", said)


def check_rights(controller: str) -> None:
    samba(controller, "gpo", "aclcheck")
    output(controller, "samba-tool", "ntacl", "sysvolcheck")


def windows(*arguments: str, **variables: Any) -> subprocess.CompletedProcess[str]:
    return play("mailhost.autoconfig.windows", *arguments, inventory=INVENTORY, **variables)


def converge(*arguments: str, **variables: Any) -> str:
    result = windows(*arguments, **variables)
    assert result.returncode == 0, result.stdout + result.stderr
    if "autoconfig_outlook_state" in variables:
        guid.cache_clear()  # a new object has another name in the directory
    return result.stdout


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
        ({"name": "N" * 256}, "no key and name of 1 to 255 characters"),
        ({"data": 1 << 32}, "4294967296 is no number of 32 bits"),
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
