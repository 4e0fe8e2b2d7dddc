"""What the application and its HTTP server say to each other: ASGI 3.0, the part that is used."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import cache, lru_cache
from typing import Any

Scope = Mapping[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_NO_BODY = 304  # nor a length (RFC 9110, section 15.4.5)


class DisconnectError(Exception):
    """The client went away before the end of its request."""


class Reply:
    """An answer. Length and type of the body are added to its headers."""

    __slots__ = ("body", "headers", "status")

    def __init__(
        self,
        body: bytes | str = b"",
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str = "",
    ) -> None:
        """`headers` are in lower case. Raises ValueError for one that HTTP can't say."""
        self.body = body.encode() if isinstance(body, str) else body
        self.status = status
        self.headers = [_header(*each) for each in headers.items()] if headers else []
        if status != _NO_BODY:
            self.headers.append((b"content-length", b"%d" % len(self.body)))
        if media_type:
            self.headers.append(_content_type(media_type))

    def close(self) -> None:
        """Ask the client for a new connection next time."""
        self.headers.append((b"connection", b"close"))

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Send it; to HEAD all but the body (RFC 9110, section 9.3.2)."""
        start = {"type": "http.response.start", "status": self.status, "headers": self.headers}
        await send(start)
        body = b"" if scope["method"] == "HEAD" else self.body
        await send({"type": "http.response.body", "body": body})


@lru_cache(maxsize=256)
def _header(name: str, value: str) -> tuple[bytes, bytes]:
    return name.encode(), value.encode("latin-1")


@cache
def _content_type(media_type: str) -> tuple[bytes, bytes]:
    charset = "; charset=utf-8" if media_type.startswith("text/") else ""
    return _header("content-type", f"{media_type}{charset}")
