"""What the web application reads of a request."""

from __future__ import annotations

import re
from urllib.parse import unquote

from ..inventory import names
from .asgi import DisconnectError, Receive, Scope

BODY_LIMIT = 64 * 1024
"""Octets of the largest request body that is read."""

_TAG = re.compile(r'"[^"]*"')
_MOST_PARAMETERS = 32  # of a query; clients send three


class BodyTooLargeError(Exception):
    """A request body over `BODY_LIMIT`."""


class Request:
    """A request. `path` is in lower case, as it is compared; `written_path` is what was sent."""

    __slots__ = ("_receive", "_scope", "is_read", "method", "path", "written_path")

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.method: str = scope["method"]
        self.written_path: str = scope["path"]
        self.path = self.written_path.lower()
        self.is_read = self.method in ("GET", "HEAD")
        self._scope = scope
        self._receive = receive

    def header(self, name: str) -> str:
        """The first header of this name (lower case); empty if there is none."""
        wanted = name.encode()
        for key, value in self._scope["headers"]:
            if key == wanted:
                return str(value, "latin-1")
        return ""

    @property
    def target(self) -> str:
        """The path as it was sent, with the query."""
        query = self._scope["query_string"].decode("latin-1")
        path: str = self._scope["raw_path"].decode("latin-1")
        return f"{path}?{query}" if query else path

    def host(self) -> str:
        """The Host without its port, in A-label form; empty if there is none to use."""
        try:
            return names.normalise(self.header("host").partition(":")[0])
        except ValueError:
            return ""

    def has_copy(self, tag: str) -> bool:
        """Whether the client's copy is the one of this ETag (RFC 9110, section 13.1.2)."""
        given = self.header("if-none-match")
        return bool(given) and (given.strip() == "*" or tag in _TAG.findall(given))

    def parameter(self, *keys: str) -> str:
        """The first parameter of the query that has one of these keys, whatever their case."""
        for field in self._scope["query_string"].decode("latin-1").split("&", _MOST_PARAMETERS):
            key, _equals, value = field.partition("=")
            if unquote(key).lower() in keys:
                # Not unquote_plus: clients send the + of an address as it is.
                return unquote(value).strip()
        return ""

    async def body(self) -> bytes:
        """The whole body. Raises BodyTooLargeError, and DisconnectError before its end."""
        body = b""
        more = True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise DisconnectError
            body += message.get("body", b"")
            if len(body) > BODY_LIMIT:
                raise BodyTooLargeError
            more = message.get("more_body", False)
        return body
