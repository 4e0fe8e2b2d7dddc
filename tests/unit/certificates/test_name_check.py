from __future__ import annotations

import io
import json
import re
import ssl
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest

from mail_autoconfig.certificates import name_check as module
from mail_autoconfig.certificates.certbot import Authority
from mail_autoconfig.certificates.name_check import identities, name_check
from mail_autoconfig.certificates.settings import CertificatesError, Settings, parse
from support.certificate_settings import RAW, URL


def test_names_are_not_checked_where_that_is_not_wanted() -> None:
    settings = parse(json.dumps(RAW | {"check_names": False}))
    assert name_check(settings)(["a.invalid"]) == {}


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
    monkeypatch.setattr(
        "mail_autoconfig.certificates.preflight.check", lambda *_: {"c.test": "CAA"}
    )
    command = (sys.executable, "-c", PROVES, "check")
    settings = Settings(Authority(URL, ()), Path("/"), identities=("x",), proof_check=command)
    found = name_check(settings, served)(["a.test", "b.test", "c.test"])
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
    monkeypatch.setattr("mail_autoconfig.certificates.preflight.check", lambda *_: {})
    command = (sys.executable, "-c", program)
    settings = Settings(Authority(URL, ()), Path("/"), identities=("x",), proof_check=command)
    with pytest.raises(CertificatesError, match=f"^{re.escape(said)}"):
        name_check(settings)(["a.test"])


def test_check_mode_where_nothing_can_be_fetched_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def check(names: Sequence[str], _lookup: object, fetch: Any) -> Mapping[str, str]:
        return {name: fetch(name, "192.0.2.1") for name in names}

    monkeypatch.setattr("mail_autoconfig.certificates.preflight.check", check)
    raw = RAW | {"webroot": str(tmp_path / "none"), "identities": ["ca.test"]}
    settings = parse(json.dumps(raw))
    assert name_check(settings, {"a.test"})(["a.test"]) == {"a.test": ""}
    with pytest.raises(OSError, match="none"):
        name_check(settings)(["a.test"])


@pytest.mark.parametrize(
    ("directory", "expected"),
    [({"meta": {"caaIdentities": ["ca.test"]}}, ("ca.test",)), ({"meta": {}}, ()), ({}, ())],
)
def test_identities_are_those_of_the_directory(
    directory: dict[str, Any], expected: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ssl, "create_default_context", lambda cafile: cafile)
    monkeypatch.setattr(
        module, "urlopen", lambda *_args, **_: io.BytesIO(json.dumps(directory).encode())
    )
    assert identities(parse(json.dumps(RAW))) == expected
    own = parse(json.dumps(RAW | {"identities": ["own.test"]}))
    assert identities(own) == ("own.test",)


def test_authority_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_: object) -> None:
        raise URLError("Connection refused")

    monkeypatch.setattr(ssl, "create_default_context", lambda cafile: cafile)
    monkeypatch.setattr(module, "urlopen", refuse)
    with pytest.raises(CertificatesError, match=r"https://acme.test/dir: .*Connection refused"):
        identities(parse(json.dumps(RAW)))
