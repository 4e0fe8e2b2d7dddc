"""What is on a certificate."""

from __future__ import annotations

from cryptography import x509


def names_on(pem: str) -> frozenset[str]:
    """The host names on the first certificate of a text."""
    found = _read(pem).extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return frozenset(found.value.get_values_for_type(x509.DNSName))


def serial_of(pem: str) -> str:
    """The serial number, as Python's ssl module writes it: whole bytes in capital letters."""
    number = _read(pem).serial_number
    return number.to_bytes((number.bit_length() + 7) // 8).hex().upper()


def _read(pem: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pem.encode())
