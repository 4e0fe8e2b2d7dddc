"""The web application: which request gets which answer."""

from __future__ import annotations

import hashlib
import json
import logging
import re
import traceback
from functools import partial
from urllib.parse import parse_qsl, unquote

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from .. import __version__
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
    SOAP_PATH,
)
from ..inventory import addresses, names
from ..inventory.hosts import is_host
from ..inventory.model import Configuration, Domain, Look
from ..outlook import files as outlook_files
from ..outlook import values as outlook
from .signing import Signer, SigningError

_SOAP = re.compile(rf"{re.escape(SOAP_PATH)}(?:/.*)?", re.DOTALL)
BODY_LIMIT = 64 * 1024
"""Octets of the largest request body that is read."""

# Long enough for a client's set-up, short enough for a correction to arrive.
_KEEP = {"cache-control": "max-age=300"}
_KEEP_NOT = {"cache-control": "no-store"}

_TAG = re.compile(r'"[^"]*"')

_log = logging.getLogger(__name__)


class BodyTooLargeError(Exception):
    """A request body over `BODY_LIMIT`."""


class Application:
    """The ASGI application. Assign `configuration` to change it between two requests.

    Plain ASGI on Starlette's headers and responses: its router would compare paths case by case.
    """

    def __init__(
        self, configuration: Configuration, program: str = "", signer: Signer | None = None
    ) -> None:
        """`program` is the SHA-256 of the program's file, for the answer about its health."""
        self.configuration = configuration
        self._program = program
        self._signer = signer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        method: str = scope["method"]
        path: str = scope["path"].lower()
        json_path = autodiscover_json.PATH.fullmatch(scope["path"])
        reading = method in ("GET", "HEAD")
        try:
            if reading and path == HEALTH_PATH:
                response = self._health()
            elif reading and path in CONFIG_PATHS:
                response = self._autoconfig(scope)
            elif reading and json_path:
                text = json_path["email"] or _parameter(scope, "email")
                response = self._autodiscover_json(text, _parameter(scope, "protocol"))
            elif _SOAP.fullmatch(path):
                # Exchange's clients go on to their next URL.
                response = PlainTextResponse("No SOAP here.\n", 404, _KEEP_NOT)
            elif reading and path == PROFILE_PATH:
                response = await self._profile(scope)
            elif reading and path == PACC_PATH:
                response = self._pacc(scope)
            elif reading and path == PAGE_PATH and self._has_page(scope):
                response = self._page(scope)
            elif method == "POST" and path == FORM_PATH:
                response = await self._settings(scope, receive)
            elif reading and path == FORM_PATH:
                response = Response(None, 303, {"location": PAGE_PATH})
            elif reading and path in outlook_files.DOWNLOADS:
                render, media_type = outlook_files.DOWNLOADS[path]
                headers = {**_KEEP, "content-disposition": "attachment"}
                body = render(outlook.values(self.configuration))
                response = Response(body, 200, headers, media_type)
            elif path == POX_PATH or is_host("autodiscover", _host(scope)):
                response = await self._autodiscover(method, receive)
            elif path in CONFIG_PATHS or json_path:
                response = PlainTextResponse("Use GET.\n", 405, {**_KEEP_NOT, "allow": "GET, HEAD"})
            else:
                response = PlainTextResponse("Not found.\n", 404, _KEEP_NOT)
        except ClientDisconnect:
            return
        except BodyTooLargeError:
            response = PlainTextResponse("Too large.\n", 413, {**_KEEP_NOT, "connection": "close"})
        except Exception as error:
            # Type and place alone: the text of an exception may hold an address.
            place = traceback.extract_tb(error.__traceback__)[-1]
            _log.error("%s in %s, line %s", type(error).__name__, place.name, place.lineno)
            if reading:
                response = PlainTextResponse("Internal error.\n", 500, _KEEP_NOT)
            else:
                response = _error(Error.INTERNAL)
        if method == "HEAD":
            response.body = b""  # Content-Length stays that of GET (RFC 9110, section 9.3.2)
        await response(scope, receive, send)

    def _health(self) -> Response:
        state = {
            "status": "ok",
            "domains": len(self.configuration),
            "configuration": self.configuration.digest,
            "program": self._program,
            "version": __version__,
        }
        return Response(json.dumps(state), 200, _KEEP_NOT, "application/json")

    def _autoconfig(self, scope: Scope) -> Response:
        domain = self._domain_asked_for(scope)
        if domain is None or not domain.settings.mail_servers or not domain.has_room:
            return PlainTextResponse("No settings.\n", 404, _KEEP_NOT)
        answer = autoconfig.render(domain)
        tag = f'"{hashlib.sha256(answer).hexdigest()[:32]}"'
        headers = {**_KEEP, "etag": tag}
        if _has(Headers(scope=scope).get("if-none-match", ""), tag):
            return Response(None, 304, headers)
        return Response(answer, 200, headers, autoconfig.MEDIA_TYPE)

    def _domain_asked_for(self, scope: Scope) -> Domain | None:
        if text := _parameter(scope, "emailaddress"):
            try:
                return self.configuration.find(addresses.parse(text).domain)
            except ValueError:
                return None
        host = _host(scope)
        return self.configuration.find_by_host(host) if host else None

    def _pacc(self, scope: Scope) -> Response:
        host = _host(scope)
        domain = self.configuration.find_by_host(host) if host else None
        if domain is None or not domain.pacc:
            return PlainTextResponse("No settings.\n", 404, _KEEP_NOT)
        return Response(pacc.render(domain), 200, _KEEP, pacc.MEDIA_TYPE)

    def _has_page(self, scope: Scope) -> bool:
        host = _host(scope)
        own = is_host("autoconfig", host) or is_host("autodiscover", host)
        return own or (bool(host) and host == self.configuration.generic_host)

    def _page(self, scope: Scope) -> Response:
        host = _host(scope)
        domain = self.configuration.find_by_host(host) if host else None
        look = self.configuration.look
        body = page.render(look, _language(scope, look), domain)
        return Response(body, 200, {**_KEEP, **page.HEADERS}, page.MEDIA_TYPE)

    async def _settings(self, scope: Scope, receive: Receive) -> Response:
        """What the form asks for, as a page."""
        form = (await _body(receive)).decode("utf-8", "replace")
        look, email, status = self.configuration.look, "", 200
        render = partial(page.render, look, _language(scope, look))
        try:
            email = dict(parse_qsl(form, max_num_fields=10)).get("email", "").strip()
            address = addresses.parse(email)
        except ValueError:
            status, body = 400, render(None, email=email, error="error_address")
        else:
            domain = self.configuration.find(address.domain)
            if domain is None:
                status, body = 404, render(None, email=email, error="error_domain")
            else:
                host = names.page_host(self.configuration, domain)
                body = render(domain, address=address, host=host)
        return Response(body, status, {**_KEEP_NOT, **page.HEADERS}, page.MEDIA_TYPE)

    async def _profile(self, scope: Scope) -> Response:
        try:
            # Both names are in use among servers that have such a profile.
            address = addresses.parse(_parameter(scope, "email", "emailaddress"))
        except ValueError:
            return PlainTextResponse("Use ?email=ADDRESS.\n", 400, _KEEP_NOT)
        domain = self.configuration.find(address.domain)
        profile = domain and apple.render(domain, address)
        if not domain or not profile:
            return PlainTextResponse("No settings.\n", 404, _KEEP_NOT)
        if self._signer:
            try:
                profile = await self._signer.sign(profile)
            except SigningError as error:
                _log.error("profile not signed: %s", error)  # a device takes it all the same
        name = f'attachment; filename="{apple.file_name(domain)}"'
        headers = {**_KEEP_NOT, "content-disposition": name}
        return Response(profile, 200, headers, apple.MEDIA_TYPE)

    async def _autodiscover(self, method: str, receive: Receive) -> Response:
        if method != "POST":
            return _error(Error.BAD_REQUEST, 405, {"allow": "POST"})
        try:
            request = autodiscover.parse(await _body(receive))
            domain = self.configuration.find(request.address.domain)
            if domain is None:
                raise RequestError(Error.NOT_FOUND)
            protocol = mobilesync if request.mobilesync else autodiscover
            answer = protocol.render(domain, request.address)
        except RequestError as refusal:
            return _error(refusal.error)
        return Response(answer, media_type=autodiscover.MEDIA_TYPE)

    def _autodiscover_json(self, text: str, protocol: str) -> Response:
        status = 200
        try:
            address = autodiscover_json.parse(text)
            domain = self.configuration.find(address.domain)
            if domain is None:
                raise autodiscover_json.RequestError(autodiscover_json.Error.NOT_FOUND)
            host = names.autodiscover_host(self.configuration, domain)
            url = f"https://{host}{POX_PATH}"
            answer = autodiscover_json.render(domain, address, protocol, url)
        except autodiscover_json.RequestError as refusal:
            status, answer = refusal.status, refusal.body
        return Response(answer, status, _KEEP_NOT, autodiscover_json.MEDIA_TYPE)


def _error(error: Error, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    body = autodiscover.render_error(error)
    return Response(body, status, {**_KEEP_NOT, **(headers or {})}, autodiscover.MEDIA_TYPE)


def _parameter(scope: Scope, *keys: str) -> str:
    """The first parameter of the query that has one of these keys, whatever their case."""
    for field in scope["query_string"].decode("latin-1").split("&"):
        key, _equals, value = field.partition("=")
        if unquote(key).lower() in keys:
            # Not unquote_plus: clients send the + of an address as it is.
            return unquote(value).strip()
    return ""


def _language(scope: Scope, look: Look) -> str:
    return page.choose_language(Headers(scope=scope).get("accept-language", ""), look)


def _host(scope: Scope) -> str:
    """The Host without its port, in A-label form; empty if there is none to use."""
    try:
        return names.normalise(Headers(scope=scope).get("host", "").partition(":")[0])
    except ValueError:
        return ""


def _has(if_none_match: str, tag: str) -> bool:
    """Whether a client's copy is this one (RFC 9110, section 13.1.2)."""
    return if_none_match.strip() == "*" or tag in _TAG.findall(if_none_match)


async def _body(receive: Receive) -> bytes:
    body = b""
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body += message.get("body", b"")
        if len(body) > BODY_LIMIT:
            raise BodyTooLargeError
        more = message.get("more_body", False)
    return body
