"""Mail addresses as clients send them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from .names import normalise

FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
"""Controls, line separators and what XML 1.0 can't contain: never part of a name or an address."""

PLACEHOLDER = re.compile(r"\{(email|localpart|domain)\}")
"""What a user name pattern may contain."""

_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
LONGEST = 254
"""Octets of an address: RFC 5321, section 4.5.3.1.3, less the angle brackets."""


@dataclass(slots=True)  # nobody changes one; frozen takes six times as long to make
class Address:
    """`email` and `localpart` as the client sent them; `domain` in lower-case A-label form."""

    email: str
    localpart: str
    domain: str

    def fill(self, pattern: str, encode: Callable[[str], str] = str) -> str:
        """Put this address, as the client sent it, each part encoded, into a pattern."""
        if pattern == "{email}":
            return encode(self.email)
        if pattern == "{localpart}":
            return encode(self.localpart)
        values: Mapping[str, str] = {
            "email": self.email,
            "localpart": self.localpart,
            "domain": self.email[len(self.localpart) + 1 :],
        }
        return PLACEHOLDER.sub(lambda match: encode(values[match[1]]), pattern)

    def fill_url(self, pattern: str) -> str:
        """Put this address into the pattern of a URL, percent-encoded (RFC 3986).

        The domain, which may be part of the host, is in A-label form.
        """

        def value(match: re.Match[str]) -> str:
            return self.domain if match[1] == "domain" else quote(self.fill(match[0]), safe="@")

        return PLACEHOLDER.sub(value, pattern)


def parse(text: str) -> Address:
    """Read an address (RFC 5321, RFC 6531), white space around it ignored.

    More lenient than the RFCs about the local part, which belongs to the mail server, not to us.
    Raises ValueError, without the address in its text, if it is none.
    """
    email = text.strip()
    usual = email.isascii() and email.isprintable()  # a search takes longer
    if (not usual and FORBIDDEN.search(email)) or len(email.encode()) > LONGEST:
        raise ValueError("control characters, or over 254 octets")
    localpart, at, domain = email.rpartition("@")
    if not at or not localpart or ("@" in localpart and not _QUOTED.fullmatch(localpart)):
        raise ValueError("not local part, @ and domain")
    return Address(email, localpart, normalise(domain))


def pattern_of(username: str, address: str) -> str:
    """A user name with placeholders in place of an address and its parts; empty: the address.

    A name without the address's own local part is nobody's or another's: it stays as it is.
    """
    localpart, _at, domain = address.rpartition("@")
    if not username or username == address:
        return "{email}"
    if address in username:
        return username.replace(address, "{email}")
    if localpart not in username:
        return username
    return username.replace(localpart, "{localpart}", 1).replace(domain, "{domain}")
