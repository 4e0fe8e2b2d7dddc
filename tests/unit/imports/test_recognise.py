from __future__ import annotations

import json
from pathlib import Path

import pytest

from mail_autoconfig.imports.draft import SourceError
from mail_autoconfig.imports.recognise import read_files

from .ends import inventory
from .test_automx2 import database
from .test_mailcow import DOMAINS, VARIABLES
from .test_mozilla import IMAP, SMTP, document
from .test_php import SCRIPTS
from .test_pox import GOOD

SERVERS = [{"type": "imap", "name": "i.test"}, {"type": "smtp", "name": "s.test"}]
SEED = {"provider": "x", "domains": ["example.com"], "servers": SERVERS}


def lines(variables: dict[str, str]) -> bytes:
    return "".join(f"{key}={value}\n" for key, value in variables.items()).encode()


CONTENTS = {
    "config-v1.1.xml": document(IMAP + SMTP),
    "autodiscover.xml": GOOD,
    "autodiscover.php": SCRIPTS["echo"].encode(),
    "seed.json": json.dumps(SEED).encode(),
    ".env": b"DOMAIN=example.com\nIMAP_HOST=i.test\nSMTP_HOST=s.test\n",
    "mailcow.conf": lines(VARIABLES),
}


def saved(directory: Path, name: str, content: bytes) -> Path:
    (directory / name).write_bytes(content)
    return directory / name


@pytest.mark.parametrize("name", CONTENTS)
def test_content_decides_not_the_name(name: str, tmp_path: Path) -> None:
    path = saved(tmp_path, "anything", CONTENTS[name])
    (source,) = read_files([path], ("example.com",))
    assert inventory(source).find("example.com")
    assert all(line.startswith("anything: ") for line in source.left)


def test_database_by_its_configuration(tmp_path: Path) -> None:
    path = database(tmp_path)
    text = f"[automx2]\ndb_uri = sqlite:///{path}\n".encode()
    for each in (path, saved(tmp_path, "automx2.conf", text)):
        (source,) = read_files([each])
        assert inventory(source).find("example.com")


def test_mailcows_lists_are_for_its_configuration(tmp_path: Path) -> None:
    conf = saved(tmp_path, "mailcow.conf", CONTENTS["mailcow.conf"])
    rows = saved(tmp_path, "domains.json", json.dumps(DOMAINS).encode())
    alias = json.dumps([{"alias_domain": "b.test", "active": 1}]).encode()
    sources = read_files([conf, rows, saved(tmp_path, "aliases.json", alias)])
    (draft,) = [draft for each in sources for draft in each.drafts]
    assert draft.domains == ("example.com", "b.test")
    assert [line for each in sources for line in each.left if "off.example" in line]
    with pytest.raises(SourceError, match=r"a list of domains alone; give mailcow\.conf too"):
        read_files([rows])


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "x: no kind of file that can be imported; give a clientConfig"),
        (b"\xff\xfe\x00", "x: no kind of file"),
        (b"{", "x: no kind of file"),
        (b"[" * 100_000, "x: no kind of file"),
        (b"<clientConfig", "x: no well-formed XML"),
    ],
)
def test_other_files(content: bytes, problem: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="^" + problem):
        read_files([saved(tmp_path, "x", content)])


def test_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="none: can't be read: No such file"):
        read_files([tmp_path / "none"])
    with pytest.raises(SourceError, match="can't be read: Is a directory"):
        read_files([tmp_path])
