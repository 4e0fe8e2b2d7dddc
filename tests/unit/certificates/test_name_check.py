from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest

from mail_autoconfig.certificates.caa import Issuer
from mail_autoconfig.certificates.certbot import Authority
from mail_autoconfig.certificates.directory import Directory
from mail_autoconfig.certificates.name_check import identities, name_check
from mail_autoconfig.certificates.settings import CertificatesError, Settings, parse
from support.acme import Answers
from support.certificate_settings import RAW, URL

PREFLIGHT = "mail_autoconfig.certificates.preflight"


def directory() -> Directory:
    return Directory(Authority(URL, ()))


def test_names_are_not_checked_where_that_is_not_wanted() -> None:
    settings = parse(json.dumps(RAW | {"check_names": False}))
    assert name_check(settings, directory(), str)(["a.invalid"]) == {}


PROVES = """
import json, sys
names = json.load(sys.stdin)
print(json.dumps({name: " ".join(sys.argv[1:]) for name in names if name != "a.test"}))
"""


@pytest.mark.parametrize(("served", "said"), [(None, "check"), (frozenset(), "check --dry-run")])
def test_names_that_cannot_be_proven_in_dns(
    monkeypatch: pytest.MonkeyPatch, served: frozenset[str] | None, said: str
) -> None:
    """By the command that certbot runs later; what the name check says comes first."""
    monkeypatch.setattr(f"{PREFLIGHT}.check", lambda *_: {"c.test": "CAA"})
    command = (sys.executable, "-c", PROVES, "check")
    settings = Settings(Authority(URL, ()), Path("/"), identities=("x",), proof_check=command)
    found = name_check(settings, directory(), str, served)(["a.test", "b.test", "c.test"])
    assert found == {"b.test": said, "c.test": "CAA"}


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("import sys; sys.exit('no file')", "names can't be proven in DNS: no file"),
        ("import nothing_such", "names can't be proven in DNS: ModuleNotFoundError: No module"),
        ("raise SystemExit(3)", "names can't be proven in DNS: ended with 3"),
        ("print('x')", "names can't be proven in DNS: x"),
    ],
)
def test_names_that_nothing_can_prove(
    monkeypatch: pytest.MonkeyPatch, program: str, said: str
) -> None:
    monkeypatch.setattr(f"{PREFLIGHT}.check", lambda *_: {})
    command = (sys.executable, "-c", program)
    settings = Settings(Authority(URL, ()), Path("/"), identities=("x",), proof_check=command)
    with pytest.raises(CertificatesError, match=f"^{re.escape(said)}"):
        name_check(settings, directory(), str)(["a.test"])


def test_check_mode_where_nothing_can_be_fetched_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def check(names: Sequence[str], _lookup: object, fetch: Any) -> Mapping[str, str]:
        return {name: fetch(name, "192.0.2.1") for name in names}

    monkeypatch.setattr(f"{PREFLIGHT}.check", check)
    raw = RAW | {"webroot": str(tmp_path / "none"), "identities": ["ca.test"]}
    settings = parse(json.dumps(raw))
    assert name_check(settings, directory(), str, {"a.test"})(["a.test"]) == {"a.test": ""}
    with pytest.raises(OSError, match="none"):
        name_check(settings, directory(), str)(["a.test"])


@pytest.mark.parametrize(
    ("content", "expected"),
    [({"meta": {"caaIdentities": ["ca.test"]}}, ("ca.test",)), ({"meta": {}}, ()), ({}, ())],
)
def test_identities_are_those_of_the_directory(
    content: dict[str, Any], expected: tuple[str, ...], answers: Answers
) -> None:
    answers.say(URL, content)
    assert identities(directory()) == expected


def test_authority_that_does_not_answer(answers: Answers) -> None:
    for error in URLError("Connection refused"), ValueError("no JSON: Connection refused"):
        answers.fail(URL, error)
        with pytest.raises(CertificatesError, match=r"https://acme.test/dir: .*Connection refused"):
            identities(directory())


@pytest.mark.parametrize(("webroot", "method"), [("/webroot", "http-01"), ("", "dns-01")])
def test_for_whom_caa_records_are_read(
    monkeypatch: pytest.MonkeyPatch, answers: Answers, webroot: str, method: str
) -> None:
    """The authority's names, those of the settings first; the account; how names are proven."""
    found: list[Issuer] = []

    def lookup(issuer: Issuer) -> None:
        found.append(issuer)

    monkeypatch.setattr(f"{PREFLIGHT}.Lookup", lookup)
    monkeypatch.setattr(f"{PREFLIGHT}.check", lambda *_: {})
    answers.say(URL, {"meta": {"caaIdentities": ["CA.test"]}})
    for own, name in ([], "ca.test"), (["own.test"], "own.test"):
        settings = parse(json.dumps(RAW | {"webroot": webroot, "identities": own}))
        name_check(settings, directory(), lambda: "https://ca.test/1", ())(["a.test"])
        assert found.pop() == Issuer(frozenset({name}), "https://ca.test/1", method)
