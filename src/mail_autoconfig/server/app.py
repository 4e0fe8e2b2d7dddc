"""The web application: which request gets which answer."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import lru_cache, partial

from ..answers import apple, autoconfig, autodiscover, autodiscover_json, mobilesync, pacc, page
from ..answers.autodiscover import Error, RequestError
from ..formats.words import (
    CONFIG_PATHS,
    FORM_PATH,
    HEALTH_PATH,
    PACC_PATH,
    PAGE_PATH,
    POX_PATH,
    PROFILE_PATH,
    SERVICE_PATHS,
    SOAP_PATH,
)
from ..inventory import addresses, mailboxes, names
from ..inventory.hosts import is_host
from ..inventory.model import Configuration, Domain
from ..outlook import files as outlook_files
from ..outlook import values as outlook
from ..store.read import Store
from . import health
from .asgi import DisconnectError, Receive, Reply, Scope, Send
from .gate import BusyError, Gate
from .people import form_of, visitor
from .replies import KEEP_NOT, busy, error, failed, refusal
from .request import BodyTooLargeError, Request
from .signing import NoKeyError, Signer, SigningError

# Enough for a client's set-up, and a correction arrives soon.
_KEEP = {"cache-control": "max-age=300"}
# nginx caches Autoconfig by domain whatever Cache-Control says; it obeys the second header.
_FOR_ONE = {**KEEP_NOT, "x-accel-expires": "0"}

_SOAP = re.compile(rf"{re.escape(SOAP_PATH)}(?:/.*)?", re.DOTALL)

_log = logging.getLogger(__name__)


class Application:
    """The ASGI application of one process, plain: a router would compare paths case by case."""

    def __init__(
        self,
        configuration: Configuration,
        program: str = "",
        signer: Signer | None = None,
        store: Store | None = None,
    ) -> None:
        """`program` is the SHA-256 of the program's file, for the answer about its health.

        `store` has the domains that do not stand in the configuration.
        """
        if store:
            configuration = replace(configuration, elsewhere=store.find)
        self.configuration = configuration
        self.store = store
        self._program = program
        self._signer = signer
        self._codes = Gate(at_once=1, waiting=64)
        self.leaving = False
        """Whether this process is about to stop: it asks its clients for new connections."""
        self.draining = False
        """Whether the whole service is about to stop, which its health says."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        try:
            reply = await _handler(request)(self, request)
        except DisconnectError:
            return
        except BodyTooLargeError:
            reply = refusal(413, "Too large.", connection="close")
        except BusyError:
            reply = busy()
        except Exception as failure:
            reply = failed(request, failure)
        if self.leaving:
            reply.close()
        await reply(scope, receive, send)

    async def health(self, _request: Request) -> Reply:
        """What is in force: for the roles, which compare it with what they installed."""
        state = health.state(self.configuration, self._program, self.store, draining=self.draining)
        return Reply(state, 503 if self.draining else 200, KEEP_NOT, health.MEDIA_TYPE)

    async def autoconfig(self, request: Request) -> Reply:
        """Thunderbird's document."""
        text, address, domain = request.parameter("emailaddress"), None, None
        if text:
            try:
                address = addresses.parse(text)
            except ValueError:
                return refusal(404, "No settings.")
            domain = self.configuration.find(address.domain, address.localpart)
        else:
            domain = self._domain_of_host(request)
        if domain is None or not domain.settings.mail_servers or not domain.has_room:
            return refusal(404, "No settings.")
        answer = autoconfig.render(domain, address)
        if address and mailboxes.personal(domain):
            return Reply(answer, 200, _FOR_ONE, autoconfig.MEDIA_TYPE)
        tag = _tag(answer)
        headers = {**_KEEP, "etag": tag}
        if request.has_copy(tag):
            return Reply(b"", 304, headers)
        return Reply(answer, 200, headers, autoconfig.MEDIA_TYPE)

    def _domain_of_host(self, request: Request) -> Domain | None:
        host = request.host()
        return self.configuration.find_by_host(host) if host else None

    async def pacc(self, request: Request) -> Reply:
        """PACC's document."""
        domain = self._domain_of_host(request)
        if domain is None or not domain.pacc:
            return refusal(404, "No settings.")
        return Reply(pacc.render(domain), 200, _KEEP, pacc.MEDIA_TYPE)

    async def service(self, request: Request) -> Reply:
        """A redirect to a service, where its URL is the same for all users."""
        host = request.host()
        domain = self._domain_of_host(request)
        url = domain.service_url(SERVICE_PATHS[request.path]) if domain else None
        if url is None or url.rstrip("/") == f"https://{host}{request.path}":
            return refusal(404, "Not found.")
        return Reply(b"", 307, {**_KEEP, "location": url})

    async def page(self, request: Request) -> Reply:
        """The page for people; other sites of a domain have a page of their own."""
        host = request.host()
        own = is_host("autoconfig", host) or is_host("autodiscover", host)
        if not own and (not host or host != self.configuration.generic_host):
            return refusal(404, "Not found.")
        look = self.configuration.look
        who = visitor(look, request, request.parameter("lang"), request.parameter("device"))
        body = page.render(look, who, self._domain_of_host(request))
        return Reply(body, 200, {**_KEEP, **page.HEADERS}, page.MEDIA_TYPE)

    async def settings(self, request: Request) -> Reply:
        """The page with the settings for the address in its form."""
        look, own, form = (
            self.configuration.look,
            self._domain_of_host(request),
            await form_of(request),
        )
        who = visitor(look, request, form.get("lang", ""), form.get("device", ""))
        render = partial(page.render, look, who)
        email, status = form.get("email", "").strip(), 200
        try:
            address = addresses.parse(email)
        except ValueError:
            status, body = 400, render(own, email=email, error="error_address")
        else:
            domain = self.configuration.find(address.domain, address.localpart)
            if domain is None:
                status, body = 404, render(own, email=email, error="error_domain")
            else:
                host = names.page_host(self.configuration, domain)
                # In a thread of its own, since the QR code is the costliest of all answers.
                async with self._codes.place():
                    body = await asyncio.to_thread(render, domain, address=address, host=host)
        return Reply(body, status, {**KEEP_NOT, **page.HEADERS}, page.MEDIA_TYPE)

    async def download(self, request: Request) -> Reply:
        """One of the files with Outlook's registry values."""
        render, media_type = outlook_files.DOWNLOADS[request.path]
        headers = {**_KEEP, "content-disposition": "attachment"}
        return Reply(render(outlook.values(self.configuration)), 200, headers, media_type)

    async def profile(self, request: Request) -> Reply:
        """Apple's profile, signed where there is a signer with a key; else as it is."""
        try:
            # Both names are in use among servers that have such a profile.
            address = addresses.parse(request.parameter("email", "emailaddress"))
        except ValueError:
            return refusal(400, "Use ?email=ADDRESS.")
        domain = self.configuration.find(address.domain, address.localpart)
        if domain is None:
            return refusal(404, "No settings.")
        profile = apple.render(domain, address)
        if profile is None:
            return refusal(404, apple.refusal(domain))
        if self._signer:
            try:
                profile = await self._signer.sign(profile)
            except NoKeyError:
                pass  # the signer's log says why
            except SigningError as failure:
                _log.error("no signature: %s", failure)
                return busy()
        name = f'attachment; filename="{apple.file_name(domain)}"'
        headers = {**KEEP_NOT, "content-disposition": name}
        return Reply(profile, 200, headers, apple.MEDIA_TYPE)

    async def autodiscover(self, request: Request) -> Reply:
        """Outlook's answer, and that for telephones (MobileSync)."""
        if request.method != "POST":
            return error(Error.BAD_REQUEST, 405, {"allow": "POST"})
        try:
            asked = autodiscover.parse(await request.body())
            domain = self.configuration.find(asked.address.domain, asked.address.localpart)
            if domain is None:
                raise RequestError(Error.NOT_FOUND)
            protocol = mobilesync if asked.mobilesync else autodiscover
            answer = protocol.render(domain, asked.address)
        except RequestError as refused:
            return error(refused.error)
        return Reply(answer, media_type=autodiscover.MEDIA_TYPE)

    async def autodiscover_json(self, request: Request) -> Reply:
        """Which URL to ask for a protocol."""
        match = autodiscover_json.PATH.fullmatch(request.written_path)
        text = (match and match["email"]) or request.parameter("email")
        status = 200
        try:
            address = autodiscover_json.parse(text)
            domain = self.configuration.find(address.domain, address.localpart)
            if domain is None:
                raise autodiscover_json.RequestError(autodiscover_json.Error.NOT_FOUND)
            url = f"https://{names.autodiscover_host(self.configuration, domain)}{POX_PATH}"
            protocol = request.parameter("protocol")
            answer = autodiscover_json.render(domain, address, protocol, url)
        except autodiscover_json.RequestError as refused:
            status, answer = refused.status, refused.body
        return Reply(answer, status, KEEP_NOT, autodiscover_json.MEDIA_TYPE)


@lru_cache(maxsize=256)  # as many as there are answers that are kept
def _tag(answer: bytes) -> str:
    return f'"{hashlib.sha256(answer).hexdigest()[:32]}"'


async def _to_page(_application: Application, _request: Request) -> Reply:
    return Reply(b"", 303, {"location": PAGE_PATH})


async def _no_soap(_application: Application, _request: Request) -> Reply:
    return refusal(404, "No SOAP here.")  # Exchange's clients go on to their next URL


async def _use_get(_application: Application, _request: Request) -> Reply:
    return refusal(405, "Use GET.", allow="GET, HEAD")


async def _not_found(_application: Application, _request: Request) -> Reply:
    return refusal(404, "Not found.")


_Handler = Callable[[Application, Request], Awaitable[Reply]]

# Method (HEAD is GET) and path in lower case.
_ROUTES: Mapping[tuple[str, str], _Handler] = {
    ("POST", POX_PATH): Application.autodiscover,
    **{("GET", path): Application.autoconfig for path in CONFIG_PATHS},
    ("GET", PROFILE_PATH): Application.profile,
    ("GET", PACC_PATH): Application.pacc,
    ("GET", PAGE_PATH): Application.page,
    ("GET", FORM_PATH): _to_page,
    ("POST", FORM_PATH): Application.settings,
    **{("GET", path): Application.download for path in outlook_files.DOWNLOADS},
    ("GET", HEALTH_PATH): Application.health,
}


def _handler(request: Request) -> _Handler:
    """What answers a request: by the table, else by the form of its path, else by its host."""
    method = "GET" if request.is_read else request.method
    if found := _ROUTES.get((method, request.path)):
        return found
    if request.path in SERVICE_PATHS and method != "POST":  # with CalDAV's own methods too
        return Application.service
    is_json = autodiscover_json.PATH.fullmatch(request.written_path)
    if is_json and request.is_read:
        return Application.autodiscover_json
    if _SOAP.fullmatch(request.path):
        return _no_soap
    if request.path == POX_PATH:
        return Application.autodiscover
    if request.method == "POST" and is_host("autodiscover", request.host()):
        return Application.autodiscover
    return _use_get if is_json or request.path in CONFIG_PATHS else _not_found
