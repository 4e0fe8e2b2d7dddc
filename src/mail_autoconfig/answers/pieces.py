"""An answer in pieces: what is the same for all who ask is rendered once, the rest is filled in.

A piece to fill in has a kind, one character, and a pattern; both are up to the answer.
"""

from __future__ import annotations

from collections.abc import Callable

from markupsafe import Markup

_MARK = "\0"  # XML can't contain it, nor can a configuration


def piece(kind: str, pattern: str) -> Markup:
    """Write a piece to fill in, for a template; who fills it in escapes it."""
    return Markup(f"{_MARK}{kind}{pattern}{_MARK}")  # noqa: S704 (escaped when it is filled in)


def split(answer: str) -> tuple[str, ...]:
    """Return what a template made: text, then a piece to fill in, then text, and so on."""
    return tuple(answer.split(_MARK))


def joined(pieces: tuple[str, ...], fill: Callable[[str, str], str]) -> bytes:
    """Fill in the pieces, equal ones once; `fill` gets the kind and the pattern."""
    values = {each: fill(each[0], each[1:]) for each in {*pieces[1::2]}}
    return "".join([values.get(each, each) for each in pieces]).encode()
