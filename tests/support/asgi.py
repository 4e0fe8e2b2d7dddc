"""Call an ASGI application in this process: no client library, so no versions to agree."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import unquote

from mail_autoconfig.server.asgi import Message, Receive, Scope, Send
from support.answers import Reply, Transport

Application = Callable[[Scope, Receive, Send], Awaitable[None]]


def transport(application: Application) -> Transport:
    """A transport to `application`; the body arrives in two pieces, as it may on a socket.

    Each answer of Autoconfig is judged, whatever its test is about.
    """

    def call(
        scheme: str, method: str, host: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> Reply:
        path, _, query = path.partition("?")
        scope = {
            "type": "http",
            "scheme": scheme,
            "method": method,
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [
                (name.lower().encode(), value.encode("latin-1"))
                for name, value in ({"Host": host} | dict(headers)).items()
            ],
        }
        pieces = [body[:100], body[100:]]
        sent: list[Message] = []

        async def receive() -> Message:
            piece = pieces.pop(0)
            return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

        async def send(message: Message) -> None:
            sent.append(message)

        asyncio.run(_wait(application(scope, receive, send)))
        start, *rest = sent
        return Reply(
            start["status"],
            {name.decode(): value.decode("latin-1") for name, value in start["headers"]},
            b"".join(message.get("body", b"") for message in rest),
        ).judged()

    return call


async def _wait(answer: Awaitable[None]) -> None:
    await answer
