from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mail_autoconfig import host
from mail_autoconfig.host import (
    NginxError,
    locked,
    nginx_dump,
    open_regular,
    point_link,
    reload_nginx,
    replace_file,
)


@pytest.mark.parametrize("content", ["für\n", b"\xff\x00"])
def test_file_is_replaced_and_nothing_else_stays(tmp_path: Path, content: str | bytes) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    replace_file(path, content)
    assert path.read_bytes() == (content.encode() if isinstance(content, str) else content)
    assert path.stat().st_mode & 0o777 == 0o644
    assert list(tmp_path.iterdir()) == [path]
    replace_file(path, content, 0o600)
    assert path.stat().st_mode & 0o777 == 0o600


def test_file_that_cannot_be_written_leaves_the_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_text("old")

    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fchmod", full)
    with pytest.raises(OSError, match=f"No space left on device: '{path}'"):
        replace_file(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_file_in_a_directory_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        replace_file(tmp_path / "none/file", "")


def test_what_is_no_regular_file_is_written_to(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with ThreadPoolExecutor() as pool:
        read = pool.submit(path.read_text)
        replace_file(path, "text")
        assert read.result() == "text"
    assert path.is_fifo()


def test_only_a_regular_file_is_opened(tmp_path: Path) -> None:
    """Whoever put it there must not lead root elsewhere, nor let it wait."""
    (tmp_path / "file").write_text("text")
    with open_regular(tmp_path / "file") as file:
        assert file.read() == b"text"
    (tmp_path / "link").symlink_to("file")
    os.mkfifo(tmp_path / "pipe")
    before = sorted(Path("/proc/self/fd").iterdir())
    for name, error in (("link", "symbolic links"), ("pipe", "regular"), (".", "regular")):
        with pytest.raises(OSError, match=error):
            open_regular(tmp_path / name)
    assert sorted(Path("/proc/self/fd").iterdir()) == before


def test_link_is_made_and_pointed_elsewhere(tmp_path: Path) -> None:
    link = tmp_path / "link"
    (tmp_path / ".link.new").symlink_to("of a run that broke off")
    for target in "one", Path("two"):
        point_link(link, target)
        assert link.readlink() == Path(target)
    assert list(tmp_path.iterdir()) == [link]


def test_one_at_a_time_works_in_a_directory(tmp_path: Path) -> None:
    at_once, most = 0, 0

    def work(_number: int) -> None:
        nonlocal at_once, most
        with locked(tmp_path):
            at_once += 1
            most = max(most, at_once)
            time.sleep(0.05)
            at_once -= 1

    with ThreadPoolExecutor() as pool:
        list(pool.map(work, range(4)))
    assert most == 1
    assert list(tmp_path.iterdir()) == []


def test_lock_ends_with_its_process(tmp_path: Path) -> None:
    code = f"import os, sys; sys.path[:] = {sys.path}\nfrom pathlib import Path\n"
    code += "from mail_autoconfig.host import locked\n"
    code += f"with locked(Path({str(tmp_path)!r})): os._exit(1)"
    subprocess.run([sys.executable, "-c", code], check=False)
    free = threading.Event()
    with locked(tmp_path):
        free.set()
    assert free.is_set()


def commands(monkeypatch: pytest.MonkeyPatch, test: str, reload: str) -> None:
    """Two shell commands in the place of nginx's test and reload."""
    monkeypatch.setattr(host, "NGINX_TEST", ("sh", "-c", test))
    monkeypatch.setattr(host, "NGINX_RELOAD", ("sh", "-c", reload))


def test_nginx_is_tested_then_reloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = tmp_path / "done"
    commands(monkeypatch, f"echo test >> {done}", f"echo reload >> {done}")
    reload_nginx()
    assert done.read_text().split() == ["test", "reload"]


@pytest.mark.parametrize(
    ("test", "reload", "said"),
    [
        (
            "printf '[warn] old\n[emerg] no file\nfailed\n' >&2; exit 1",
            "touch {}",
            r"\[emerg\] no file",
        ),
        ("exit 1", "touch {}", "sh -c exit 1"),
        ("true", "echo Job failed >&2; echo See the log >&2; exit 1", "Job failed"),
    ],
)
def test_nginx_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, test: str, reload: str, said: str
) -> None:
    commands(monkeypatch, test, reload.format(tmp_path / "reloaded"))
    with pytest.raises(NginxError, match=f"^{said}$"):
        reload_nginx()
    assert not (tmp_path / "reloaded").exists()


def test_host_without_nginx(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "NGINX_TEST", ("/nowhere/nginx", "-t"))
    with pytest.raises(NginxError, match="No such file"):
        reload_nginx()


def test_configuration_of_nginx(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "NGINX_DUMP", ("echo", "http {}"))
    assert nginx_dump() == "http {}\n"
    monkeypatch.setattr(host, "NGINX_DUMP", ("sh", "-c", "echo '[emerg] oops' >&2; exit 1"))
    with pytest.raises(NginxError, match="oops"):
        nginx_dump()


@pytest.mark.parametrize(("unit", "verb"), [("x.service", "start"), ("x.timer", "restart")])
def test_timer_that_runs_begins_anew_and_a_service_goes_on(
    unit: str, verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[object] = []
    monkeypatch.setattr(host, "_run", ran.append)
    host.start(unit)
    assert ran == [("/usr/bin/systemctl", verb, "--no-block", unit)]
