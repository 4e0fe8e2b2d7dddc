"""The service that signs Apple's profiles: a document in, CMS out (RFC 5652, RFC 8933).

One process for all profiles, which has the key and reads nothing but what the responder sends.
Connections are answered one after the other, and those that wait are in the socket's backlog, so
the work is bounded. It opens no socket and starts no program. Needs python3-cryptography.
"""

from __future__ import annotations

import logging
import os
import re
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.hazmat.primitives.serialization.pkcs7 import (
    PKCS7Options,
    PKCS7SignatureBuilder,
)

from .signing import NO_KEY, SIGNED

_LONGEST = 256 * 1024  # octets of a document; a profile has some thousand
_TIMEOUT = 2  # seconds for a document to arrive, and for the answer to leave
_CERTIFICATE = re.compile(b"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
# Of a document that is not text: as it is, without S/MIME's line ends and capabilities.
_OPTIONS = [PKCS7Options.Binary, PKCS7Options.NoCapabilities]

_log = logging.getLogger(__name__)


class KeyFileError(Exception):
    """No certificate with a key that can sign; the text says why."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate with its chain, and its key."""

    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

    def sign(self, document: bytes) -> bytes:
        """Return the document with its signature and the certificates, in DER."""
        builder = PKCS7SignatureBuilder().set_data(document)
        builder = builder.add_signer(self.certificate, self.key, SHA256())
        for certificate in self.chain:
            builder = builder.add_certificate(certificate)
        return builder.sign(Encoding.DER, _OPTIONS)


def read_pair(certificate_file: Path, key_file: Path) -> Pair:
    """Read both files (PEM, the certificate first in its file). Raises KeyFileError."""
    try:
        found = _CERTIFICATE.findall(certificate_file.read_bytes())
        certificates = [x509.load_pem_x509_certificate(pem) for pem in found]
        key = load_pem_private_key(key_file.read_bytes(), None)
    except OSError as error:
        raise KeyFileError(f"{error.filename}: {error.strerror}") from None
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise KeyFileError(f"{certificate_file}, {key_file}: can't be read") from None
    if not certificates:
        raise KeyFileError(f"{certificate_file}: no certificate")
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise KeyFileError(f"{key_file}: neither RSA nor EC")
    if _octets(certificates[0].public_key()) != _octets(key.public_key()):
        raise KeyFileError(f"{certificate_file}, {key_file}: do not belong together")
    return Pair(certificates[0], tuple(certificates[1:]), key)


def _octets(key: Any) -> bytes:
    # Debian 12's cryptography can't compare keys.
    octets: bytes = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return octets


class KeyStore:
    """The pair in force. A look at the files' times and numbers tells whether they are others."""

    def __init__(self, certificate_file: Path, key_file: Path) -> None:
        self._files = certificate_file, key_file
        self._seen: tuple[tuple[int, ...], ...] = ()
        self._pair: Pair | None = None

    def pair(self) -> Pair | None:
        """The pair in force; None if there is none that can sign.

        Files that do not belong together are a renewal that is under way: the old pair stays.
        """
        seen = tuple(map(_state, self._files))
        if seen != self._seen:
            self._seen = seen
            try:
                self._pair = read_pair(*self._files)
            except KeyFileError as error:
                _log.error("%s", error)
                if () in seen:
                    self._pair = None
        return self._pair


def _state(path: Path) -> tuple[int, ...]:
    try:
        status = path.stat()
    except OSError:
        return ()
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def serve(listening: socket.socket, keys: KeyStore) -> None:
    """Answer for ever, one connection after the other."""
    while True:
        connection, _address = listening.accept()
        with connection:
            try:
                _answer(connection, keys)
            except OSError:
                continue  # it left, or sent nothing in time


def _answer(connection: socket.socket, keys: KeyStore) -> None:
    connection.settimeout(_TIMEOUT)
    document = b""
    while piece := connection.recv(65536):
        document += piece
        if len(document) > _LONGEST:
            return
    pair = keys.pair()
    connection.sendall(NO_KEY if pair is None else SIGNED + pair.sign(document))


def run(listening: socket.socket, certificate_file: Path, key_file: Path) -> None:
    """Sign what comes from `listening` with the key in these files until SIGTERM."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    os.umask(0o077)
    serve(listening, KeyStore(certificate_file, key_file))
