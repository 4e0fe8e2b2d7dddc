"""An authority's answers to GET, for unit tests."""

from __future__ import annotations

import io
import json
import ssl
from collections.abc import Mapping
from email.message import Message
from typing import Any


class Answer(io.BytesIO):
    """What urlopen returns."""

    def __init__(self, content: Any, headers: Mapping[str, str]) -> None:
        super().__init__(json.dumps(content).encode())
        self.headers = Message()
        for name, value in headers.items():
            self.headers[name] = value


class Answers:
    """In the place of urlopen: URL -> content and headers, or an error."""

    def __init__(self, known: Mapping[str, Any] | None = None) -> None:
        self._known = dict(known or {})
        self.asked: list[str] = []
        self.contexts: list[ssl.SSLContext] = []

    def say(self, url: str, content: Any, headers: Mapping[str, str] | None = None) -> None:
        self._known[url] = content, headers or {}

    def fail(self, url: str, error: Exception) -> None:
        self._known[url] = error

    def open(self, url: str, *, context: ssl.SSLContext, **_: Any) -> Answer:
        self.asked.append(url)
        self.contexts.append(context)
        answer = self._known[url]
        if isinstance(answer, Exception):
            raise answer
        return Answer(*answer)
