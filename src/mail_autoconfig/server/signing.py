"""Signatures by the program that has the key: profile -> CMS (RFC 5652).

This process reads what strangers send, so it has no key. It writes the document to a unix socket,
behind which `openssl cms -sign` runs, and reads the signed one back.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

_AT_ONCE = 4
_TIMEOUT = 8  # seconds; nginx gives up after 10


class SigningError(Exception):
    """There is no signature; the text says why."""


class Signer:
    """Asks the service behind the unix socket `path`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def sign(self, document: bytes) -> bytes:
        """Return `document` signed, in DER. Raises SigningError, within seconds."""
        try:
            async with asyncio.timeout(_TIMEOUT), self._places:
                reader, writer = await asyncio.open_unix_connection(self._path)
                try:
                    writer.write(document)
                    writer.write_eof()
                    signed = await reader.read()
                finally:
                    writer.close()
        except TimeoutError:
            raise SigningError(f"no answer in {_TIMEOUT} s") from None
        except OSError as error:
            raise SigningError(error.strerror or type(error).__name__) from None
        if not signed:
            raise SigningError("an empty answer; see the log of the signing service")
        return signed
