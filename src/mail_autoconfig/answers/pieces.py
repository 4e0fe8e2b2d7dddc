"""An answer in pieces: what is the same for all who ask is rendered once, the rest is filled in.

A piece to fill in has a kind, one character, and a pattern; both are up to the answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from markupsafe import Markup, escape

_MARK = "\0"  # XML can't contain it, nor can a configuration
_SPECIAL = re.compile("[&<>'\"]")


class Pieces(NamedTuple):
    """Text, then a piece to fill in, then text, and so on; and each piece once, in its parts."""

    parts: tuple[str, ...]
    fills: tuple[tuple[str, str, str], ...]


def piece(kind: str, pattern: str) -> Markup:
    """Write a piece to fill in, for a template; who fills it in escapes it."""
    return Markup(f"{_MARK}{kind}{pattern}{_MARK}")  # noqa: S704 (escaped when it is filled in)


def split(answer: str) -> Pieces:
    """Return what a template made, in pieces."""
    parts = tuple(answer.split(_MARK))
    return Pieces(parts, tuple((each, each[0], each[1:]) for each in dict.fromkeys(parts[1::2])))


def joined(pieces: Pieces, fill: Callable[[str, str], str]) -> bytes:
    """Fill in the pieces, equal ones once; `fill` gets the kind and the pattern."""
    values = {each: fill(kind, pattern) for each, kind, pattern in pieces.fills}
    return "".join([values.get(each, each) for each in pieces.parts]).encode()


def escaped(text: str) -> str:
    """Escape a text as the templates do, most of which need none."""
    return escape(text) if _SPECIAL.search(text) else text
