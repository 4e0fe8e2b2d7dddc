"""The Group Policy objects of molecule/samba's controllers, read by Samba's own tools."""

from __future__ import annotations

import base64
import functools
import json
import re
import struct
import subprocess
from typing import Any

from support.deployed import play
from support.samba_lab import CONTROLLERS, INVENTORY, output, samba

NAME = "Outlook asks the mail domain"
OUTLOOK = r"Software\Policies\Microsoft\Office\16.0\Outlook"
SETUP = (rf"{OUTLOOK}\setup", "DisableOffice365SimplifiedAccountCreation", 4, 1)
REDIRECT = (rf"{OUTLOOK}\AutoDiscover\RedirectServers", "autoconfig.hoster.test", 1, "")
SCP = (rf"{OUTLOOK}\AutoDiscover", "ExcludeScpLookup", 4, 1)
KEPT = [  # autoconfig_outlook_keep_classic
    (rf"{OUTLOOK}\Options\General", "HideNewOutlookToggle", 4, 1),
    (rf"{OUTLOOK}\Options\General", "DoNewOutlookAutoMigration", 4, 0),
    (rf"{OUTLOOK}\Preferences", "NewOutlookMigrationUserSetting", 4, 0),
]
BOTH = sorted(CONTROLLERS)
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
