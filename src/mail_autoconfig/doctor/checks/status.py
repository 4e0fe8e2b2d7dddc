"""What the status of an answer means, and a page where settings should be."""

from __future__ import annotations

from collections.abc import Sequence

from ..catalogue import finding
from ..data import Exchange, Finding
from .grammar import Format, Reading, is_page

_PROXY = range(520, 531)  # Cloudflare's own, between it and the server
_GATEWAY = 502, 503, 504  # RFC 9110, section 15.6
# What pages contain that want to know whether a person asks.
_BOT_CHECKS = b"challenge-platform", b"just a moment", b"captcha", b"cf-chl", b"checking your"


def judged(exchange: Exchange, format_: Format) -> Finding:
    """What a status that is neither success nor redirect means."""
    status, request = exchange.status, exchange.request
    subject, host = request.url.partition("?")[0], request.host
    path = subject.partition("//")[2].partition("/")[2]
    if status == 401:
        if format_ == "pox" and exchange.asks_log_in:
            shown = ", ".join(sorted(exchange.schemes))
            return finding("web-asks-password", subject, schemes=shown)
        return finding("web-locked", subject, path=path)
    if any(mark in exchange.body.lower() for mark in _BOT_CHECKS) and status in (403, 503, 429):
        return finding("web-bot-check", subject, status=status, path=path)
    if status == 403:
        return finding("web-forbidden", subject, path=path)
    if status == 405 and request.method == "POST":
        return finding("web-post-refused", subject, status=status)
    if status in _PROXY:
        return finding("web-proxy", subject, status=status, host=host)
    if status in _GATEWAY:
        return finding("web-gateway", subject, status=status)
    if status >= 500:
        return finding("web-program", subject, status=status)
    return finding("web-status", subject, status=status, host=host, path=path)


def of_page(exchanges: Sequence[Exchange], format_: Format) -> Reading | None:
    """The finding where redirects end at a web page; None where they do not."""
    first, last = exchanges[0], exchanges[-1]
    if len(exchanges) == 1 or not is_page(last, format_):
        return None
    subject, location = (each.request.url.partition("?")[0] for each in (first, last))
    host = first.request.host
    return Reading((finding("web-redirect-page", subject, location=location, host=host),))
