"""A mail server on a port of this machine that says what a test wants it to say."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

STARTTLS = "now in TLS"
"""At the end of an answer after which TLS begins."""


class MailServer:
    """Answers each line by the first of `replies` whose key the line contains; `log` is the lines.

    TAG in an answer becomes the line's first word. What is not known gets no answer. With a
    `context` it speaks TLS: from the first byte if `implicit`, else after STARTTLS.
    """

    def __init__(
        self,
        greeting: str,
        replies: Mapping[str, str],
        context: ssl.SSLContext | None = None,
        *,
        implicit: bool = True,
    ) -> None:
        self.greeting = greeting
        self.replies = replies
        self.context = context
        self.implicit = implicit
        self.log: list[str] = []
        self.port = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[MailServer]:
        context = self.context if self.implicit else None
        server = await asyncio.start_server(self._talk, "127.0.0.1", 0, ssl=context)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield self

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.greeting:
            writer.write(f"{self.greeting}\r\n".encode())
        try:
            while octets := await reader.readline():
                line = octets.decode("utf-8", "replace").strip()
                self.log.append(line)
                answer = next((self.replies[key] for key in self.replies if key in line), "")
                answer = answer.replace("TAG", line.partition(" ")[0])
                if answer:
                    writer.write(f"{answer.removesuffix(STARTTLS)}\r\n".encode())
                if answer.endswith(STARTTLS) and self.context:
                    await writer.start_tls(self.context)
        except OSError:  # the client has gone, or wants another TLS
            pass
        finally:
            writer.transport.abort()
