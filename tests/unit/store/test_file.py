from __future__ import annotations

import json
import os
from contextlib import closing
from pathlib import Path

import pytest

from mail_autoconfig.store.file import FORMAT, HEAD, File, StoreError, digest_of, value
from mail_autoconfig.store.write import write

from .samples import PROVIDERS, entry


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "100% #1?.store"
    write(path, PROVIDERS, [entry("a.example", logins={"u": "v"})])
    return path


def test_what_a_file_says_of_itself(path: Path) -> None:
    with closing(File(path)) as file:
        said = file.says
    assert (said["domains"], said["logins"], said["digest"]) == (1, 1, digest_of(path))
    assert len(digest_of(path)) == 64


def test_a_key_is_a_whole_one() -> None:
    bucket = b"\nb.a.test\tone\na.test\ttwo\na.tes\t\n"
    found = [value(bucket, key) for key in (b"a.test", b"b.a.test", b"a.tes", b"a", b"two")]
    assert found == [b"two", b"one", b"", None, None]


def test_lines_have_all(path: Path) -> None:
    with closing(File(path)) as file:
        keys = sorted(key for key, _value in file.lines())
    assert keys[1:] == [b"#providers", b"a.example", b"u@a.example"]
    assert keys[0].startswith(b"#")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"kind": "others"}, "not a store"),
        ({"format": FORMAT + 1}, f"format {FORMAT + 1}; this program reads"),
        ({"digest": None}, "not complete"),
        ({"size": 1}, "not complete"),
        ({"buckets": 0}, "not complete"),
        ({"buckets": -1}, "not complete"),
        ({"buckets": 10**12}, "not complete"),
        ({"buckets": 10**30}, "not complete"),
        ({"buckets": "4"}, "not complete"),
        ({"buckets": 2}, "not complete"),
        ({"domains": [1]}, "not complete"),
        ({"digest": 5}, "not complete"),
    ],
)
def test_file_that_is_no_store_of_this_program(
    path: Path, change: dict[str, object], problem: str
) -> None:
    octets = path.read_bytes()
    said = {**json.loads(octets[:HEAD]), **change}
    kept = {key: value for key, value in said.items() if value is not None}
    path.write_bytes(json.dumps(kept).encode().ljust(HEAD) + octets[HEAD:])
    with pytest.raises(StoreError, match=problem):
        File(path)
    assert digest_of(path) == ""


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "not a store"),
        (b"x" * 5000, "not a store"),
        (b"SQLite format 3\0" * 300, "not a store"),
        (b'{"kind": "mail-autoconfig store", ', "can't be read: "),
        (None, "not complete"),
    ],
)
def test_file_that_is_broken(path: Path, content: bytes | None, problem: str) -> None:
    path.write_bytes(path.read_bytes()[:-1] if content is None else content)
    with pytest.raises(StoreError, match=problem):
        File(path)


@pytest.mark.parametrize("number", [0, 1, 2, 3])
@pytest.mark.parametrize("place", [b"\x00\x00\x00\x00", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f"])
def test_places_of_buckets_are_in_order(path: Path, number: int, place: bytes) -> None:
    """Else a read would ask for as much memory as somebody else says."""
    octets = bytearray(path.read_bytes())
    at = HEAD + 4 * number
    unchanged = octets[at : at + 4] == place
    octets[at : at + 4] = place
    path.write_bytes(octets)
    if unchanged:
        File(path).close()
    else:
        with pytest.raises(StoreError, match="not complete"):
            File(path)


def test_what_is_no_file(tmp_path: Path) -> None:
    """A pipe would let whoever opens it wait for ever."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/zero")
    for name in ("pipe", "link", "."):
        with pytest.raises(StoreError, match="can't be read: "):
            File(tmp_path / name)


def test_octet_that_changed(path: Path) -> None:
    octets = path.read_bytes()
    path.write_bytes(octets.replace(b"\tv\n", b"\tw\n"))
    assert digest_of(path) == ""
    with closing(File(path)) as file, pytest.raises(ValueError, match="damaged"):
        list(file.lines())


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="can't be read: No such file"):
        File(tmp_path / "none")
    assert digest_of(tmp_path / "none") == ""
