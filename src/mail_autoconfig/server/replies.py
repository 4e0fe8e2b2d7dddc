"""Answers that say no."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping

from ..answers import autodiscover
from ..answers.autodiscover import Error
from .asgi import Reply
from .gate import RETRY_AFTER
from .request import Request

KEEP_NOT = {"cache-control": "no-store"}

_log = logging.getLogger(__name__)


def refusal(status: int, text: str, **headers: str) -> Reply:
    """A status with a sentence, which repeats nothing that the client sent."""
    return Reply(f"{text}\n", status, {**KEEP_NOT, **headers}, "text/plain")


def busy() -> Reply:
    """Not now: all places to wait in are taken."""
    return refusal(503, "Busy. Ask again in some seconds.", **{"retry-after": str(RETRY_AFTER)})


def error(error: Error, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """An error in Outlook's XML."""
    body = autodiscover.render_error(error)
    return Reply(body, status, {**KEEP_NOT, **(headers or {})}, autodiscover.MEDIA_TYPE)


def failed(request: Request, failure: Exception) -> Reply:
    """The answer after an error of the program, which is logged."""
    # Type and place alone: the text of an exception may contain an address.
    place = traceback.extract_tb(failure.__traceback__)[-1]
    _log.error("%s in %s, line %s", type(failure).__name__, place.name, place.lineno)
    return refusal(500, "Internal error.") if request.is_read else error(Error.INTERNAL)
