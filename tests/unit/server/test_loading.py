from __future__ import annotations

import gc
import json
import os
import signal
from pathlib import Path
from typing import Any, NoReturn

import pytest

from mail_autoconfig.inventory.file import load
from mail_autoconfig.inventory.model import Configuration, Domain, Settings
from mail_autoconfig.inventory.read import ConfigurationError
from mail_autoconfig.server import loading
from mail_autoconfig.server.loading import read_apart, unpack
from support import answers


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(answers.configuration()), "utf-8")
    return path


def shown(domain: Domain) -> list[Any]:
    """All that a domain says: settings are equal to themselves alone."""
    own = [getattr(domain, name) for name in Domain.__slots__ if name != "settings"]
    return own + [getattr(domain.settings, name) for name in Settings.__slots__]


def test_configuration_is_the_same(path: Path) -> None:
    there, here = unpack(read_apart(path, sources=False)), load(path)
    assert [*there.domains] == [*here.domains]
    assert [*map(shown, there.domains.values())] == [*map(shown, here.domains.values())]
    others = "default", "generic_host", "look", "digest", "warnings"
    assert [getattr(there, name) for name in others] == [getattr(here, name) for name in others]
    assert gc.isenabled()


def test_very_many_domains(path: Path) -> None:
    """More than one part has, some with settings of their own, in the order of the file."""
    raw = answers.configuration()
    raw["domains"] = [
        {"name": f"d{number}.test", "provider": "gandi"} | ({"mx": ["x.test"]} if own else {})
        for number in reversed(range(2500))
        for own in [number % 7 == 0]
    ]
    path.write_text(json.dumps(raw))
    there, here = unpack(read_apart(path, sources=False)), load(path)
    assert [*there.domains] == [*here.domains] == [each["name"] for each in raw["domains"]]
    assert [*map(shown, there.domains.values())] == [*map(shown, here.domains.values())]
    assert len({id(each.settings) for each in there.domains.values()}) == 359
    assert there.domains["d1.test"].settings is there.domains["d2498.test"].settings


def test_domains_of_a_provider_share_their_settings(path: Path) -> None:
    domains = unpack(read_apart(path, sources=False)).domains
    assert domains["example.test"].settings is domains["xn--bcher-kva.test"].settings


def test_equal_texts_are_one(path: Path) -> None:
    servers = [{"type": kind, "host": "mail.a.test", "username": "{localpart}"}
               for kind in ("imap", "smtp")]  # fmt: skip
    raw = {"domains": [{"name": name, "servers": servers} for name in ("a.test", "b.test")]}
    path.write_text(json.dumps(raw))
    first, second = unpack(read_apart(path, sources=False)).domains.values()
    assert first.name is first.written
    assert first.settings.usernames is second.settings.usernames
    imap, smtp = first.settings.servers
    assert imap.username is smtp.username is second.settings.servers[0].username
    assert imap.authentication is second.settings.servers[1].authentication


def test_equal_values_that_differ_stay(path: Path) -> None:
    def domain(name: str, kept: Any) -> dict[str, Any]:
        pop3 = {"type": "pop3", "host": "mail.a.test", "leave_on_server": kept}
        return {"name": name, "servers": [pop3, {"type": "smtp", "host": "mail.a.test"}]}

    path.write_text(json.dumps({"domains": [domain("a.test", True), domain("b.test", 1)]}))
    first, second = unpack(read_apart(path, sources=False)).domains.values()
    assert first.settings.servers[0].leave_on_server is True
    assert second.settings.servers[0].leave_on_server is not True


def test_file_that_is_wrong(path: Path) -> None:
    path.write_text('{"domains": []}')
    with pytest.raises(ConfigurationError) as caught:
        read_apart(path, sources=False)
    assert caught.value.problems == ["autoconfig_domains: no domain; name at least one"]
    assert unpack(read_apart(path, sources=True)).domains == {}


def test_process_that_dies(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(*_args: object, **_keys: object) -> NoReturn:
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError

    monkeypatch.setattr(loading, "load", die)
    with pytest.raises(ConfigurationError, match="not read to its end"):
        read_apart(path, sources=False)


def test_nothing_is_left(path: Path) -> None:
    before = sorted(Path("/proc/self/fd").iterdir())
    for _ in range(3):
        assert isinstance(unpack(read_apart(path, sources=False)), Configuration)
    assert sorted(Path("/proc/self/fd").iterdir()) == before
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_reader_comes_after_those_that_answer(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: Any, **_options: Any) -> NoReturn:
        raise ConfigurationError([str(os.nice(0))])

    monkeypatch.setattr(loading, "load", refuse)
    with pytest.raises(ConfigurationError) as caught:
        read_apart(path, sources=False)
    assert caught.value.problems == [str(min(os.nice(0) + 10, 19))]
