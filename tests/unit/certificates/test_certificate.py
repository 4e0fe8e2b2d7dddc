from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from mail_autoconfig.certificates.certificate import identifier, names_on, validity


def certificate(serial: int, *extensions: x509.ExtensionType) -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(datetime(2027, 1, 1))
        .not_valid_after(datetime(2027, 2, 15))
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(key, hashes.SHA256())


AKI = bytes.fromhex("69885B6B87464041E1B37B847BA0AE2CDE01C8D4")


@pytest.mark.parametrize(
    ("serial", "expected"),
    [
        (0x87654321, "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE"),  # of RFC 9773, section 4.1
        (0x7F, "aYhba4dGQEHhs3uEe6CuLN4ByNQ.fw"),
        (0x80, "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIA"),
    ],
)
def test_identifier(serial: int, expected: str) -> None:
    known = x509.AuthorityKeyIdentifier(AKI, None, None)
    assert identifier(certificate(serial, known)) == expected


def test_authority_that_does_not_say_whose_key_it_is() -> None:
    issuer = [x509.DirectoryName(x509.Name([]))]
    assert identifier(certificate(1)) == ""
    assert identifier(certificate(1, x509.AuthorityKeyIdentifier(None, issuer, 7))) == ""


def test_names_and_life() -> None:
    names = x509.SubjectAlternativeName([x509.DNSName("a.test"), x509.DNSName("b.test")])
    found = certificate(1, names)
    assert names_on(found) == {"a.test", "b.test"}
    assert names_on(certificate(1)) == frozenset()
    begins, ends = validity(found)
    assert begins == datetime(2027, 1, 1, tzinfo=UTC).timestamp()
    assert ends - begins == 45 * 24 * 3600
