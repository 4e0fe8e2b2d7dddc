from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from itertools import product
from pathlib import Path

import pytest

from mail_autoconfig.store import content as module
from mail_autoconfig.store.content import Content, read_entries, read_names
from mail_autoconfig.store.definitions import Definitions
from mail_autoconfig.store.file import File, StoreError
from mail_autoconfig.store.write import write

from .samples import PROVIDERS, entry

ENTRIES = [
    entry("a.example", logins={"camille.doe": "camille"}),
    entry("b.example"),
    entry("c.example", display_name="C"),
    entry("xn--bcher-kva.example"),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write(tmp_path / "store", PROVIDERS, ENTRIES)
    return tmp_path / "store"


@pytest.fixture
def content(path: Path) -> Iterator[Content]:
    with closing(Content(path, Definitions("{}"))) as content:
        yield content


def test_domains_of_one_definition_share_settings(content: Content) -> None:
    first, second = (content.find(name, "") for name in ("a.example", "b.example"))
    third = content.find("c.example", "")
    assert first
    assert second
    assert third
    assert first.settings is second.settings
    assert third.settings is not second.settings
    assert (first.name, second.name) == ("a.example", "b.example")
    assert third.display_name == "C"


def test_name_as_people_write_it(content: Content) -> None:
    found = content.find("xn--bcher-kva.example", "")
    assert found
    assert (found.name, found.written) == ("xn--bcher-kva.example", "bücher.example")


@pytest.mark.parametrize(
    ("name", "localpart", "personal", "login"),
    [
        ("a.example", "camille.doe", True, "camille"),
        ("a.example", "unknown", True, None),
        ("a.example", "", True, None),
        ("b.example", "camille.doe", False, None),
    ],
)
def test_log_in(
    content: Content, name: str, localpart: str, personal: bool, login: str | None
) -> None:
    found = content.find(name, localpart)
    assert found
    assert (found.has_logins, found.login) == (personal, login)


def test_unknown_domain(content: Content) -> None:
    assert content.find("d.example", "camille.doe") is None


def test_what_the_file_says(content: Content) -> None:
    assert content.domains == 4
    assert len(content.digest) == 64


def test_definitions_live_on(path: Path, content: Content) -> None:
    found = content.find("a.example", "")
    write(path, PROVIDERS, ENTRIES[:1])
    with closing(Content(path, content.definitions)) as second:
        again = second.find("a.example", "")
    assert found
    assert again
    assert again.settings is found.settings


def test_other_providers_are_read(path: Path, content: Content) -> None:
    other = {"acme": {**PROVIDERS["acme"], "display_name": "Acme"}}
    write(path, other, ENTRIES[:1])
    with closing(Content(path, content.definitions)) as second:
        found = second.find("a.example", "")
    assert found
    assert found.display_name == "Acme"


def test_providers_of_another_version(path: Path) -> None:
    write(path, {"acme": {"new_key": 1}}, ENTRIES)
    with pytest.raises(StoreError, match='can\'t be read: provider acme: unknown key "new_key"'):
        Content(path, Definitions("{}"))


def test_definition_of_another_version(path: Path) -> None:
    write(path, PROVIDERS, [entry("a.example", new_key=1), entry("b.example")])
    with closing(Content(path, Definitions("{}"))) as content:
        assert content.find("a.example", "") is None
        assert content.find("b.example", "")


def test_many_definitions_are_not_all_kept(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_KNOWN", 2)
    with closing(Content(path, Definitions("{}"))) as content:
        for _ in range(2):
            for each in ENTRIES:
                found = content.find(each.name, "")
                assert found
                assert found.name == each.name


def test_all_are_read_in_order(path: Path) -> None:
    with closing(File(path)) as file:
        assert list(read_names(file)) == [each.name for each in ENTRIES]
        assert list(read_entries(file)) == ENTRIES


LARGE = {f"{number}.doe": f"m{number}" for number in range(1000)}


def test_domain_with_many_log_in_names(tmp_path: Path) -> None:
    """They are in several parts, and next to those of a domain whose name ends in the same way."""
    entries = [
        entry("large.example", logins=LARGE),
        entry("n.large.example", logins={"1.doe": "n"}),
    ]
    write(tmp_path / "large", PROVIDERS, entries)
    with closing(Content(tmp_path / "large", Definitions("{}"))) as content:
        found = [content.find("large.example", each) for each in [*LARGE, "unknown"]]
    assert [each and each.login for each in found] == [*LARGE.values(), None]
    assert {each and each.has_logins for each in found} == {True}
    with closing(File(tmp_path / "large")) as file:
        assert list(read_entries(file)) == entries


def test_unknown_mailbox_takes_the_reads_of_a_known_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = dict([*LARGE.items()][:10])
    write(
        tmp_path / "s",
        PROVIDERS,
        [entry("a.example", logins=few), entry("b.example", logins=LARGE)],
    )
    reads: list[bytes] = []
    line = File.line

    def counted(file: File, key: bytes) -> tuple[bytes, bytes] | None:
        reads.append(key)
        return line(file, key)

    monkeypatch.setattr(File, "line", counted)
    with closing(Content(tmp_path / "s", Definitions("{}"))) as content:
        counts = set()
        for name, localpart in product(("a.example", "b.example"), ("1.doe", "unknown", "")):
            content.find(name, localpart)
            reads.clear()
            content.find(name, localpart)
            counts.add((name, len(reads)))
    assert counts == {("a.example", 1), ("b.example", 2)}


def test_number_of_parts_is_not_believed_by_who_reads_all(tmp_path: Path) -> None:
    """Each domain could say that it has a thousand: who looks for each is never done."""
    one = entry("a.example", logins={"u": "v"})
    write(tmp_path / "s", PROVIDERS, [one])
    octets = (tmp_path / "s").read_bytes()
    assert octets.count(b" 1 customers\t") == 1
    (tmp_path / "s").write_bytes(octets.replace(b" 1 customers", b" 9 customers"))
    with closing(File(tmp_path / "s")) as file:
        file.says["digest"] = file.digest()
        assert list(read_entries(file)) == [one]


def test_definition_that_is_not_there(tmp_path: Path) -> None:
    write(tmp_path / "s", PROVIDERS, [entry("a.example")])
    octets = (tmp_path / "s").read_bytes()
    begin = octets.index(b"a.example\t") + len(b"a.example\t")
    (tmp_path / "s").write_bytes(octets[:begin] + b"0" * 32 + octets[begin + 32 :])
    with closing(File(tmp_path / "s")) as file:
        file.says["digest"] = file.digest()
        with pytest.raises(ValueError, match="damaged"):
            list(read_entries(file))
