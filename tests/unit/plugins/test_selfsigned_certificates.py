"""Run as Ansible runs it; nginx's handshakes are the scenarios' part."""

from __future__ import annotations

import importlib
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from support.modules import direct

MODULE = "ansible_collections.mailhost.autoconfig.plugins.modules.selfsigned_certificates"
TWO = {"mail-autoconfig": ["a.test", "b.test"], "mail-autoconfig-2": ["c.test"]}
FILES = "fullchain.pem", "privkey.pem"


def made(
    directory: Path, certificates: dict[str, list[str]], *, check: bool = False
) -> dict[str, Any]:
    listed = [{"name": name, "names": names} for name, names in certificates.items()]
    arguments = {"directory": str(directory), "certificates": listed}
    return direct("selfsigned_certificates", arguments, check=check)


def read(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate((path / "fullchain.pem").read_bytes())


def names(path: Path) -> list[str]:
    found = read(path).extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return found.value.get_values_for_type(x509.DNSName)


def fit(path: Path) -> None:
    """Raises ssl.SSLError where the key is of another certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path / "fullchain.pem", path / "privkey.pem")


def contents(directory: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(path.relative_to(directory)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


def test_each_certificate_has_its_names_and_its_key(tmp_path: Path) -> None:
    directory = tmp_path / "selfsigned"
    checked = made(directory, TWO, check=True)
    assert not directory.exists()
    first = made(directory, TWO)
    assert first["changed"]
    assert checked["changed"]
    assert first["diff"] == checked["diff"]
    assert first["diff"] == {
        "before": "mail-autoconfig: absent\nmail-autoconfig-2: absent\n",
        "after": "mail-autoconfig: 2 names\nmail-autoconfig-2: 1 names\n",
    }
    assert directory.stat().st_mode & 0o777 == 0o700
    for name, listed in TWO.items():
        assert names(directory / name) == listed
        fit(directory / name)
        assert (directory / name / "privkey.pem").stat().st_mode & 0o777 == 0o600
        assert {path.name for path in (directory / name).iterdir()} == set(FILES)
    before = contents(directory)
    again = made(directory, TWO)
    assert not again["changed"]
    assert contents(directory) == before


def test_only_the_certificate_with_other_names_is_made(tmp_path: Path) -> None:
    made(tmp_path, TWO)
    before = contents(tmp_path)
    wanted = TWO | {"mail-autoconfig": ["b.test", "d.test"]}
    checked = made(tmp_path, wanted, check=True)
    assert contents(tmp_path) == before
    done = made(tmp_path, wanted)
    assert done["diff"] == checked["diff"]
    assert done["diff"] == {
        "before": "mail-autoconfig: a.test\n",
        "after": "mail-autoconfig: d.test\n",
    }
    after = contents(tmp_path)
    changed = {path for path in before if before[path] != after[path]}
    assert changed == {"mail-autoconfig/fullchain.pem"}
    assert names(tmp_path / "mail-autoconfig") == ["b.test", "d.test"]


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("content", [None, "broken"])
def test_what_can_not_be_read_is_made_anew(tmp_path: Path, file: str, content: str | None) -> None:
    made(tmp_path, TWO)
    path = tmp_path / "mail-autoconfig" / file
    path.write_text(content) if content else path.unlink()
    assert made(tmp_path, TWO)["changed"]
    fit(path.parent)
    assert not made(tmp_path, TWO)["changed"]


def test_key_of_another_certificate(tmp_path: Path) -> None:
    made(tmp_path, TWO)
    one, two = (tmp_path / name / "privkey.pem" for name in TWO)
    one.write_bytes(two.read_bytes())
    assert made(tmp_path, TWO)["diff"] == {
        "before": "mail-autoconfig: the certificate of another key\n",
        "after": "mail-autoconfig: made anew\n",
    }
    fit(one.parent)


def test_certificate_is_made_anew_in_its_last_year(tmp_path: Path) -> None:
    module = importlib.import_module(MODULE)
    made(tmp_path, {"mail-autoconfig": ["a.test"]})
    path = str(tmp_path / "mail-autoconfig")
    now = datetime.now(UTC)
    assert module.read(path).why_not(["a.test"], now + timedelta(days=3280)) == ""
    late = now + timedelta(days=3290)
    assert module.read(path).why_not(["a.test"], late).startswith("ends ")
    # Made nine years ago, it ends within a year.
    module.make(path, module.read(path), ["a.test"], now - timedelta(days=3290))
    assert made(tmp_path, {"mail-autoconfig": ["a.test"]})["changed"]
    assert read(tmp_path / "mail-autoconfig").not_valid_after_utc > now + timedelta(days=3640)


def test_first_name_that_is_too_long_for_a_common_name(tmp_path: Path) -> None:
    long = f"autodiscover.{'x' * 60}.test"
    made(tmp_path, {"mail-autoconfig": [long]})
    assert names(tmp_path / "mail-autoconfig") == [long]
