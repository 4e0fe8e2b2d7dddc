"""What our nginx decides, for a proxy of somebody else that asks the application without it.

The rules are those of mail-autoconfig.conf.j2 of the role nginx, `autoconfig_nginx_behind_proxy`.
"""

from __future__ import annotations

from ..formats.words import CONFIG_PATHS, HEALTH_PATH, POX_PATH, SOAP_PATH
from ..inventory import names
from ..inventory.hosts import is_host
from ..inventory.model import Configuration
from .app import Application
from .asgi import Receive, Reply, Scope, Send
from .replies import refusal
from .request import Request

_PROTOCOL = "x-forwarded-proto"
_ACME = "/.well-known/acme-challenge/"


class BehindProxy:
    """The application, behind a proxy that says in a header what was asked over plain http."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        own = answer(self._application.configuration, Request(scope, receive))
        await (own or self._application)(scope, receive, send)


def answer(configuration: Configuration, request: Request) -> Reply | None:
    """The answer to what the application must not see; None for all else."""
    protocol = request.header(_PROTOCOL).lower()
    if request.path == HEALTH_PATH and protocol:
        return refusal(404, "Not found.")  # for those who watch the server, not for its clients
    if protocol != "http" or _is_for_http(request.path):
        return None
    host = names.secure_host(configuration, request.host())
    if host is None:
        return refusal(404, "Not found.")
    # A 302 turns a POST into a GET, which Outlook expects; a 307 keeps it.
    pox = f"https://{host}{POX_PATH}"
    if request.method == "POST" and _is_pox(request):
        return _redirect(307, pox)
    if request.path == POX_PATH:
        return _redirect(302, pox)
    return _redirect(301, f"https://{host}{request.target}")


def _is_for_http(path: str) -> bool:
    """Whether a path, in lower case, is answered over plain http too: no answer has a secret."""
    return path in (*CONFIG_PATHS, SOAP_PATH) or path.startswith((_ACME, f"{SOAP_PATH}/"))


def _is_pox(request: Request) -> bool:
    return request.path == POX_PATH or is_host("autodiscover", request.host())


def _redirect(status: int, url: str) -> Reply:
    return Reply(b"", status, {"location": url})
