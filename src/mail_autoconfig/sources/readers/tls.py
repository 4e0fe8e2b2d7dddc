"""TLS to a source: verified, by the system's authorities or the source's own."""

from __future__ import annotations

import ssl

from ..rows import SourceError
from ..settings import Source

AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
"""Debian's, for libraries that take a file alone."""


def context(source: Source) -> ssl.SSLContext:
    """What verifies a server. Raises SourceError where there are no such authorities."""
    try:
        return ssl.create_default_context(cafile=source.tls_ca or None)
    except OSError as error:  # ssl.SSLError is one
        raise SourceError(f"tls_ca {source.tls_ca}: {error.strerror or error}") from None
