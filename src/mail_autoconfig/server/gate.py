"""How much work of one kind is done at once, and how much waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

RETRY_AFTER = 2
"""Seconds after which a client that was sent away may ask again."""


class BusyError(Exception):
    """All places are taken, those to wait in too."""


class Gate:
    """A place to work in: `at_once` are inside, `waiting` wait, the next gets BusyError."""

    def __init__(self, at_once: int, waiting: int) -> None:
        self._places = asyncio.Semaphore(at_once)
        self._room = at_once + waiting

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Wait for a place and keep it. Raises BusyError at once, without a place to wait in."""
        if self._room == 0:
            raise BusyError
        self._room -= 1
        try:
            async with self._places:
                yield
        finally:
            self._room += 1
