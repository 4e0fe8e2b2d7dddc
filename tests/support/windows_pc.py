"""The PCs of molecule/windows, and playbooks/windows.yml on them.

What is on a PC is made and read by Wine's regedit and by its files, never by PowerShell.
"""

from __future__ import annotations

import io
import re
import subprocess
import tarfile
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import docker
from docker.models.containers import Container

from support.deployed import ROOT, play

HOSTS = ROOT / "molecule/windows/inventory/hosts.yml"
OUTLOOK = r"Microsoft\Office\16.0\Outlook"
VALUE = "DisableOffice365SimplifiedAccountCreation"
CONTAINER = "autoconfig-pcs"
PROFILES = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList"
RECORDS = r"HKEY_LOCAL_MACHINE\SOFTWARE\mailhost.autoconfig"
EMPTY = "WINE REGISTRY Version 2\n;; All keys relative to \\\\User\n\n#arch=win64\n"
"""The hive of a new user."""

Keys = dict[str, dict[str, str]]
"""Key -> name -> data, as the file writes it: `dword:00000001`, `"text"`."""


def keys_of(text: str) -> Keys:
    """Read a hive of Wine, or what its regedit exports.

    A key is named by its path; Wine doubles its backslashes, regedit does not.
    """
    doubled = text.startswith("WINE REGISTRY")
    found: Keys = {}
    key = ""
    for line in text.replace("\r", "").replace("\\\n", "").split("\n"):
        if match := re.match(r"\[(.+)\](?: \d+)?$", line):
            key = match[1].replace("\\\\", "\\") if doubled else match[1]
            key = re.sub(r"\\x([0-9a-f]{4})", lambda code: chr(int(code[1], 16)), key)
            found[key] = {}
        elif match := re.match(r'(?:"((?:[^"\\]|\\.)*)"|@)=(.*)$', line):
            found[key][re.sub(r"\\(.)", r"\1", match[1] or "")] = match[2]
    return found


@dataclass(frozen=True)
class Profile:
    """A profile of a person: its key in ProfileList, its folder, what its hive holds."""

    key: str
    folder: str
    hive: str | None = EMPTY
    state: int = 0
    files: dict[str, bytes] = field(default_factory=dict, hash=False)


class PC:
    """One PC in the container."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.container: Container = docker.from_env().containers.get(CONTAINER)
        self.drive = PurePosixPath(f"/pcs/{name}/wine/drive_c")

    def run(self, *command: str, check: bool = True) -> str:
        """Run a program; what it says. Fails where it fails, unless `check` is false."""
        environment = {
            "WINEPREFIX": f"/pcs/{self.name}/wine",
            "WINEDLLOVERRIDES": "reg.exe=n",
            "WINEDEBUG": "-all",
        }
        ran: Any = self.container.exec_run(list(command), environment=environment)
        said: str = ran.output.decode("utf-8", "replace")
        assert not check or ran.exit_code == 0, said
        return said

    def powershell(self, *arguments: str, check: bool = True) -> str:
        """What PowerShell says."""
        return self.run("/kit/pc", "run", f"/pcs/{self.name}", *arguments, check=check)

    def reg(self, verb: str, *arguments: str) -> None:
        """reg.exe load or unload, as another program on the PC would."""
        self.run("wine", r"C:\windows\system32\reg.exe", verb, *arguments)

    def put(self, path: str, content: bytes) -> None:
        """Write a file below C:."""
        where = self.drive / path
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            entry = tarfile.TarInfo(str(where).lstrip("/"))
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
        assert self.container.put_archive("/", archive.getvalue())

    def read(self, path: str) -> bytes:
        stream, _ = self.container.get_archive(str(self.drive / path))
        with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as tar:
            extracted = tar.extractfile(tar.getmembers()[0])
            assert extracted
            return extracted.read()

    def remove(self, path: str) -> None:
        self.run("rm", "-rf", str(self.drive / path))

    def merge(self, lines: str) -> None:
        """Import lines of a .reg file."""
        text = f"Windows Registry Editor Version 5.00\n\n{lines}\n"
        self.put("merge.reg", b"\xff\xfe" + text.replace("\n", "\r\n").encode("utf-16-le"))
        self.run("wine", "regedit", "/S", r"C:\merge.reg")

    def export(self, key: str) -> Keys:
        """A key and all below it; nothing where it is not there."""
        self.remove("export.reg")
        self.run("wine", "regedit", "/E", r"C:\export.reg", key, check=False)
        if not self.run("sh", "-c", f"ls {self.drive}/export.reg || true", check=False).startswith(
            "/"
        ):
            return {}
        return keys_of(self.read("export.reg").decode("utf-16"))

    def hive(self, folder: str) -> Keys:
        """What the file of a person's hive holds."""
        return keys_of(self.read(f"users/{folder}/NTUSER.DAT").decode())

    def add(self, *profiles: Profile) -> None:
        """Make profiles: the keys in one go, then the folders."""
        lines = []
        for profile in profiles:
            lines.append(f"[{PROFILES}\\{profile.key}]")
            if profile.folder:
                lines.append(rf'"ProfileImagePath"="C:\\Users\\{profile.folder}"')
            lines.append(f'"State"=dword:{profile.state:08x}\n')
            if profile.hive is not None:
                self.put(f"users/{profile.folder}/NTUSER.DAT", profile.hive.encode())
            for name, content in profile.files.items():
                self.put(f"users/{profile.folder}/{name}", content)
        self.merge("\n".join(lines))

    def forget(self, *profiles: Profile) -> None:
        """Remove profiles."""
        self.merge("\n".join(f"[-{PROFILES}\\{profile.key}]" for profile in profiles))
        for profile in profiles:
            if profile.folder:
                self.remove(f"users/{profile.folder}")


def windows(*arguments: str, **variables: Any) -> subprocess.CompletedProcess[str]:
    """Run playbooks/windows.yml on both PCs."""
    return play("mailhost.autoconfig.windows", *arguments, inventory=HOSTS, **variables)


def done(*arguments: str, **variables: Any) -> str:
    """The same, which must succeed; what it prints."""
    ran = windows(*arguments, **variables)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def outlook_values(keys: Keys) -> set[str]:
    """The values of Outlook in a hive."""
    return {
        rf"{key}\{name}={data}"
        for key, content in keys.items()
        for name, data in content.items()
        if OUTLOOK in key
    }


def wanted(root: str = "Software") -> set[str]:
    """The values that the inventory of the PCs asks for."""
    return {
        rf"{root}\{OUTLOOK}\setup\{VALUE}=dword:00000001",
        rf'{root}\{OUTLOOK}\AutoDiscover\RedirectServers\autoconfig.hoster.test=""',
    }
