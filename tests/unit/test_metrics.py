from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from mail_autoconfig import metrics
from mail_autoconfig.cli import main

RIGHT = """\
# HELP mail_autoconfig_source_domains Domains.
# TYPE mail_autoconfig_source_domains gauge
mail_autoconfig_source_domains{source="customers"} 3
"""


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """The file of the service."""
    (tmp_path / "run").mkdir()
    (tmp_path / "node-exporter").mkdir()
    (tmp_path / "node-exporter/ours.prom").write_text("old")
    return tmp_path / "run/metrics"


def take(theirs: Path) -> tuple[int, str]:
    """The exit code, and what node_exporter reads then."""
    target = theirs.parents[1] / "node-exporter/ours.prom"
    code = main(["metrics", str(theirs), str(target)])
    assert [each.name for each in target.parent.iterdir()] == ["ours.prom"]
    return code, target.read_text()


def test_metrics_are_taken(theirs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    theirs.write_text(RIGHT)
    assert take(theirs) == (0, RIGHT)
    assert capsys.readouterr() == ("", "")


def test_nobody_reads_them(theirs: Path) -> None:
    assert main(["metrics", str(theirs), str(theirs.parents[1] / "none/ours.prom")]) == 0


def test_none_was_written(theirs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert take(theirs) == (1, "old")
    assert capsys.readouterr().err == f"metrics: {theirs}: No such file or directory\n"


def link(path: Path) -> None:
    secret = path.with_name("secret")
    secret.write_text(RIGHT)
    path.symlink_to(secret)


def bound_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))


def huge(path: Path) -> None:
    """It takes no room."""
    path.touch()
    os.truncate(path, metrics.LARGEST + 1)


def forged(path: Path) -> None:
    path.write_text(f"{RIGHT}node_load1 0\n")


@pytest.mark.parametrize(
    ("leave", "why"),
    [
        (link, "Too many levels of symbolic links"),
        (os.mkfifo, "not a regular file"),
        (os.mkdir, "not a regular file"),
        (bound_socket, "No such device or address"),
        (huge, "over 67108864 octets"),
        (forged, "not only metrics called mail_autoconfig_…"),
    ],
)
def test_what_a_hostile_service_leaves(
    leave: object, why: str, theirs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert callable(leave)
    leave(theirs)
    assert take(theirs) == (1, "old")
    assert capsys.readouterr().err == f"metrics: {theirs}: {why}\n"


def test_file_of_another_that_is_linked_there(
    theirs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the kernel does not forbid it."""
    theirs.write_text(RIGHT)
    real = os.fstat

    def other(descriptor: int) -> os.stat_result:
        values = list(real(descriptor))
        values[4] += 1  # st_uid
        return os.stat_result(values)

    monkeypatch.setattr(os, "fstat", other)
    assert take(theirs) == (1, "old")
    said = f"metrics: {theirs}: of another account than its directory\n"
    assert capsys.readouterr().err == said
