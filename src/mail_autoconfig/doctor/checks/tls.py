"""TLS of one name: chain, names, expiry, versions; of web and mail servers alike."""

from __future__ import annotations

import ssl
import warnings
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from ..authority import Handshake, of_ones_own
from ..catalogue import finding
from ..data import Finding
from ..fetch import verifying

SOON = timedelta(days=14)
"""So long before its end a certificate is late; one of a short lifetime in its last quarter.

ACME clients renew 30 days before the end of 90, or after two thirds of a shorter lifetime.
"""

_NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME: Python has no name for it
# OpenSSL's X509_V_ERR_…, as `verify_code` has them.
_VERIFY_FAULTS = {
    9: "tls-not-yet",
    10: "tls-expired",
    18: "tls-self-signed",
    19: "tls-untrusted",
    20: "tls-incomplete",
    21: "tls-incomplete",
    62: "tls-wrong-name",
    64: "tls-wrong-name",
}
_NO_TLS = "WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG"
_TOO_OLD = (
    *("UNSUPPORTED_PROTOCOL", "VERSION_TOO_LOW", "TLSV1_ALERT_PROTOCOL_VERSION"),
    # Debian's Python: TLS 1.0 and 1.1 sign with SHA-1. Its ssl has no name for the reason.
    *("LEGACY_SIGALG", "legacy sigalg"),
)
_NAME_REFUSED = "UNRECOGNIZED_NAME"
_NO_HANDSHAKE = "tls-failed", "tls-name-refused", "tls-none", "tls-too-old"


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a certificate of a trusted chain says: its DNS names, and its time in UTC."""

    names: tuple[str, ...]
    begins: datetime
    expires: datetime


def is_no_tls(error: ssl.SSLError) -> bool:
    """Whether the other side answered, but not in TLS."""
    return any(word in (error.reason or "") for word in _NO_TLS)


@dataclass(frozen=True, slots=True)
class Contexts:
    """Four ways to look at a server; nothing secret goes over any but `strict`.

    `lenient` has the same authorities, and accepts any name and any time; `blind` accepts all;
    `outdated` accepts all and speaks TLS 1.0 and 1.1 alone.
    """

    strict: ssl.SSLContext
    lenient: ssl.SSLContext
    blind: ssl.SSLContext
    outdated: ssl.SSLContext

    @classmethod
    @lru_cache(maxsize=8)
    def trusting(cls, ca: Path | None) -> Contexts:
        """Trust the authorities of `ca` (PEM), or the system's. Raises OSError."""
        strict, lenient = (verifying(ca) for _each in range(2))
        lenient.check_hostname = False
        lenient.verify_flags |= _NO_CHECK_TIME
        blind, outdated = (verifying(ca) for _each in range(2))
        for context in blind, outdated:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        outdated.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # that they are old is the point
            outdated.minimum_version = ssl.TLSVersion.TLSv1
            outdated.maximum_version = ssl.TLSVersion.TLSv1_1
        return cls(strict, lenient, blind, outdated)


async def examine(
    subject: str,
    host: str,
    handshake: Handshake,
    contexts: Contexts,
    now: datetime,
    ends: MutableMapping[str, datetime] | None = None,
) -> tuple[Finding, ...]:
    """What is wrong with the TLS of a server that is known to speak it.

    `ends` is told when the certificate expires, if it is valid: the first to expire counts.
    """
    found: list[Finding] = []
    try:
        certificate = await _certificate(handshake, contexts.strict)
        found += _lifetime(subject, certificate, now)
        if ends is not None:
            ends[subject] = min(certificate.expires, ends.get(subject, certificate.expires))
    except ssl.SSLError as error:
        found.append(await _of_own(subject, host, error, handshake, contexts))
    except OSError as error:
        found.append(finding("tls-failed", subject, text=error.strerror or "no answer"))
    if not any(each.code in _NO_HANDSHAKE for each in found):
        with suppress(OSError):  # ssl.SSLError is one
            await handshake(contexts.outdated)
            found.append(finding("tls-old-offered", subject))
    return tuple(found)


async def _certificate(handshake: Handshake, context: ssl.SSLContext) -> Certificate:
    return decoded((await handshake(context)).getpeercert() or {})


def _lifetime(subject: str, certificate: Certificate, now: datetime) -> Iterator[Finding]:
    soon = min(SOON, (certificate.expires - certificate.begins) / 4)
    if certificate.expires - now < soon:
        date = f"{certificate.expires:%Y-%m-%d}"
        yield finding("tls-expires-soon", subject, date=date, days=soon.days)


async def _of_own(
    subject: str, host: str, error: ssl.SSLError, handshake: Handshake, contexts: Contexts
) -> Finding:
    """A note where the authority is the domain's own; else what is wrong."""
    if isinstance(error, ssl.SSLCertVerificationError):
        try:
            if await of_ones_own(error, handshake):
                return finding("tls-own-authority", subject)
        except ssl.SSLError as other:  # more than one thing is wrong with it
            error = other if isinstance(other, ssl.SSLCertVerificationError) else error
        except OSError:
            pass
    return await _explained(subject, host, error, handshake, contexts)


async def _explained(
    subject: str, host: str, error: ssl.SSLError, handshake: Handshake, contexts: Contexts
) -> Finding:
    text = error.reason or str(error)
    if not isinstance(error, ssl.SSLCertVerificationError):
        if is_no_tls(error):
            return finding("tls-none", subject)
        if _NAME_REFUSED in text:
            return finding("tls-name-refused", subject, host=host)
        if any(word in text for word in _TOO_OLD):
            return finding("tls-too-old", subject)
        return finding("tls-failed", subject, text=text)
    code = _VERIFY_FAULTS.get(error.verify_code, "tls-invalid")
    if code in ("tls-expired", "tls-not-yet", "tls-wrong-name"):
        try:
            shown = await _certificate(handshake, contexts.lenient)
        except OSError:  # more than one thing is wrong with it
            code = "tls-invalid"
        else:
            moment = shown.begins if code == "tls-not-yet" else shown.expires
            names = listed(shown.names) or "no host name"
            return finding(code, subject, date=f"{moment:%Y-%m-%d}", names=names, host=host)
    return finding(code, subject, text=error.verify_message.rstrip("."))


def listed(names: Sequence[str]) -> str:
    """Names for people: three of them, and how many more."""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


def decoded(peer: Mapping[str, object]) -> Certificate:
    """A certificate as ssl.SSLObject.getpeercert has it."""

    def moment(key: str) -> datetime:
        return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(peer[key])), UTC)

    alternatives = peer.get("subjectAltName", ())
    assert isinstance(alternatives, tuple)  # noqa: S101  # for mypy: so the library has it
    names = tuple(value for kind, value in alternatives if kind == "DNS")
    return Certificate(names, moment("notBefore"), moment("notAfter"))
