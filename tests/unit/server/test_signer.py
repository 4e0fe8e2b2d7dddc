from __future__ import annotations

import socket
import subprocess
import threading
from pathlib import Path

import pytest

from mail_autoconfig.server import signer
from mail_autoconfig.server.signer import KeyFileError, KeyStore
from mail_autoconfig.server.signing import NO_KEY, SIGNED
from support.self_signed import certify

DOCUMENT = b'<?xml version="1.0"?>\n<a>\r\n\x00</a>'


def files(directory: Path) -> tuple[Path, Path]:
    return directory / "cert.pem", directory / "privkey.pem"


def verify(signed: bytes, ca: Path) -> bytes:
    """What a device does; CalledProcessError if the signature is not right."""
    command = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-purpose", "any"]
    return subprocess.run(
        [*command, "-CAfile", str(ca)], input=signed, capture_output=True, check=True
    ).stdout


def certify_rsa(directory: Path) -> None:
    directory.mkdir()
    certificate, key = map(str, files(directory))
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "9",
        "-subj",
        "/CN=rsa",
    ]
    command += ["-keyout", key, "-out", certificate]
    subprocess.run(command, check=True, capture_output=True)


def ask(listening: str, document: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        connection.connect(listening)
        connection.sendall(document)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def serve(tmp_path: Path, certificate: Path, key: Path) -> str:
    path = str(tmp_path / "sign")
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(path)
    listening.listen()
    arguments = listening, KeyStore(certificate, key)
    threading.Thread(target=signer.serve, args=arguments, daemon=True).start()
    return path


@pytest.mark.parametrize("make", [certify, certify_rsa])
def test_signed_with_the_chain(tmp_path: Path, make: object) -> None:
    assert callable(make)
    make(tmp_path / "a")
    certificate, key = files(tmp_path / "a")
    certify(tmp_path / "other")
    chain = tmp_path / "chain.pem"
    chain.write_bytes(certificate.read_bytes() + (tmp_path / "other/cert.pem").read_bytes())
    signed = signer.read_pair(chain, key).sign(DOCUMENT)
    assert verify(signed, certificate) == DOCUMENT
    with pytest.raises(subprocess.CalledProcessError):
        verify(signed.replace(b"<a>", b"<b>"), certificate)
    with pytest.raises(subprocess.CalledProcessError):
        verify(signed, tmp_path / "other/cert.pem")
    print_certificates = ["openssl", "cms", "-cmsout", "-print", "-inform", "DER"]
    text = subprocess.run(print_certificates, input=signed, capture_output=True, check=True).stdout
    assert text.count(b"d.certificate:") == 2


def test_renewed_key_is_taken_up_and_a_half_renewal_is_not(tmp_path: Path) -> None:
    for name in ("old", "new"):
        certify(tmp_path / name)
    current = tmp_path / "current"
    current.symlink_to("old")
    listening = serve(tmp_path, *files(current))
    assert verify(ask(listening, DOCUMENT)[1:], tmp_path / "old/cert.pem") == DOCUMENT
    replacement = tmp_path / ".current"
    replacement.symlink_to("new")
    replacement.replace(current)
    assert verify(ask(listening, DOCUMENT)[1:], tmp_path / "new/cert.pem") == DOCUMENT
    (tmp_path / "new/half.pem").write_bytes((tmp_path / "old/cert.pem").read_bytes())
    before = (tmp_path / "new/cert.pem").read_bytes()
    (tmp_path / "new/half.pem").replace(tmp_path / "new/cert.pem")
    (tmp_path / "before.pem").write_bytes(before)
    assert verify(ask(listening, DOCUMENT)[1:], tmp_path / "before.pem") == DOCUMENT
    (tmp_path / "old/privkey.pem").replace(tmp_path / "new/privkey.pem")
    assert verify(ask(listening, DOCUMENT)[1:], tmp_path / "old/cert.pem") == DOCUMENT


def test_no_key_and_a_key_later(tmp_path: Path) -> None:
    listening = serve(tmp_path, *files(tmp_path / "a"))
    assert ask(listening, DOCUMENT) == NO_KEY
    certify(tmp_path / "a")
    assert ask(listening, DOCUMENT).startswith(SIGNED)
    (tmp_path / "a/privkey.pem").unlink()
    assert ask(listening, DOCUMENT) == NO_KEY


def test_who_sends_nothing_or_too_much_or_leaves_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signer, "_TIMEOUT", 0.1)
    certify(tmp_path / "a")
    listening = serve(tmp_path, *files(tmp_path / "a"))
    silent = socket.socket(socket.AF_UNIX)
    silent.connect(listening)
    left = socket.socket(socket.AF_UNIX)
    left.connect(listening)
    left.sendall(DOCUMENT)
    left.close()
    too_much = socket.socket(socket.AF_UNIX)
    too_much.connect(listening)
    try:
        too_much.sendall(b"x" * 300_000)
        too_much.shutdown(socket.SHUT_WR)
        assert too_much.recv(10) == b""
    except OSError:
        pass  # it hung up before the end
    too_much.close()
    assert ask(listening, DOCUMENT).startswith(SIGNED)
    silent.close()


@pytest.mark.parametrize(
    ("certificate", "key", "why"),
    [
        (None, b"", "cert.pem: No such file or directory"),
        (b"", b"", "can't be read"),
        (b"-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n", b"", "can't be read"),
    ],
)
def test_files_that_are_not_right(
    tmp_path: Path, certificate: bytes | None, key: bytes, why: str
) -> None:
    if certificate is not None:
        files(tmp_path)[0].write_bytes(certificate)
        files(tmp_path)[1].write_bytes(key)
    with pytest.raises(KeyFileError, match=why):
        signer.read_pair(*files(tmp_path))


def test_key_of_another_kind(tmp_path: Path) -> None:
    certify(tmp_path)
    subprocess.run(
        ["openssl", "genpkey", "-algorithm", "ed25519", "-out", str(files(tmp_path)[1])], check=True
    )
    with pytest.raises(KeyFileError, match="neither RSA nor EC"):
        signer.read_pair(*files(tmp_path))
    certify(tmp_path / "b")
    with pytest.raises(KeyFileError, match="do not belong together"):
        signer.read_pair(files(tmp_path)[0], files(tmp_path / "b")[1])
    files(tmp_path)[0].write_bytes(b"")
    with pytest.raises(KeyFileError, match="no certificate"):
        signer.read_pair(files(tmp_path)[0], files(tmp_path / "b")[1])
