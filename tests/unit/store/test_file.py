from __future__ import annotations

import json
import os
from array import array
from contextlib import closing
from pathlib import Path
from zlib import crc32

import pytest

from mail_autoconfig.store.file import (
    FORMAT,
    HEAD,
    File,
    StoreError,
    digest_of,
    is_readable,
    login_in,
    logins_in,
    packed,
)
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


def test_a_key_is_a_whole_one(tmp_path: Path) -> None:
    """Also where many are in one bucket."""
    names = [f"{'b.' * number}a.test" for number in range(100)]
    write(tmp_path / "s", {}, [entry(name, source=name) for name in names])
    with closing(File(tmp_path / "s")) as file:
        assert len({crc32(name.encode()) % file.says["buckets"] for name in names}) < len(names)
        found = [file.line(name.encode()) for name in names]
        assert [each and each[0].split(b" ")[2].decode() for each in found] == names
        assert {file.line(key) for key in (b"a.tes", b".a.test", b"b.a.tes", b"")} == {None}


def test_a_local_part_is_a_whole_one() -> None:
    names = b"\t\t@b.a\tone\t\t@a\t@two\t\t@c\t\t"
    found = [login_in(names, key) for key in (b"a", b"b.a", b"c", b".a", b"two", b"")]
    assert found == [b"@two", b"one", b"", None, None, None]
    assert list(logins_in(names)) == [("b.a", "one"), ("a", "@two"), ("c", "")]
    assert list(logins_in(b"")) == []


def test_lines_have_all(path: Path) -> None:
    with closing(File(path)) as file:
        lines = sorted(file.lines())
        each = [(key, *(file.line(key) or ())) for key, _value, _names in lines]
    assert each == lines
    assert [key for key, _value, _names in lines[1:]] == [b"#providers", b"a.example"]
    assert lines[0][0].startswith(b"#")
    assert lines[2][2] == b"\t\t@u\tv\t"


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
    assert (digest_of(path), is_readable(path)) == ("", False)


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


def put_place(path: Path, number: int, place: int) -> None:
    octets = path.read_bytes()
    after = HEAD + 4 * (json.loads(octets[:HEAD])["buckets"] + 1)
    places = array("I", octets[HEAD:after])
    places[number] = place
    path.write_bytes(octets[:HEAD] + packed(places) + octets[after:])


@pytest.mark.parametrize(("number", "place"), [(0, 1), (0, 2**32 - 1), (-1, 0), (-1, 2**32 - 1)])
def test_buckets_are_the_rest_of_the_file(path: Path, number: int, place: int) -> None:
    put_place(path, number, place)
    with pytest.raises(StoreError, match="not complete"):
        File(path)


@pytest.mark.parametrize("place", [2**31 - 1, 2**32 - 1])
@pytest.mark.parametrize("end", [0, 1])
def test_bucket_is_not_larger_than_all(path: Path, end: int, place: int) -> None:
    """Else a read would ask for as much memory as somebody else says."""
    with closing(File(path)) as file:
        buckets = file.says["buckets"]
    numbers = {b"%d.example" % each: crc32(b"%d.example" % each) % buckets for each in range(100)}
    key = next(key for key, number in numbers.items() if 0 < number < buckets - 1)
    put_place(path, numbers[key] + end, place)
    with closing(File(path)) as file, pytest.raises(ValueError, match="damaged"):
        file.line(key)


def test_what_is_no_file(tmp_path: Path) -> None:
    """A pipe would let whoever opens it wait for ever."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/zero")
    for name in ("pipe", "link", "."):
        with pytest.raises(StoreError, match="can't be read: "):
            File(tmp_path / name)


def test_octet_that_changed(path: Path) -> None:
    octets = path.read_bytes()
    path.write_bytes(octets.replace(b"\tv\t", b"\tw\t"))
    assert digest_of(path) == ""
    with closing(File(path)) as file, pytest.raises(ValueError, match="damaged"):
        list(file.lines())


def test_line_that_is_none(path: Path) -> None:
    octets = path.read_bytes()
    path.write_bytes(octets.replace(b"a.example\t", b"a.example\n"))
    with closing(File(path)) as file:
        file.says["digest"] = file.digest()
        with pytest.raises(ValueError, match="damaged"):
            list(file.lines())


def test_line_that_has_no_value(path: Path) -> None:
    octets = path.read_bytes()
    begin = octets.index(b"a.example\t") + len(b"a.example\t")
    end = octets.index(b"\n", begin)
    path.write_bytes(octets[:begin] + b"x" * (end - begin) + octets[end:])
    with closing(File(path)) as file, pytest.raises(ValueError, match="damaged"):
        file.line(b"a.example")


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="can't be read: No such file"):
        File(tmp_path / "none")
    assert digest_of(tmp_path / "none") == ""
