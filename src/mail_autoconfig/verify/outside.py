"""What DNS leads to, where that is a proxy in front of the server."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from ..formats.words import POX_PATH
from .endpoints import Answer

_THREADS = 32
_ALL = 15.0  # seconds for all names; a host that reaches nothing outside is not kept waiting
_REDIRECTS = 301, 302, 303, 307, 308


def loops(hosts: Iterable[str], ask: Callable[[str, str], Answer]) -> list[str]:
    """Return a line for each host whose https redirects to itself for ever.

    So it is where a proxy takes https and asks this server by plain http, which redirects to https.
    A name that can't be asked says nothing: DNS may come later. `ask` raises OSError and
    http.client.HTTPException.
    """
    until = time.monotonic() + _ALL

    def one(host: str) -> str | None:
        url = f"https://{host}{POX_PATH}"
        if time.monotonic() > until:
            return None
        try:
            answer = ask("GET", url)
        except (OSError, http.client.HTTPException):
            return None
        if answer.status not in _REDIRECTS or answer.location != url:
            return None
        return (
            f"{host}: by DNS, {url} redirects to itself for ever: a proxy in front asks this "
            "server by plain http; at Cloudflare, set SSL/TLS to Full (strict), not Flexible, "
            "or the record to DNS only"
        )

    with ThreadPoolExecutor(_THREADS) as pool:
        return [line for line in pool.map(one, hosts) if line]
