from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mail_autoconfig.sources import texts

from ..samples import collected, failure, source

PATTERN = r"^(?P<domain>\S+)$"


def of(path: Path | str, **keys: Any) -> Any:
    return source(type="file", url=None, domains={"path": str(path), "pattern": PATTERN, **keys})


def test_one_file_and_many(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a.example\n")
    (tmp_path / "b.txt").write_text("b.example\n")
    assert list(collected(of(tmp_path / "a.txt")).domains) == ["a.example"]
    assert list(collected(of(tmp_path / "*.txt")).domains) == ["a.example", "b.example"]


def test_path_below_the_path_of_the_source(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a.example\n")
    domains = {"path": "a.txt", "pattern": PATTERN}
    found = collected(source(type="file", url=None, path=str(tmp_path), domains=domains))
    assert list(found.domains) == ["a.example"]


def test_what_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "none"
    assert failure(of(path)) == f"{path}: No such file or directory"
    assert failure(of(f"{path}*")) == f"{path}*: there is no such file"
    assert collected(of(path, optional=True)).domains == {}
    assert collected(of(f"{path}*", optional=True)).domains == {}


def test_flags_of_a_query_may_be_text(tmp_path: Path) -> None:
    """Templates of Ansible give text."""
    path = tmp_path / "example.conf"
    assert failure(of(path, optional="False")) == f"{path}: No such file or directory"
    path.write_text("one\n")
    assert collected(of(path, named="no")).left_out.keys() == {"one"}


@pytest.mark.parametrize("optional", [False, True])
def test_part_of_the_files_is_refused(optional: bool, tmp_path: Path) -> None:
    """A directory that can't be read; this one is so for root too."""
    for name in "a", "c":
        (tmp_path / name).mkdir()
        (tmp_path / name / "domains").write_text(f"{name}.example\n")
    (tmp_path / "file").touch()
    (tmp_path / "gone").symlink_to("nowhere")
    assert list(collected(of(tmp_path / "*/domains", optional=optional)).domains) == [
        "a.example",
        "c.example",
    ]
    (tmp_path / "b").symlink_to("b")
    why = "Too many levels of symbolic links"
    said = failure(of(tmp_path / "*/domains", optional=optional))
    assert said == f"{tmp_path}/b/domains: {why}"
    assert failure(of(tmp_path / "b/*", optional=optional)) == f"{tmp_path}/b: {why}"


def test_file_that_is_empty(tmp_path: Path) -> None:
    """As one that is just being written: of lines it has none, but it is no JSON."""
    path = tmp_path / "domains"
    path.touch()
    assert collected(of(path)).domains == {}
    said = failure(source(type="file", url=None, domains={"path": str(path), "optional": True}))
    assert said == "domains: not JSON: Expecting value: line 1 column 1 (char 0)"


def test_directory(tmp_path: Path) -> None:
    assert failure(of(tmp_path)) == f"{tmp_path}: Is a directory"


def test_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt"
    path.write_text("a.example\n")
    monkeypatch.setattr(texts, "LARGEST", 10)
    assert list(collected(of(path)).domains) == ["a.example"]
    monkeypatch.setattr(texts, "LARGEST", 9)
    assert failure(of(path)) == f"{path}: over 9 octets"


def test_files_that_are_named_after_their_domains(tmp_path: Path) -> None:
    (tmp_path / "domains").write_text("a.example\nb.example\n")
    for name in "a.example", "b.example":
        (tmp_path / f"{name}.conf").write_text("one two\nwhole@a.example three\n")
    domains = {"path": str(tmp_path / "domains"), "pattern": PATTERN}
    pattern = r"^(?P<address>\S+) (?P<login>\S+)"
    names = {"path": str(tmp_path / "*.conf"), "pattern": pattern, "named": True}
    found = collected(source(type="file", url=None, domains=domains, logins=names))
    assert found.logins == [
        "a.example\tone\ttwo@a.example",
        "a.example\twhole\tthree@a.example",
        "b.example\tone\ttwo@b.example",
    ]
