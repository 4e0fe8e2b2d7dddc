"""The files, read by what reads a registry as Windows does."""

from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest
import yaml
from docker.models.containers import Container
from regipy.registry import RegistryHive

from mail_autoconfig.inventory.read import parse
from mail_autoconfig.outlook.values import values
from support.deployed import ROOT, changes, play, refusal
from support.hive import empty_hive
from support.registry import Effect, reg_effect

SCENARIO = Path(__file__).parents[1]
INVENTORY = SCENARIO / "inventory/hosts.yml"
DOMAINS = yaml.safe_load((SCENARIO / "inventory/group_vars/all/domains.yml").read_text())
FILES = ROOT / ".cache/lab/windows/files"
OUTLOOK = r"Software\Microsoft\Office\16.0\Outlook"


@pytest.fixture(scope="module")
def expected() -> Effect:
    raw = {
        "domains": DOMAINS["autoconfig_domains"],
        "generic_host": DOMAINS["autoconfig_generic_host"],
    }
    found = values(parse(raw), DOMAINS["autoconfig_outlook_autodiscover"])
    assert len(found) == 4
    return {(value.path(), value.name): value.data for value in found}


@pytest.fixture(scope="module")
def reg_file() -> bytes:
    return (FILES / "outlook.reg").read_bytes()


@pytest.fixture
def container() -> Iterator[Container]:
    """A user without any setting of Outlook."""
    container: Container = docker.from_env().containers.get("autoconfig-windows")
    yield container
    run(container, "wine", "reg", "delete", rf"HKCU\{OUTLOOK}", "/f")
    run(container, "rm", "-rf", "/lab")


def run(container: Container, *command: str) -> tuple[int, str]:
    """Run a command in /lab; return its code and all that it says."""
    result: Any = container.exec_run(list(command), workdir="/lab")
    return result.exit_code, result.output.decode("utf-8", "replace")


def put(container: Container, **files: bytes) -> None:
    """Write files to /lab; an underscore stands for the dot of a name."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"lab/{name.replace('_', '.')}")
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    assert container.put_archive("/", archive.getvalue())


def get(container: Container, path: str) -> bytes:
    stream, _ = container.get_archive(path)
    with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as tar:
        extracted = tar.extractfile(tar.getmembers()[0])
        assert extracted
        return extracted.read()


def imported(container: Container, content: bytes) -> Effect:
    """What Wine's registry holds after the import, which succeeds for files with bad lines too."""
    put(container, outlook_reg=content)
    code, said = run(container, "wine", "reg", "import", "outlook.reg")
    assert code == 0, said
    _, said = run(container, "wine", "reg", "query", rf"HKCU\{OUTLOOK}", "/s")
    return dict(queried(said))


def queried(said: str) -> Iterator[tuple[tuple[str, str], int | str]]:
    key = ""
    for line in said.splitlines():
        if match := re.fullmatch(r"HKEY_CURRENT_USER\\(.+?)\s*", line):
            key = match[1]
        elif match := re.fullmatch(r" {4}(\S+) +(REG_\w+) *(.*?)\s*", line):
            name, kind, data = match.groups()
            yield (key, name), int(data, 16) if kind == "REG_DWORD" else data


def merged(container: Container, content: bytes) -> bytes:
    """A user's NTUSER.DAT into which hivexregedit has merged a file.

    It reads UTF-8 without carriage returns, and makes no key whose parent is not there.
    """
    first, _, rest = content.decode("utf-16").replace("\r", "").partition("\n")
    keys = re.findall(r"^\[(.+)\]$", rest, re.MULTILINE)
    parts = [key.split("\\") for key in keys]
    above = dict.fromkeys("\\".join(key[:end]) for key in parts for end in range(2, len(key)))
    text = "\n".join([first, "", *(f"[{key}]\n" for key in above), rest])
    put(container, NTUSER_DAT=empty_hive(), outlook_reg=text.encode())
    prefix = "HKEY_CURRENT_USER"
    code, said = run(
        container, "hivexregedit", "--merge", "--prefix", prefix, "NTUSER.DAT", "outlook.reg"
    )
    assert code == 0, said
    return get(container, "/lab/NTUSER.DAT")


def hive_effect(path: Path) -> Effect:
    """All values of a hive, as regipy reads them."""
    found = Effect()
    reader: Any = RegistryHive  # has no types
    for key in reader(str(path)).recurse_subkeys(as_json=True):
        for value in key.values:
            found[key.path.lstrip("\\"), value["name"]] = value["value"]
    return found


def test_wine_imports_each_value(container: Container, reg_file: bytes, expected: Effect) -> None:
    assert imported(container, reg_file) == expected


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("=dword:00000001", "=dword:0000000g"),
        ('"ExcludeScpLookup"', "ExcludeScpLookup"),
        ("[HKEY_CURRENT_USER", "[HKEY_CURRENT"),
        ('=""', "=''"),
    ],
)
def test_bad_line_is_seen(
    container: Container, reg_file: bytes, expected: Effect, before: str, after: str
) -> None:
    text = reg_file.decode("utf-16")
    assert before in text
    assert imported(container, text.replace(before, after).encode("utf-16")) != expected
    with pytest.raises(AssertionError):
        reg_effect(text.replace(before, after).encode("utf-16"))


def test_other_values_stay(container: Container, reg_file: bytes, expected: Effect) -> None:
    key = rf"{OUTLOOK}\AutoDiscover"
    add = ("wine", "reg", "add", rf"HKCU\{key}", "/v", "Mine", "/t", "REG_DWORD", "/d", "7", "/f")
    put(container, x=b"")
    assert run(container, *add)[0] == 0
    assert imported(container, reg_file) == {**expected, (key, "Mine"): 7}


def test_hive_of_a_user_takes_each_value(
    container: Container, reg_file: bytes, expected: Effect, tmp_path: Path
) -> None:
    hive = tmp_path / "NTUSER.DAT"
    hive.write_bytes(empty_hive())
    assert hive_effect(hive) == {}
    hive.write_bytes(merged(container, reg_file))
    assert hive_effect(hive) == expected
    changed = reg_file.decode("utf-16").replace("dword:00000001", "dword:00000002")
    hive.write_bytes(merged(container, changed.encode("utf-16")))
    assert hive_effect(hive) != expected


def written(*arguments: str, **variables: Any) -> str:
    result = play(
        "mailhost.autoconfig.windows",
        *("--tags", "files"),
        *arguments,
        inventory=INVENTORY,
        **variables,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_playbook_writes_the_files_without_any_windows(tmp_path: Path) -> None:
    directory = tmp_path / "files"
    said = written("--check", "--diff", autoconfig_outlook_files_path=str(directory))
    assert changes(said) == 1
    assert "DisableOffice365SimplifiedAccountCreation" in said
    assert not directory.exists()
    assert changes(written(autoconfig_outlook_files_path=str(directory))) == 1
    assert changes(written(autoconfig_outlook_files_path=str(directory))) == 0
    there = {p.relative_to(directory): p.read_bytes() for p in directory.rglob("*.*")}
    assert there == {p.relative_to(FILES): p.read_bytes() for p in FILES.rglob("*.*")}


def test_bad_ways_are_refused_in_one_line(tmp_path: Path) -> None:
    result = play(
        "mailhost.autoconfig.windows",
        *("--tags", "files"),
        inventory=INVENTORY,
        autoconfig_outlook_autodiscover={"ExcludeSrvLookup": 1},
        autoconfig_outlook_files_path=str(tmp_path),
    )
    assert 'autoconfig_outlook_autodiscover: no value "ExcludeSrvLookup"; known: ' in refusal(
        result
    )
    assert not any(tmp_path.iterdir())
