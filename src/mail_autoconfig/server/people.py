"""What the page for people needs of a request: who asks, and the fields of its form."""

from __future__ import annotations

from urllib.parse import parse_qsl

from ..answers.page.visitor import HEADERS, Visitor, choose_language, device_named, guess
from ..inventory.model import Look
from .request import Request

_MOST_FIELDS = 10  # of the form; it has three, and the two that a button changes


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form, the last of a name; none if it has too many.

    Raises BodyTooLargeError.
    """
    body = (await request.body()).decode("utf-8", "replace")
    try:
        return dict(parse_qsl(body, max_num_fields=_MOST_FIELDS))
    except ValueError:
        return {}


def visitor(look: Look, request: Request, language: str, device: str) -> Visitor:
    """Who looks at the page; `language` and `device` are what they chose, if anything."""
    accepted, agent, platform = map(request.header, HEADERS)
    here = guess(agent, platform.strip('"'))
    return Visitor(choose_language(accepted, look, language), device_named(device, here), here)
