"""Authorities of a domain's own: certificates that only those trust who were told to.

Public authorities name in each certificate where their own is to be had (caIssuers, CA/Browser
Forum's Baseline Requirements, section 7.1.2.7.7). A certificate without it is from one's own.
"""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable

_ISSUER_UNKNOWN = 20, 21  # X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, …_VERIFY_LEAF_SIGNATURE

Handshake = Callable[[ssl.SSLContext], Awaitable[ssl.SSLObject]]
"""Connects, goes through a handshake in a context, hangs up; raises OSError."""


async def of_ones_own(
    error: ssl.SSLCertVerificationError, handshake: Handshake
) -> ssl.SSLContext | None:
    """A context that trusts this very certificate, if its unknown authority seems to be one's own.

    It still checks the name and the time. Raises OSError, for what else is wrong with it.
    """
    if error.verify_code not in _ISSUER_UNKNOWN:
        return None
    blind = ssl.create_default_context()
    blind.check_hostname = False
    blind.verify_mode = ssl.CERT_NONE
    der = (await handshake(blind)).getpeercert(binary_form=True) or b""
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    trusting.load_verify_locations(cadata=der)
    shown = (await handshake(trusting)).getpeercert() or {}
    return None if "caIssuers" in shown else trusting
