"""The servers of a provider or domain: raw lists -> `Server` and `WebServer`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from . import fields
from .fields import Place
from .model import PORTS, Authentication, Protocol, Security, Server, WebProtocol, WebServer

_PROTOCOLS = get_args(Protocol)
_WEB_PROTOCOLS = get_args(WebProtocol)
_SERVER_KEYS = ("type", "host", "port", "security", "username", "authentication")
_WEB_SERVER_KEYS = ("type", "url", "username", "authentication")
_EXAMPLE = "d--d.d--d"  # in place of {domain}, where a host name is checked


def read_servers(place: Place, raw: Any) -> tuple[tuple[Server, ...], tuple[WebServer, ...]]:
    """The servers with a host and those behind a URL, each in the order of the list."""
    servers: list[Server] = []
    web_servers: list[WebServer] = []
    if not fields.is_list(raw) or not raw:
        place.problem("no server; list at least one")
        return (), ()
    for index, entry in enumerate(raw):
        here = place[index]
        if not isinstance(entry, Mapping):
            here.problem(f"{fields.shown(entry)} is not a mapping")
        elif entry.get("type") in _WEB_PROTOCOLS:
            web_servers.append(_web_server(here, entry))
        else:
            servers.append(_server(here, entry))
    return tuple(servers), tuple(web_servers)


def _server(place: Place, raw: Mapping[str, Any]) -> Server:
    fields.check_keys(place, raw, _SERVER_KEYS)
    protocol: Protocol = fields.choice(place, raw, "type", (*_PROTOCOLS, *_WEB_PROTOCOLS))
    security: Security = fields.choice(place, raw, "security", get_args(Security), "tls")
    # What is wrong with the type is said already: any port will do.
    usual = PORTS[protocol][security] if protocol in PORTS else 0
    return Server(
        type=protocol,
        host=_host(place["host"], raw.get("host")),
        port=_port(place["port"], raw.get("port"), usual),
        security=security,
        username=fields.username(place, raw),
        authentication=_authentication(place, raw),
    )


def _host(place: Place, raw: Any) -> str:
    if not isinstance(raw, str) or "{domain}" not in raw:
        return fields.host_name(place, raw) or ""
    checked = fields.host_name(place, raw.replace("{domain}", _EXAMPLE), written=raw)
    if checked and _EXAMPLE not in checked:
        place.problem(f"{fields.shown(raw)} has other letters than ASCII beside {{domain}}")
    return (checked or "").replace(_EXAMPLE, "{domain}")


def _port(place: Place, raw: Any, usual: int) -> int:
    if raw is None:
        return usual
    if isinstance(raw, bool) or not isinstance(raw, int) or not 1 <= raw <= 65535:
        place.problem(f"{fields.shown(raw)} is not a port; use 1 to 65535")
        return 0
    return int(raw)


def _web_server(place: Place, raw: Mapping[str, Any]) -> WebServer:
    fields.check_keys(place, raw, _WEB_SERVER_KEYS)
    url = raw.get("url")
    if not isinstance(url, str) or not fields.is_https(url):
        place["url"].problem(f"{fields.shown(url)} is not a URL; use https://HOST/PATH")
    return WebServer(
        type=raw["type"],
        url=str(url),
        username=fields.username(place, raw),
        authentication=_authentication(place, raw),
    )


def _authentication(place: Place, raw: Mapping[str, Any]) -> tuple[Authentication, ...]:
    value = raw.get("authentication", "password")
    methods = list(value) if fields.is_list(value) else [value]
    allowed = get_args(Authentication)
    if not methods:
        place["authentication"].problem(f"empty; use one or more of {', '.join(allowed)}")
    for method in methods:
        if method not in allowed:
            place["authentication"].problem(
                f"no method {fields.shown(method)}; use one or more of {', '.join(allowed)}"
            )
    return tuple(methods)
