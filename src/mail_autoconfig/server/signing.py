"""Signatures by the program that has the key: profile -> CMS (RFC 5652).

This process reads what strangers send, so it has no key. It writes the document to a unix socket,
behind which `signer.py` runs in a process of its own, and reads the signed one back.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from .gate import Gate

SIGNED, NO_KEY = b"S", b"N"
"""First octet of the signer's answer: a signed document follows; there is no key that can sign."""

_AT_ONCE = 2  # one is signed, the next is on its way
_WAITING = 64
_TIMEOUT = 5  # seconds; nginx gives up after 10


class NoKeyError(Exception):
    """The signer runs and has no key that can sign: a fact of the set-up, not of the moment."""


class SigningError(Exception):
    """There is no signature at this moment; the text says why."""


class Signer:
    """Asks the service behind the unix socket `path`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._gate = Gate(_AT_ONCE, _WAITING)

    async def sign(self, document: bytes) -> bytes:
        """Return `document` signed, in DER, within seconds.

        Raises NoKeyError, BusyError where too many wait already, SigningError for the rest.
        """
        try:
            async with asyncio.timeout(_TIMEOUT), self._gate.place():
                answer = await self._ask(document)
        except TimeoutError:
            raise SigningError(f"no answer in {_TIMEOUT} s") from None
        except OSError as error:
            raise SigningError(error.strerror or type(error).__name__) from None
        if answer == NO_KEY:
            raise NoKeyError
        if not answer.startswith(SIGNED) or answer == SIGNED:
            raise SigningError("an empty answer; see the log of the signing service")
        return answer[len(SIGNED) :]

    async def _ask(self, document: bytes) -> bytes:
        reader, writer = await asyncio.open_unix_connection(self._path)
        try:
            writer.write(document)
            writer.write_eof()
            return await reader.read()
        finally:
            writer.close()
