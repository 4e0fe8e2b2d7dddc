from __future__ import annotations

import json
import socket
import sys
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from mail_autoconfig.certificates import groups, sharing
from mail_autoconfig.certificates.sharing import (
    Document,
    SharingError,
    install,
    is_in_force,
    pack,
    unpack,
)
from mail_autoconfig.cli import main
from mail_autoconfig.host import NginxError
from support.self_signed import certify

FIRST, SECOND = "mail-autoconfig", "mail-autoconfig-2"
SOURCED = "mail-autoconfig-sources"
ASSIGNED = {SOURCED: {"a.test": ["autodiscover.a.test", "autoconfig.a.test", "a.test"]}}


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    """Certificates with their keys."""
    found = []
    for _ in range(3):
        directory = tmp_path_factory.mktemp("pair")
        certify(directory, file="fullchain.pem")
        found.append({name: (directory / name).read_text() for name in sharing.FILES})
    return found


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """As the role nginx leaves it: each certificate is the placeholder."""
    placeholder = tmp_path / "placeholder"
    placeholder.mkdir()
    for name in FIRST, SECOND:
        (tmp_path / name).symlink_to(placeholder)
    (tmp_path / "current").symlink_to(FIRST)
    return tmp_path


def taken() -> None:
    """nginx has nothing against it."""


def refused() -> None:
    raise NginxError("refused")


def state(directory: Path) -> dict[str, Any]:
    return {
        str(path.relative_to(directory)): path.readlink() if path.is_symlink() else path.is_dir()
        for path in directory.rglob("*")
    }


def served(directory: Path, name: str) -> dict[str, str]:
    return {file: (directory / name / file).read_text() for file in sharing.FILES}


def test_what_is_packed_is_unpacked(tmp_path: Path, pairs: list[dict[str, str]]) -> None:
    """From the links, without placeholders and without what is not ours."""
    for name, pair in zip(("live", "other"), pairs, strict=False):
        (tmp_path / name).mkdir()
        for file, content in pair.items():
            (tmp_path / name / file).write_text(content)
    (tmp_path / "placeholder").mkdir()
    (tmp_path / FIRST).symlink_to(tmp_path / "live")
    (tmp_path / SECOND).symlink_to(tmp_path / "placeholder")
    (tmp_path / "mail-autoconfig-3").symlink_to(tmp_path / "gone")
    (tmp_path / "current").symlink_to(FIRST)
    assert unpack(pack(tmp_path)) == Document({FIRST: pairs[0]})

    # With the sources' domains, as soon as any were assigned.
    listed = tmp_path / "certificates.json"
    assert unpack(pack(tmp_path, listed)) == Document({FIRST: pairs[0]})
    listed.write_text(json.dumps(ASSIGNED))
    assigned: groups.Assignment = {
        SOURCED: {"a.test": ("autodiscover.a.test", "autoconfig.a.test", "a.test")}
    }
    assert unpack(pack(tmp_path, listed)) == Document({FIRST: pairs[0]}, assigned)
    assert unpack(pack(tmp_path)) == Document({FIRST: pairs[0]})
    listed.write_text("{")
    with pytest.raises(SharingError):
        pack(tmp_path, listed)


def test_a_certificate_without_its_key_is_not_packed(tmp_path: Path) -> None:
    (tmp_path / FIRST).mkdir()
    with pytest.raises(SharingError, match=r"fullchain\.pem"):
        pack(tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the host that orders certificates sent no certificates"),
        ("[]", "something else than certificates"),
        ("{}", "has none yet"),
        ('{"../x": {"fullchain.pem": "", "privkey.pem": ""}}', "something else"),
        ('{"mail-autoconfig/x": {"fullchain.pem": "", "privkey.pem": ""}}', "something else"),
        ('{"mail-autoconfig": {"fullchain.pem": "", "../privkey.pem": ""}}', "something else"),
        ('{"mail-autoconfig": {"fullchain.pem": "", "privkey.pem": 1}}', "something else"),
        ('{"mail-autoconfig": []}', "something else"),
    ],
)
def test_what_is_no_certificates(text: str, said: str) -> None:
    with pytest.raises(SharingError, match=said):
        unpack(text)


@pytest.mark.parametrize(
    "assigned",
    [
        [],
        {"mail-autoconfig": {"a.test": ["autodiscover.a.test"]}},
        {"../mail-autoconfig-sources": {"a.test": ["autodiscover.a.test"]}},
        {SOURCED: {"a.test": "autodiscover.a.test"}},
        {SOURCED: {"a.test": [1]}},
        {SOURCED: {"a.test": ["autodiscover.b.test"]}},
        {SOURCED: {"a.test": ["autodiscover.bona.test"]}},
        {SOURCED: {"a.test": ["*.a.test"]}},
        {SOURCED: {"a.test": ["Autodiscover.a.test"]}},
        {SOURCED: {"a.test": ["x; include /etc/shadow;.a.test"]}},
        {SOURCED: {"a.test": ["autodiscover.a.test\n"]}},
        {SOURCED: {"": ["a.test"]}},
        {SOURCED: {"a.test": ["autodiscover.a.test", "autodiscover.a.test"]}},
        {SOURCED: {"test": ["a.test"]}, f"{SOURCED}-2": {"a.test": ["a.test"]}},
    ],
)
def test_what_is_no_assignment(
    assigned: object,
    directory: Path,
    pairs: list[dict[str, str]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Nothing of such a document is taken, and no file has any of it."""
    document = json.dumps({FIRST: pairs[0], sharing.ASSIGNMENT: assigned})
    with pytest.raises(SharingError, match="sent no assignment of names"):
        unpack(document)
    before = state(directory)
    options = ["--assignment", str(directory / "received.json"), str(directory), "--"]
    assert main(["share", "fetch", *options, *program(f"print({document!r})")]) == 1
    assert "sent no assignment" in capsys.readouterr().err
    assert state(directory) == before


def test_install_and_renewal(directory: Path, pairs: list[dict[str, str]]) -> None:
    first: Mapping[str, Mapping[str, str]] = {FIRST: pairs[0], SECOND: pairs[1]}
    assert not is_in_force(first, directory)
    install(first, directory, taken)
    assert is_in_force(first, directory)
    assert [served(directory, name) for name in first] == pairs[:2]
    files = [path for path in directory.rglob("privkey.pem") if not path.is_symlink()]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert {path.parent.stat().st_mode & 0o777 for path in files} == {0o700}

    renewed = {FIRST: pairs[0], SECOND: pairs[2]}
    assert not is_in_force(renewed, directory)
    install(renewed, directory, taken)
    assert served(directory, SECOND) == pairs[2]
    # Nothing of the old key stays.
    assert len(list(directory.glob("received-*"))) == 1
    # `current` is the roles'.
    assert (directory / "current").readlink() == Path(FIRST)


def test_certificate_that_has_gone(directory: Path, pairs: list[dict[str, str]]) -> None:
    install({FIRST: pairs[0], SECOND: pairs[1]}, directory, taken)
    install({FIRST: pairs[0]}, directory, taken)
    assert not (directory / SECOND).is_symlink()
    assert served(directory, FIRST) == pairs[0]


def test_nginx_refuses(directory: Path, pairs: list[dict[str, str]]) -> None:
    before = state(directory)
    with pytest.raises(SharingError, match="refused"):
        install({FIRST: pairs[0]}, directory, refused)
    assert state(directory) == before

    install({FIRST: pairs[0]}, directory, taken)
    before = state(directory)
    with pytest.raises(SharingError, match="refused"):
        install({FIRST: pairs[1], SECOND: pairs[2]}, directory, refused)
    assert state(directory) == before
    assert is_in_force({FIRST: pairs[0]}, directory)


def test_key_of_another_certificate(directory: Path, pairs: list[dict[str, str]]) -> None:
    before = state(directory)
    mixed = {"fullchain.pem": pairs[0]["fullchain.pem"], "privkey.pem": pairs[1]["privkey.pem"]}
    with pytest.raises(SharingError, match="mail-autoconfig-2: not a certificate and its key"):
        install({FIRST: pairs[0], SECOND: mixed}, directory, taken)
    assert state(directory) == before


def test_a_run_that_broke_off_is_gone_on_with(directory: Path, pairs: list[dict[str, str]]) -> None:
    """Between the links and nginx's reload: the next run reloads."""
    certificates = {FIRST: pairs[0]}
    install(certificates, directory, taken)
    (directory / "received.in-force").write_text("received-of-before")
    assert not is_in_force(certificates, directory)
    calls: list[int] = []
    install(certificates, directory, lambda: calls.append(1))
    assert calls == [1]
    assert is_in_force(certificates, directory)
    assert served(directory, FIRST) == pairs[0]


def test_a_link_that_somebody_moved(directory: Path, pairs: list[dict[str, str]]) -> None:
    certificates = {FIRST: pairs[0]}
    install(certificates, directory, taken)
    (directory / FIRST).unlink()
    (directory / FIRST).symlink_to("placeholder")
    assert not is_in_force(certificates, directory)
    install(certificates, directory, taken)
    assert served(directory, FIRST) == pairs[0]


def test_relay(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"x" * 100_000)

        thread = threading.Thread(target=answer)
        thread.start()
        parts: list[bytes] = []
        sharing.relay(path, parts.append)
        thread.join()
    assert b"".join(parts) == b"x" * 100_000
    with pytest.raises(SharingError, match="socket: Connection refused"):
        sharing.relay(path, parts.append)


def program(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_fetch_says_the_last_line_of_what_failed() -> None:
    with pytest.raises(SharingError, match=r"^orderer: Permission denied$"):
        sharing.fetch(program("exit('Hello\\norderer: Permission denied')"))
    with pytest.raises(SharingError, match="No such file"):
        sharing.fetch(["/nowhere/ssh"])


def test_command_line(
    directory: Path,
    pairs: list[dict[str, str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sharing, "reload_nginx", taken)
    document = json.dumps({FIRST: pairs[0]})
    fetch = [str(directory), "--", *program(f"print({document!r})")]
    said = []
    for options in ["--dry-run"], [], [], ["--dry-run"]:
        assert main(["share", "fetch", *options, *fetch]) == 0
        said.append(capsys.readouterr().out.strip())
    put = "put in force: mail-autoconfig"
    assert said == [f"would {put}", put, "nothing new", "nothing new"]
    assert main(["share", "pack", str(directory)]) == 0
    assert unpack(capsys.readouterr().out) == Document({FIRST: pairs[0]})
    assert main(["share", "fetch", str(directory), "--", *program("exit('no\\nway')")]) == 1
    assert capsys.readouterr() == ("", "way\n")


def test_assignment_comes_after_its_certificates(
    directory: Path,
    pairs: list[dict[str, str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """And starts the unit that reads it, where it is new."""
    file = directory / "received.json"
    steps: list[tuple[str, bool]] = []
    monkeypatch.setattr(sharing, "reload_nginx", lambda: steps.append(("nginx", file.exists())))
    monkeypatch.setattr(sharing, "start", lambda unit: steps.append((unit, file.exists())))

    def fetch(*options: str, assigned: object) -> str:
        document = json.dumps({FIRST: pairs[0], SOURCED: pairs[1], sharing.ASSIGNMENT: assigned})
        command = [str(directory), "--", *program(f"print({document!r})")]
        written = ["--assignment", str(file), "--then", "names.service"]
        assert main(["share", "fetch", *options, *written, *command]) == 0
        return capsys.readouterr().out.strip()

    new = "write which name of sources is on which certificate"
    both = f"put in force: {FIRST}, {SOURCED}; {new}"
    assert fetch("--dry-run", assigned=ASSIGNED) == f"would {both}"
    assert not file.exists()
    assert fetch(assigned=ASSIGNED) == both
    assert steps == [("nginx", False), ("names.service", True)]
    assert json.loads(file.read_text()) == ASSIGNED
    assert fetch(assigned=ASSIGNED) == "nothing new"
    assert fetch(assigned={}) == new
    assert file.read_text() == "{}\n"
    assert steps[2:] == [("names.service", True)]


def test_unit_that_does_not_start(
    directory: Path, pairs: list[dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "reload_nginx", taken)
    monkeypatch.setattr(sharing, "start", lambda _unit: refused())
    document = json.dumps({FIRST: pairs[0], sharing.ASSIGNMENT: ASSIGNED})
    with pytest.raises(SharingError, match="names: refused"):
        sharing.update(
            directory,
            program(f"print({document!r})"),
            dry=False,
            assignment=directory / "received.json",
            then="names",
        )


def test_certificate_that_has_gone_but_is_still_used(
    directory: Path, pairs: list[dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """nginx needs it until the new assignment is in force; a renewal of another does not wait."""
    used = [FIRST, SOURCED]

    def reload() -> None:
        if not all((directory / name / "fullchain.pem").exists() for name in used):
            refused()

    def fetch(certificates: Mapping[str, Mapping[str, str]]) -> str:
        document = json.dumps(certificates)
        return sharing.update(directory, program(f"print({document!r})"), dry=False)

    monkeypatch.setattr(sharing, "reload_nginx", reload)
    fetch({FIRST: pairs[0], SOURCED: pairs[1]})
    fetch({FIRST: pairs[2]})
    assert [served(directory, name) for name in used] == [pairs[2], pairs[1]]
    used.remove(SOURCED)
    fetch({FIRST: pairs[2]})
    assert not (directory / SOURCED).is_symlink()
    assert fetch({FIRST: pairs[2]}) == "nothing new"
    used.append("else")
    with pytest.raises(SharingError, match="refused"):
        fetch({FIRST: pairs[0]})
    assert served(directory, FIRST) == pairs[2]


def test_one_fetches_at_a_time(
    directory: Path, pairs: list[dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else one would take away the directory to which the other has just pointed the links."""
    at_once, most = 0, 0

    def take() -> None:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        time.sleep(0.3)
        at_once -= 1

    monkeypatch.setattr(sharing, "reload_nginx", take)
    documents = [json.dumps({FIRST: pair}) for pair in pairs[:2]]
    fetches = [
        ["share", "fetch", str(directory), "--", *program(f"print({document!r})")]
        for document in documents
    ]
    with ThreadPoolExecutor() as pool:
        assert list(pool.map(main, fetches)) == [0, 0]
    assert most == 1
    assert served(directory, FIRST) in pairs


def test_directory_that_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["share", "fetch", str(tmp_path / "none"), "--", *program("")]) == 1
    assert "none" in capsys.readouterr().err
