"""What is read of a certificate: its names, its life, and what its authority calls it."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from datetime import UTC

from cryptography import x509


def names_on(certificate: x509.Certificate) -> frozenset[str]:
    """The host names on a certificate. Raises ValueError if its extensions can't be read."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return frozenset()
    return frozenset(found.value.get_values_for_type(x509.DNSName))


def validity(certificate: x509.Certificate) -> tuple[float, float]:
    """When a certificate begins and ends, in seconds since 1970."""
    try:
        times = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    except AttributeError:  # before cryptography 42: Debian 12's
        times = (
            certificate.not_valid_before.replace(tzinfo=UTC),
            certificate.not_valid_after.replace(tzinfo=UTC),
        )
    return times[0].timestamp(), times[1].timestamp()


def identifier(certificate: x509.Certificate) -> str:
    """By what an authority knows a certificate (RFC 9773, section 4.1).

    An empty string where it does not say whose key has signed it. Raises ValueError as
    :func:`names_on` does.
    """
    try:
        issuer = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)
    except x509.ExtensionNotFound:
        return ""
    key = issuer.value.key_identifier
    if key is None:
        return ""
    number = certificate.serial_number
    # As DER has it: the first bit is the sign.
    serial = number.to_bytes(number.bit_length() // 8 + 1, "big")
    return f"{_base64url(key)}.{_base64url(serial)}"


def _base64url(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode("ascii")
